//! Findings that prove each other: a secret that signed a JWT found in the same scan.

use crate::{
    filter::structure,
    finding::Finding,
    rule::{Confidence, Kind, RuleSet, Severity},
};

/// A signature costs a microsecond or two; past this many pairs the rest is left unproven.
const MAX_PAIRS: usize = 200_000;

/// Raises secrets and the tokens that they signed, and says so on both.
///
/// Returns how many pairs were not tried because there were too many.
pub fn prove_signatures(rules: &RuleSet, findings: &mut [Finding]) -> usize {
    let tokens: Vec<usize> = (0..findings.len()).filter(|&i| findings[i].signed_token).collect();
    let secrets: Vec<usize> = (0..findings.len())
        .filter(|&i| {
            matches!(
                rules.rule(findings[i].rule).kind,
                Kind::OpaqueToken | Kind::Password | Kind::Token
            )
        })
        .filter(|i| !tokens.contains(i))
        .collect();
    let mut tried = 0;
    for &token in &tokens {
        for &secret in &secrets {
            tried += 1;
            if tried > MAX_PAIRS {
                return tokens.len() * secrets.len() - MAX_PAIRS;
            }
            if structure::verifies(
                findings[token].secret.expose(),
                findings[secret].secret.expose(),
            ) {
                let (there, here) = (place(&findings[secret]), place(&findings[token]));
                prove(
                    &mut findings[token],
                    format!("the secret at {there} signs it: anyone can forge such tokens"),
                );
                prove(
                    &mut findings[secret],
                    format!("it signs the JWT at {here}: anyone who has it can forge tokens"),
                );
            }
        }
    }
    0
}

fn place(finding: &Finding) -> String {
    format!("{}:{}", finding.origin.path, finding.start.line)
}

fn prove(finding: &mut Finding, reason: String) {
    finding.confidence = Confidence::High;
    finding.severity = finding.severity.max(Severity::High);
    finding.reasons.push(reason);
}
