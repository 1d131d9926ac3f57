//! What to do about a finding: the provider's runbook, as far as the rule does not know better.

use crate::rule::{RuleSet, RuleSpec, text::Text};

/// The runbook of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runbook<'r> {
    /// Who issues the credential.
    pub provider: &'r str,
    /// What the credential is.
    pub title: &'r str,
    /// What somebody who holds it can do.
    pub impact: &'r str,
    /// Whether its holder can revoke it without asking anyone, if that is documented.
    pub self_service: Option<bool>,
    /// Where that is done.
    pub revoke_url: Option<&'r str>,
    /// Whom to ask.
    pub contact: Option<&'r str>,
    /// How old it may get by the provider's advice, in days.
    pub rotation_days: Option<u16>,
    /// What to do, in order.
    pub steps: &'r [Text],
    /// What to look for afterwards.
    pub investigate: &'r [Text],
    /// How to keep it from happening again.
    pub prevent: &'r [Text],
    /// The document behind it.
    pub source: &'r str,
    /// The day that document was read.
    pub checked: &'r str,
}

/// The runbook for what `rule` finds.
pub fn runbook<'r>(rules: &'r RuleSet, rule: &'r RuleSpec) -> Runbook<'r> {
    let provider = rules.provider(rule);
    let guidance = &provider.guidance;
    Runbook {
        provider: &provider.name,
        title: &rule.title,
        impact: rule.impact.as_deref().unwrap_or(&guidance.impact),
        self_service: guidance.self_service,
        revoke_url: guidance.revoke_url.as_deref(),
        contact: guidance.contact.as_deref(),
        rotation_days: guidance.rotation_days,
        steps: if rule.steps.is_empty() { &guidance.steps } else { &rule.steps },
        investigate: &guidance.investigate,
        prevent: &guidance.prevent,
        source: &guidance.source,
        checked: &guidance.checked,
    }
}
