//! What the history of a repository means for a finding: where it stands today, who can get at it
//! still, and whether it is older than its provider lets a key become. It reads no repository.

use crate::{
    finding::Finding,
    history::{History, Reach},
    rule::RuleSet,
};

/// The nearest place where a secret of a repository stands today; the nearest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// In the commit that is checked out.
    Head,
    /// In the index, and not at `HEAD`.
    Index,
    /// In the working tree, and not at `HEAD`.
    Worktree,
    /// In commits only.
    History,
    /// In the stash only.
    Stash,
    /// In a note only.
    Note,
    /// In what references were before.
    Reflog,
    /// In the object database, and nowhere else.
    Unreachable,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Head,
        Self::Index,
        Self::Worktree,
        Self::History,
        Self::Stash,
        Self::Note,
        Self::Reflog,
        Self::Unreachable,
    ];

    /// Where `history` says that its secret stands.
    pub fn of(history: &History) -> Self {
        match history.reach {
            _ if history.at_head => Self::Head,
            Reach::Index => Self::Index,
            _ if history.in_worktree => Self::Worktree,
            Reach::Worktree => Self::Worktree,
            Reach::Commit => Self::History,
            Reach::Stash => Self::Stash,
            Reach::Note => Self::Note,
            Reach::Reflog => Self::Reflog,
            Reach::Unreachable => Self::Unreachable,
        }
    }
}

/// Says what the history of each finding means for it; `now` is in seconds since 1970.
///
/// No severity changes: a key that has left the tree opens what it opened before.
pub fn weigh(rules: &RuleSet, findings: &mut [Finding], now: i64) {
    for finding in findings {
        let provider = rules.provider(rules.rule(finding.rule));
        grade(finding, provider.guidance.rotation_days, now);
    }
}

fn grade(finding: &mut Finding, rotation_days: Option<u16>, now: i64) {
    let Some(history) = &mut finding.history else { return };
    finding.reasons.extend(reason(Standing::of(history)).map(str::to_owned));
    let Some(every) = rotation_days else { return };
    history.overdue_days = overdue_days(history, every, now);
    if let Some(late) = history.overdue_days {
        let days = |n: u32| format!("{n} day{}", if n == 1 { "" } else { "s" });
        finding.reasons.push(format!(
            "overdue by {}: the provider asks for a new key every {}",
            days(late),
            days(every.into())
        ));
    }
}

/// Who has it, though it is not in the tree.
fn reason(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Head | Standing::Index | Standing::Worktree => None,
        Standing::History => Some("it is in the history only: whoever has a clone has it"),
        // `git clone` fetches none of these.
        Standing::Stash | Standing::Note | Standing::Reflog => {
            Some("it is in no branch or tag, but whoever has a copy of this repository has it")
        }
        Standing::Unreachable => {
            Some("nothing reaches it any more, but it is still in the object database")
        }
    }
}

/// By how many whole days the key is older than `every` days, if it is.
fn overdue_days(history: &History, every: u16, now: i64) -> Option<u32> {
    const DAY: i64 = 86_400;
    let since = history.introduced.as_ref()?.change.date.seconds;
    // Converters from other systems write 0 where they know no date.
    let age = (since > 0).then(|| now.saturating_sub(since) / DAY)?;
    let late = age - i64::from(every);
    (late > 0).then(|| u32::try_from(late).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::sample::{self, MARCH};

    const DAY: i64 = 86_400;

    fn graded(history: History, rotation_days: Option<u16>, now: i64) -> Finding {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "stripe-live-secret-key", "a", "value");
        finding.history = Some(Box::new(history));
        let before = finding.severity;
        grade(&mut finding, rotation_days, now);
        assert_eq!(finding.severity, before);
        finding
    }

    fn reasons(history: History) -> Vec<String> {
        graded(history, None, MARCH).reasons
    }

    #[test]
    fn what_is_in_the_tree_or_about_to_be_needs_no_word() {
        for history in
            [sample::at_head("a"), sample::only(Reach::Index), sample::only(Reach::Worktree)]
        {
            assert_eq!(reasons(history), [""; 0]);
        }
        let back = History { in_worktree: true, ..sample::removed("a") };
        assert_eq!(Standing::of(&back), Standing::Worktree);
        assert_eq!(reasons(back), [""; 0]);
    }

    #[test]
    fn what_the_tree_has_lost_is_still_in_every_clone() {
        let said = reasons(sample::removed("a"));
        assert_eq!(said, ["it is in the history only: whoever has a clone has it"]);
    }

    #[test]
    fn a_clone_has_no_stash_and_nothing_that_is_unreachable() {
        for reach in [Reach::Stash, Reach::Note, Reach::Reflog] {
            let said = reasons(sample::only(reach));
            assert!(said.len() == 1 && said[0].contains("copy of this repository"), "{said:?}");
        }
        let said = reasons(sample::only(Reach::Unreachable));
        assert_eq!(said, ["nothing reaches it any more, but it is still in the object database"]);
    }

    #[test]
    fn a_key_is_overdue_the_day_after_its_last() {
        let at = |now| graded(sample::at_head("a"), Some(90), now);
        let late = |now| at(now).history.expect("it was given one").overdue_days;
        assert_eq!(late(MARCH - 500 * DAY), None);
        assert_eq!(late(MARCH + 91 * DAY - 1), None);
        assert_eq!(late(MARCH + 91 * DAY), Some(1));
        assert_eq!(
            at(MARCH + 91 * DAY).reasons,
            ["overdue by 1 day: the provider asks for a new key every 90 days"]
        );
    }

    #[test]
    fn a_date_that_cannot_be_is_no_reason_to_panic() {
        let since = |seconds| {
            let mut history = sample::at_head("a");
            let introduced = history.introduced.as_mut().expect("it was given one");
            introduced.change.date.seconds = seconds;
            graded(history, Some(1), MARCH).history.expect("it was given one").overdue_days
        };
        assert_eq!([i64::MIN, -1, 0, i64::MAX].map(since), [None; 4]);
        assert_eq!(since(1), Some(20_150));
        let mut history = sample::at_head("a");
        history.introduced.as_mut().expect("it was given one").change.date.seconds = 1;
        assert_eq!(overdue_days(&history, 1, i64::MAX), Some(u32::MAX));
    }

    #[test]
    fn the_provider_says_how_old_a_key_may_become() {
        let rules = sample::rules();
        let mut findings = ["hirepanda-api-key", "stripe-live-secret-key"].map(|id| {
            let mut finding = sample::finding(&rules, id, "a", "value");
            finding.history = Some(Box::new(sample::at_head("a")));
            finding
        });
        weigh(&rules, &mut findings, MARCH + 100 * DAY);
        let late = findings.map(|f| f.history.expect("it was given one").overdue_days);
        assert_eq!(late, [Some(10), None]);
    }

    #[test]
    fn a_finding_without_history_stays_as_it_is() {
        let rules = sample::rules();
        let mut findings = [sample::finding(&rules, "hirepanda-api-key", "a", "value")];
        weigh(&rules, &mut findings, MARCH);
        assert!(findings[0].reasons.is_empty() && findings[0].history.is_none());
    }
}
