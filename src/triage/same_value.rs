//! Findings that are one credential: the same value at several places, by whatever rule. Who revokes
//! it must replace it at all of them.

use std::collections::{BTreeSet, HashMap};

use crate::{finding::Finding, secret::Secret};

/// So many others are listed for one finding.
pub const MAX_LISTED: usize = 20;

/// The findings of a run, by value.
#[derive(Debug)]
pub struct SameValues<'f> {
    by_value: HashMap<&'f Secret, BTreeSet<&'f str>>,
}

impl<'f> SameValues<'f> {
    /// Groups `findings`.
    pub fn of(findings: &'f [Finding]) -> Self {
        let mut by_value: HashMap<&Secret, BTreeSet<_>> = HashMap::new();
        for finding in findings {
            let group = by_value.entry(&finding.secret).or_default();
            group.insert(finding.fingerprint.as_str());
        }
        Self { by_value }
    }

    /// The fingerprints of others with the value of `finding`: the first `MAX_LISTED`, sorted.
    ///
    /// What has its own fingerprint, which is the same rule in the same file, is not among them.
    pub fn fingerprints(&self, finding: &Finding) -> Vec<&'f str> {
        let Some(group) = self.by_value.get(&finding.secret) else { return Vec::new() };
        let others = group.iter().filter(|&&other| other != finding.fingerprint.as_str());
        others.take(MAX_LISTED).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::sample;

    #[test]
    fn the_same_value_is_known_by_any_rule_at_any_path() {
        let rules = sample::rules();
        let of = |id, path, value| sample::finding(&rules, id, path, value);
        let findings = [
            of("hirepanda-api-key", "a", "one"),
            of("hirepanda-api-key", "a", "one"),
            of("hirepanda-api-key", "b", "one"),
            of("stripe-live-secret-key", "b", "one"),
            of("hirepanda-api-key", "b", "two"),
        ];
        let same = SameValues::of(&findings);
        let print = |i: usize| findings[i].fingerprint.as_str();
        let sorted = |mut list: Vec<_>| {
            list.sort_unstable();
            list
        };
        assert_eq!(same.fingerprints(&findings[0]), sorted(vec![print(2), print(3)]));
        assert_eq!(same.fingerprints(&findings[3]), sorted(vec![print(0), print(2)]));
        assert_eq!(same.fingerprints(&findings[4]), [""; 0]);
    }

    #[test]
    fn of_many_places_the_first_are_listed() {
        let rules = sample::rules();
        let of = |n| sample::finding(&rules, "hirepanda-api-key", &format!("{n:05}"), "one");
        let findings: Vec<_> = (0..20_000).map(of).collect();
        let same = SameValues::of(&findings);
        let listed = findings.iter().map(|f| same.fingerprints(f).len()).sum::<usize>();
        assert_eq!(listed, 20_000 * MAX_LISTED, "this takes no time");
    }
}
