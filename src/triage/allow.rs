//! Rules that allow findings: by path, value, rule and commit. They come from the configuration file
//! and from the ignore file; here they are checked and asked.

use regex_automata::{
    meta::{self, Regex},
    util::syntax,
};

use super::paths::{GlobError, Paths};
use crate::{
    finding::Finding,
    rule::{RuleSet, RuleSpec},
};

/// What a rule that allows findings says, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowSpec {
    /// Globs as in an ignore file.
    pub paths: Vec<String>,
    /// Regexes, of which one matches somewhere in the path.
    pub path_regexes: Vec<String>,
    /// Regexes, of which one matches somewhere in the secret.
    pub values: Vec<String>,
    /// Rule ids; `*` stands for any part of one.
    pub rules: Vec<String>,
    /// Ids of commits that introduced a finding, or their first 7 digits or more.
    pub commits: Vec<String>,
    /// Fingerprints, as reports print them.
    pub fingerprints: Vec<String>,
    /// Why, for reports.
    pub reason: Option<String>,
    /// Where it stands, for reports: `straykey.toml: allow[2]`, `.straykeyignore:7`.
    pub place: String,
}

/// A rule that allows findings. Of each kind of condition that it has, one must hold.
#[derive(Debug)]
pub struct AllowRule {
    spec: AllowSpec,
    paths: Paths,
    path_regexes: Vec<Regex>,
    values: Vec<Regex>,
    rules: Paths,
}

/// Why a rule that allows findings can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum AllowError {
    #[error("{place}: allows everything; give it paths, values, rules, commits or fingerprints")]
    Everything { place: String },
    #[error("{place}: {source}")]
    Glob { place: String, source: GlobError },
    #[error("{place}: `{regex}` is not a regex: {why}")]
    Regex { place: String, regex: String, why: String },
    #[error("{place}: the regex `{regex}` matches every value")]
    MatchesAll { place: String, regex: String },
    #[error("{place}: `{commit}` is not a commit id: 7 to 64 hex digits are")]
    Commit { place: String, commit: String },
    #[error("{place}: `{fingerprint}` is not a fingerprint: 32 hex digits are")]
    Fingerprint { place: String, fingerprint: String },
    #[error("{place}: no rule is called `{rule}`; `straykey rules list` prints all")]
    NoRule { place: String, rule: String },
}

/// More states than this no regex of an allow list needs.
const MAX_REGEX_BYTES: usize = 10 << 20;

impl AllowRule {
    /// Checks and compiles `spec`.
    ///
    /// # Errors
    ///
    /// If it has no condition, or one that cannot be meant.
    pub fn new(spec: AllowSpec) -> Result<Self, AllowError> {
        let place = || spec.place.clone();
        let AllowSpec { paths, path_regexes, values, rules, commits, fingerprints, .. } = &spec;
        if [paths, path_regexes, values, rules, commits, fingerprints]
            .iter()
            .all(|list| list.is_empty())
        {
            return Err(AllowError::Everything { place: place() });
        }
        if let Some(commit) = commits.iter().find(|c| !is_hex(c, 7..=64)) {
            return Err(AllowError::Commit { place: place(), commit: commit.clone() });
        }
        if let Some(print) = fingerprints.iter().find(|f| !is_hex(f, 32..=32)) {
            return Err(AllowError::Fingerprint { place: place(), fingerprint: print.clone() });
        }
        let glob = |source| AllowError::Glob { place: place(), source };
        Ok(Self {
            paths: Paths::new(paths).map_err(glob)?,
            rules: Paths::new(rules).map_err(glob)?,
            path_regexes: path_regexes
                .iter()
                .map(|r| regex(r, &spec.place))
                .collect::<Result<_, _>>()?,
            values: values.iter().map(|v| regex(v, &spec.place)).collect::<Result<_, _>>()?,
            spec,
        })
    }

    /// Says if it names rules, and none of `rules`.
    ///
    /// # Errors
    ///
    /// If so: a typing error would allow nothing, and nobody would know.
    pub fn check_rules(&self, rules: &RuleSet) -> Result<(), AllowError> {
        for name in &self.spec.rules {
            let one = Paths::new(std::slice::from_ref(name))
                .map_err(|source| AllowError::Glob { place: self.spec.place.clone(), source })?;
            if !rules.rules().iter().any(|r| one.matching(&r.id).is_some()) {
                let place = self.spec.place.clone();
                return Err(AllowError::NoRule { place, rule: name.clone() });
            }
        }
        Ok(())
    }

    /// Whether `finding`, of `rule`, is allowed.
    pub fn allows(&self, rule: &RuleSpec, finding: &Finding) -> bool {
        let AllowSpec { commits, fingerprints, .. } = &self.spec;
        let introduced = finding.history.as_ref().and_then(|h| h.introduced.as_ref());
        let by_commit = |c: &String| {
            introduced.is_some_and(|i| i.change.id.starts_with(&c.to_ascii_lowercase()))
        };
        (self.paths.is_empty() || self.paths.matching(&finding.origin.path).is_some())
            && (self.path_regexes.is_empty()
                || self.path_regexes.iter().any(|r| r.is_match(finding.origin.path.as_bytes())))
            && (self.rules.is_empty() || self.rules.matching(&rule.id).is_some())
            && (self.values.is_empty()
                || self.values.iter().any(|v| v.is_match(finding.secret.expose())))
            && (commits.is_empty() || commits.iter().any(by_commit))
            && (fingerprints.is_empty()
                || fingerprints
                    .iter()
                    .any(|f| f.eq_ignore_ascii_case(finding.fingerprint.as_str())))
    }

    /// Whether it speaks of commits, or of fingerprints that may be of the history.
    pub(super) fn needs_history(&self) -> bool {
        !(self.spec.commits.is_empty() && self.spec.fingerprints.is_empty())
    }

    /// Where it stands.
    pub fn place(&self) -> &str {
        &self.spec.place
    }

    /// Why it is there.
    pub fn reason(&self) -> Option<&str> {
        self.spec.reason.as_deref()
    }
}

/// Whether `text` is so many hex digits.
pub(super) fn is_hex(text: &str, len: std::ops::RangeInclusive<usize>) -> bool {
    len.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn regex(text: &str, place: &str) -> Result<Regex, AllowError> {
    let compiled = meta::Builder::new()
        .configure(Regex::config().nfa_size_limit(Some(MAX_REGEX_BYTES)).utf8_empty(false))
        .syntax(syntax::Config::new().utf8(false))
        .build(text)
        .map_err(|e| AllowError::Regex {
            place: place.to_owned(),
            regex: text.to_owned(),
            why: e.syntax_error().map_or_else(|| e.to_string(), ToString::to_string),
        })?;
    // As `foo|` or `.*` does: each hides all findings.
    if compiled.is_match(b"") {
        return Err(AllowError::MatchesAll { place: place.to_owned(), regex: text.to_owned() });
    }
    Ok(compiled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::sample;

    fn spec() -> AllowSpec {
        AllowSpec { place: "here".into(), ..AllowSpec::default() }
    }

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|&i| i.to_owned()).collect()
    }

    fn allowed(spec: AllowSpec) -> bool {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "hirepanda-api-key", "docs/a.md", "example-v");
        finding.history = Some(Box::new(sample::at_head("docs/a.md")));
        let rule = AllowRule::new(spec).expect("it is a rule");
        rule.allows(rules.rule(finding.rule), &finding)
    }

    #[test]
    fn every_condition_that_is_given_must_hold() {
        let all = AllowSpec {
            paths: list(&["docs/"]),
            values: list(&["^example-"]),
            rules: list(&["hirepanda-*"]),
            commits: list(&["3F3F3F3"]),
            ..spec()
        };
        assert!(allowed(all.clone()));
        for wrong in [
            AllowSpec { paths: list(&["src/", "*.rs"]), ..all.clone() },
            AllowSpec { values: list(&["^sample-"]), ..all.clone() },
            AllowSpec { rules: list(&["stripe-*"]), ..all.clone() },
            AllowSpec { commits: list(&["9c9c9c9"]), ..all.clone() },
            AllowSpec { fingerprints: list(&[&"0".repeat(32)]), ..all.clone() },
        ] {
            assert!(!allowed(wrong));
        }
        assert!(allowed(AllowSpec { values: list(&["nothing", "ple"]), ..spec() }));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let says = |spec| AllowRule::new(spec).expect_err("it is wrong").to_string();
        insta::assert_snapshot!(says(spec()), @"here: allows everything; give it paths, values, rules, commits or fingerprints");
        insta::assert_snapshot!(says(AllowSpec { paths: list(&[""]), ..spec() }), @"here: `` is not a glob: it is empty");
        insta::assert_snapshot!(says(AllowSpec { values: list(&["a|"]), ..spec() }), @"here: the regex `a|` matches every value");
        insta::assert_snapshot!(says(AllowSpec { commits: list(&["main"]), ..spec() }), @"here: `main` is not a commit id: 7 to 64 hex digits are");
        insta::assert_snapshot!(says(AllowSpec { fingerprints: list(&["12ab"]), ..spec() }), @"here: `12ab` is not a fingerprint: 32 hex digits are");
        assert!(
            says(AllowSpec { values: list(&["("]), ..spec() })
                .starts_with("here: `(` is not a regex: ")
        );
    }

    #[test]
    fn a_rule_that_does_not_exist_is_named() {
        let rules = sample::rules();
        let check = |name: &str| {
            let rule = AllowRule::new(AllowSpec { rules: list(&[name]), ..spec() });
            rule.expect("it is a rule").check_rules(&rules).map_err(|e| e.to_string())
        };
        assert_eq!(check("hirepanda-api-key"), Ok(()));
        assert_eq!(check("hirepanda-*"), Ok(()));
        insta::assert_snapshot!(check("hirepandas").expect_err("there is none"), @"here: no rule is called `hirepandas`; `straykey rules list` prints all");
    }
}
