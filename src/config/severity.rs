//! Severities that a configuration sets for rules and paths, and those that a policy insists on.

use super::{Policy, Settings, SeverityForm, names};
use crate::{
    finding::Finding,
    rule::RuleSet,
    source::{SourceError, exclude::Excluded},
};

/// What moves the severity of findings.
#[derive(Debug)]
pub struct Severities {
    set: Vec<Entry>,
    floor: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    form: SeverityForm,
    paths: Option<Excluded>,
}

impl Severities {
    /// Those of `settings` and of `policy`.
    ///
    /// # Errors
    ///
    /// If a glob can't be used, which reading the files has ruled out.
    pub fn new(settings: &Settings, policy: &Policy) -> Result<Self, SourceError> {
        let set = settings.severities.iter().map(|s| Entry::new(&s.value));
        let floor = policy.file().severity.iter().map(Entry::new);
        Ok(Self { set: set.collect::<Result<_, _>>()?, floor: floor.collect::<Result<_, _>>()? })
    }

    /// Moves the severity of `finding`, and says so in its reasons.
    pub fn apply(&self, rules: &RuleSet, finding: &mut Finding) {
        let id = &rules.rule(finding.rule).id;
        let applies = |entry: &&Entry| entry.applies(id, &finding.origin.path);
        let set = self.set.iter().rfind(applies).map(|e| &e.form);
        let floor = self.floor.iter().filter(applies).map(|e| &e.form).max_by_key(|f| f.level);
        let set = set.filter(|s| s.level != finding.severity);
        if let Some(form) = set {
            finding.severity = form.level;
            finding.reasons.push(said("the configuration sets its severity to", form));
        }
        if let Some(form) = floor.filter(|f| f.level > finding.severity) {
            finding.severity = form.level;
            finding.reasons.push(said("the policy asks for a severity of at least", form));
        }
    }
}

impl Entry {
    fn new(form: &SeverityForm) -> Result<Self, SourceError> {
        let paths = (!form.paths.is_empty()).then(|| Excluded::new(&form.paths)).transpose()?;
        Ok(Self { form: form.clone(), paths })
    }

    fn applies(&self, id: &str, path: &str) -> bool {
        let rules = &self.form.rules;
        (rules.is_empty() || rules.iter().any(|r| names(r, id)))
            && self.paths.as_ref().is_none_or(|p| p.covers(path))
    }
}

fn said(what: &str, form: &SeverityForm) -> String {
    let level = form.level.as_str();
    match form.reason.as_deref().map(str::trim).filter(|r| !r.is_empty()) {
        Some(reason) => format!("{what} {level}: {}", reason.trim_end_matches('.')),
        None => format!("{what} {level}"),
    }
}
