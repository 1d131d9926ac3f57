//! The organisation's floor: what no configuration, flag, mark or baseline can switch off. Whatever
//! tries is overruled, and that is said.

use std::path::{Path, PathBuf};

use super::{
    ConfigError, Place, Settings, Sourced,
    file::PolicyFile,
    load::{self, check_severity},
    names, shown,
};
use crate::rule::RuleSet;

/// A policy and the file that it comes from.
#[derive(Debug, Default)]
pub struct Policy {
    path: PathBuf,
    file: PolicyFile,
}

impl Policy {
    /// Reads the policy in the file `path`.
    ///
    /// # Errors
    ///
    /// If it can't be read, or says something that is not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let path = shown(path);
        let (file, _): (PolicyFile, String) = load::read(&path)?;
        let place = Place::File(path.clone(), 1);
        file.severity.iter().try_for_each(|entry| check_severity(entry, &place))?;
        Ok(Self { path, file })
    }

    /// What the policy demands.
    pub fn file(&self) -> &PolicyFile {
        &self.file
    }

    /// Whether the rule `id` runs as it is built in, whatever anybody says.
    pub fn requires(&self, id: &str) -> bool {
        self.file.required_rules.iter().any(|r| names(r, id))
    }

    /// Whether a finding of the rule `id` can't be allowed.
    pub fn never_allows(&self, id: &str) -> bool {
        self.file.never_allow.iter().any(|r| names(r, id))
    }

    /// Checks that every rule it names is in `rules`.
    ///
    /// # Errors
    ///
    /// If one is not.
    pub fn check_rule_ids(&self, rules: &RuleSet) -> Result<(), ConfigError> {
        let required = self.file.required_rules.iter().map(|id| ("required_rules", id));
        let never = self.file.never_allow.iter().map(|id| ("never_allow", id));
        let moved =
            self.file.severity.iter().flat_map(|s| &s.rules).map(|id| ("severity.rules", id));
        for (key, id) in required.chain(never).chain(moved) {
            if !rules.rules().iter().any(|r| names(id, &r.id)) {
                let close = crate::rule::load::closest(rules.rules(), id);
                let place = Place::File(self.path.clone(), 1);
                return Err(ConfigError::UnknownRule { place, key, id: id.clone(), close });
            }
        }
        Ok(())
    }

    /// Takes out of `settings` what it forbids, and says what that was.
    pub fn hold(&self, settings: &mut Settings) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |place: &Place, what: &str| {
            let path = self.path.display();
            notes.push(format!("the policy `{path}` overrules {place}: {what}"));
        };
        settings.disable.retain(|d| {
            let required = self.requires(&d.value);
            if required {
                note(&d.place, &format!("the rule `{}` stays on", d.value));
            }
            !required
        });
        self.hold_rules(settings, &mut note);
        self.hold_globs(settings, &mut note);
        lowered(&mut settings.min_severity, self.file.min_severity, "min_severity", &mut note);
        lowered(
            &mut settings.min_confidence,
            self.file.min_confidence,
            "min_confidence",
            &mut note,
        );
        lowered(&mut settings.fail_on, self.file.fail_on, "fail_on", &mut note);
        notes
    }

    fn hold_rules(&self, settings: &mut Settings, note: &mut dyn FnMut(&Place, &str)) {
        let forbidden = self.file.own_rules == Some(false);
        settings.own_rules.retain(|own| {
            let id = own.id().unwrap_or_default();
            let dropped = forbidden || self.requires(id);
            if dropped {
                let place = Place::File(own.path.clone(), own.line);
                note(&place, &format!("the rule `{id}` is not added or changed"));
            }
            !dropped
        });
        settings.rule_files.retain(|file| {
            let dropped = forbidden && matches!(file.place, Place::File(..));
            if dropped {
                note(&file.place, "its rule files are not used");
            }
            !dropped
        });
    }

    fn hold_globs(&self, settings: &mut Settings, note: &mut dyn FnMut(&Place, &str)) {
        let Some(permitted) = &self.file.exclude else { return };
        let mut held = |glob: &String, place: &Place| {
            let kept = permitted.contains(glob);
            if !kept {
                note(place, &format!("`{glob}` is not excluded"));
            }
            kept
        };
        settings.exclude.retain(|e| held(&e.value, &e.place));
        settings.exclude_here.retain(|glob| held(glob, &Place::Flag("--exclude")));
    }
}

/// Brings `setting` down to `most`.
fn lowered<T: Copy + Ord>(
    setting: &mut Option<Sourced<T>>,
    most: Option<T>,
    key: &str,
    note: &mut dyn FnMut(&Place, &str),
) {
    if let (Some(set), Some(most)) = (setting, most)
        && set.value > most
    {
        note(&set.place, &format!("`{key}` is not raised above what the policy says"));
        set.value = most;
    }
}
