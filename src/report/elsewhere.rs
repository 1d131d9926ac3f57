//! Where else the value of a finding stands. Whoever revokes it must replace it at all these places.

use std::collections::{BTreeSet, HashMap};

use super::Entry;

/// The files of each value that stands in several.
pub(super) struct Elsewhere<'r> {
    by_value: HashMap<&'r str, BTreeSet<(&'r str, &'r str)>>,
}

impl<'r> Elsewhere<'r> {
    pub(super) fn of(findings: &'r [Entry]) -> Self {
        let mut by_value: HashMap<&str, BTreeSet<_>> = HashMap::new();
        for finding in findings.iter().filter(|f| !f.same_value.is_empty()) {
            by_value.entry(value(finding)).or_default().insert(input(finding));
        }
        Self { by_value }
    }

    /// How many other files have the value of `finding`, and the first `many` of them.
    pub(super) fn files(&self, finding: &Entry, many: usize) -> (usize, Vec<&'r str>) {
        let Some(all) = self.by_value.get(value(finding)) else { return (0, Vec::new()) };
        let own = input(finding);
        let count = all.len() - usize::from(all.contains(&own));
        let others = all.iter().filter(|&&other| other != own);
        (count, others.take(many).map(|&(_, shown)| shown).collect())
    }

    /// The same as a sentence without a full stop, if there are any.
    pub(super) fn sentence(&self, finding: &Entry, many: usize) -> Option<String> {
        let (count, mut names) = self.files(finding, many);
        if names.len() < count {
            names.push("…");
        }
        let files = super::counted(count as u64, "more file");
        (count > 0).then(|| format!("the same value stands in {files}: {}", names.join(", ")))
    }
}

fn input(finding: &Entry) -> (&str, &str) {
    (&finding.path, finding.heading())
}

/// The least fingerprint among those of one value, of which each finding lists the first.
fn value(finding: &Entry) -> &str {
    let own = finding.fingerprint.as_str();
    finding.same_value.iter().map(String::as_str).min().map_or(own, |other| other.min(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::Coverage,
        report::{Report, Secrets},
        triage::sample,
    };

    fn entries(paths_and_values: &[(&str, &str)]) -> Vec<Entry> {
        let rules = sample::rules();
        let of = |&(path, value): &(&str, &str)| {
            sample::finding(&rules, "hirepanda-api-key", path, value)
        };
        let findings: Vec<_> = paths_and_values.iter().map(of).collect();
        let nothing = (Coverage::default(), Vec::new());
        Report::of(&findings, &rules, nothing.0, nothing.1, Secrets::Redacted).findings
    }

    #[test]
    fn other_files_with_the_same_value_are_named() {
        let entries = entries(&[("a", "one"), ("a", "one"), ("b", "one"), ("c", "two")]);
        let elsewhere = Elsewhere::of(&entries);
        assert_eq!(elsewhere.files(&entries[0], 9), (1, vec!["b"]));
        assert_eq!(elsewhere.files(&entries[2], 9), (1, vec!["a"]));
        assert_eq!(elsewhere.sentence(&entries[3], 9), None);
    }

    #[test]
    fn of_many_files_the_first_are_named_and_all_are_counted() {
        let names: Vec<String> = (0..3_000).map(|n| format!("{n:04}")).collect();
        let entries = entries(&names.iter().map(|n| (n.as_str(), "one")).collect::<Vec<_>>());
        let elsewhere = Elsewhere::of(&entries);
        let counts: BTreeSet<_> = entries.iter().map(|e| elsewhere.files(e, 2).0).collect();
        assert_eq!(counts, BTreeSet::from([2_999]));
        let said = elsewhere.sentence(&entries[0], 2);
        assert_eq!(
            said.as_deref(),
            Some("the same value stands in 2,999 more files: 0001, 0002, …")
        );
    }
}
