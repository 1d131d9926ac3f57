//! The cases that a rule file brings along: texts in which its rules must, or must not, find
//! something. Joining their parts is the only place where a whole fake key exists.

use std::path::{Path, PathBuf};

use super::{
    check::{self, CheckError},
    file::{CaseForm, RuleFile},
};

/// One case of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The rule file.
    pub file: PathBuf,
    /// The rule.
    pub rule: String,
    /// What must happen.
    pub expected: Expected,
    /// Which of its list, from 0.
    pub index: usize,
    /// Where the text stands.
    pub path: String,
    /// The text, joined.
    pub text: String,
}

/// What a rule must do with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Find exactly one secret.
    Found,
    /// Find nothing.
    Ignored,
}

impl Expected {
    /// The name of the list in the rule file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Found => "must_find",
            Self::Ignored => "must_ignore",
        }
    }
}

/// All cases of the file `path`, whose content is `text`.
///
/// # Errors
///
/// If the file does not parse.
pub fn cases(path: &Path, text: &str) -> Result<Vec<Case>, CheckError> {
    Ok(of_file(path, &check::parse_file(path, text)?))
}

/// All cases of a file that has been parsed.
pub fn of_file(path: &Path, file: &RuleFile) -> Vec<Case> {
    let mut all = Vec::new();
    for rule in &file.rule {
        for (list, expected) in
            [(&rule.must_find, Expected::Found), (&rule.must_ignore, Expected::Ignored)]
        {
            for (index, form) in list.iter().enumerate() {
                let (place, parts) = match form {
                    CaseForm::Text(parts) => ("case.txt", parts),
                    CaseForm::File { path, text } => (path.as_str(), text),
                };
                all.push(Case {
                    file: path.into(),
                    rule: rule.id.clone(),
                    expected,
                    index,
                    path: place.to_owned(),
                    text: parts.concat(),
                });
            }
        }
    }
    all
}
