//! `.straykeyignore`: paths and fingerprints that are accepted, one a line.
//!
//! A path is a glob as in `.gitignore`. A fingerprint is what reports print, with or without
//! `fingerprint:` in front. What stands behind ` #` is the reason.

use std::collections::{BTreeMap, HashMap};

use super::{
    allow::is_hex,
    ground::{Extent, Ground},
    paths::{GlobError, Paths},
};
use crate::finding::{Finding, Suppression, Suppressor};

/// Its name.
pub const NAME: &str = ".straykeyignore";

/// What an ignore file says.
#[derive(Debug)]
pub struct IgnoreFile {
    paths: Paths,
    /// The line of each glob and each fingerprint; of equals the last.
    globs: HashMap<String, usize>,
    fingerprints: HashMap<String, usize>,
    reasons: BTreeMap<usize, String>,
}

/// A line of an ignore file can't be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum IgnoreFileError {
    #[error("`{NAME}`, line {line}: {source}")]
    Glob { line: usize, source: GlobError },
    #[error("`{NAME}`, line {line}: a fingerprint has 32 hex digits")]
    Fingerprint { line: usize },
}

impl IgnoreFile {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// If a line is neither a glob nor a fingerprint.
    pub fn parse(text: &str) -> Result<Self, IgnoreFileError> {
        let (mut globs, mut fingerprints) = (HashMap::new(), HashMap::new());
        let (mut reasons, mut ordered) = (BTreeMap::new(), Vec::new());
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let (entry, reason) = entry_and_reason(text);
            if entry.is_empty() {
                continue;
            }
            if let Some(reason) = reason {
                reasons.insert(line, reason.to_owned());
            }
            let named = entry.strip_prefix("fingerprint:").map(str::trim);
            match named.unwrap_or(entry) {
                print if is_hex(print, 32..=32) => {
                    fingerprints.insert(print.to_ascii_lowercase(), line);
                }
                _ if named.is_some() => return Err(IgnoreFileError::Fingerprint { line }),
                glob => {
                    Paths::new(&[glob]).map_err(|source| IgnoreFileError::Glob { line, source })?;
                    ordered.push(glob);
                    globs.insert(glob.to_owned(), line);
                }
            }
        }
        let paths = Paths::new(&ordered)
            .map_err(|source| IgnoreFileError::Glob { line: text.lines().count(), source })?;
        Ok(Self { paths, globs, fingerprints, reasons })
    }

    /// What it says of each finding, and the lines that say nothing of any.
    pub fn judge(
        &self,
        findings: &[Finding],
        ground: &Ground<'_>,
    ) -> (Vec<Option<Suppression>>, Vec<usize>) {
        let mut unused: Vec<usize> =
            self.globs.iter().filter(|(g, _)| !g.starts_with('!')).map(|(_, l)| *l).collect();
        // What is ignored by its fingerprint may be in the history only.
        if ground.extent == Extent::Everything {
            unused.extend(self.fingerprints.values());
        }
        if ground.extent == Extent::Part || ground.rules == super::ground::Rules::Chosen {
            unused.clear();
        }
        unused.sort_unstable();
        let judged = findings
            .iter()
            .map(|f| {
                let line = self.line_for(f)?;
                unused.retain(|&l| l != line);
                Some(Suppression {
                    by: Suppressor::IgnoreFile,
                    place: format!("{NAME}:{line}"),
                    reason: self.reasons.get(&line).cloned(),
                })
            })
            .collect();
        (judged, unused)
    }

    fn line_for(&self, finding: &Finding) -> Option<usize> {
        let by_path = || {
            let glob = self.paths.matching(&finding.origin.path)?;
            self.globs.get(glob).copied()
        };
        self.fingerprints.get(finding.fingerprint.as_str()).copied().or_else(by_path)
    }
}

fn entry_and_reason(line: &str) -> (&str, Option<&str>) {
    if line.trim_start().starts_with('#') {
        return ("", None);
    }
    match line.find(" #").or_else(|| line.find("\t#")) {
        Some(at) => {
            let reason = line[at + 2..].trim();
            (line[..at].trim(), (!reason.is_empty()).then_some(reason))
        }
        None => (line.trim(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::{ground::Rules, sample};

    fn judged(text: &str, paths: &[&str], extent: Extent) -> (Vec<Option<String>>, Vec<usize>) {
        let rules = sample::rules();
        let of = |path: &&str| sample::finding(&rules, "hirepanda-api-key", path, "value");
        let findings: Vec<_> = paths.iter().map(of).collect();
        let text = text.replace("PRINT", findings[0].fingerprint.as_str());
        let ground = Ground { extent, rules: Rules::All, searched: &|_| true, exists: &|_| true };
        let (all, unused) = IgnoreFile::parse(&text).expect("it parses").judge(&findings, &ground);
        let shown = |s: Suppression| format!("{} {}", s.place, s.reason.unwrap_or_default());
        (all.into_iter().map(|s| s.map(shown)).collect(), unused)
    }

    #[test]
    fn paths_and_fingerprints_are_accepted() {
        let text =
            "# a comment\n\ndocs/ # samples of the manual\nfingerprint:PRINT\n*.snap\n!a.snap\n";
        let paths = ["src/x", "docs/b/c.md", "b.snap", "a.snap", "other"];
        let (found, unused) = judged(text, &paths, Extent::Everything);
        let shown = [
            Some(".straykeyignore:4 "),
            Some(".straykeyignore:3 samples of the manual"),
            Some(".straykeyignore:5 "),
            None,
            None,
        ];
        assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), shown);
        assert_eq!(unused, [0; 0]);
    }

    #[test]
    fn a_line_that_says_nothing_is_known_if_all_was_seen() {
        let text = "docs/\n00000000000000000000000000000000\n";
        let unused = |extent| judged(text, &["src/x"], extent).1;
        assert_eq!(unused(Extent::Everything), [1, 2]);
        assert_eq!(unused(Extent::Tree), [1], "a fingerprint may be of the history");
        assert_eq!(unused(Extent::Part), [0; 0]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let says = |text: &str| IgnoreFile::parse(text).expect_err("it is wrong").to_string();
        assert_eq!(
            says("a\nfingerprint:12"),
            "`.straykeyignore`, line 2: a fingerprint has 32 hex digits"
        );
        assert!(says("a{").starts_with("`.straykeyignore`, line 1: `a{` is not a glob: "));
    }
}
