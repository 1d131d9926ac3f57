//! Findings for unit tests, made without the engine.

use crate::{
    blob::Origin,
    finding::Finding,
    history::{Change, Date, History, Introduced, Reach},
    rule::{RuleSet, load},
    secret::{Fingerprint, Guessable, Secret},
    span::LineCol,
};

pub(crate) fn rules() -> RuleSet {
    RuleSet::new(load::builtin())
}

/// A finding of the rule `id` at line 4 of `path`, without history.
pub(crate) fn finding(rules: &RuleSet, id: &str, path: &str, value: &str) -> Finding {
    let rule = rules.find(id).expect("it is a built-in rule");
    let secret = Secret::new(value.as_bytes());
    Finding {
        origin: Origin { path: path.into(), shown: path.into() },
        start: LineCol { line: 4, col: 9 },
        end: LineCol { line: 4, col: 9 + value.len() },
        rule,
        found_by: rule,
        fingerprint: Fingerprint::new(id, path, &secret, Guessable::No),
        secret,
        public_len: 0,
        severity: rules.rule(rule).severity,
        confidence: rules.rule(rule).confidence,
        exposure: None,
        reasons: Vec::new(),
        signed_token: false,
        inside: None,
        history: None,
        mark: None,
        suppressed: None,
    }
}

/// The commit whose id is 20 times `byte`.
pub(crate) fn change(byte: &str, author: &str, seconds: i64) -> Change {
    let date = Date { seconds, offset_seconds: 3_600 };
    Change { id: byte.repeat(20), author: author.into(), date }
}

/// 2025-03-04T12:00:00+01:00.
pub(crate) const MARCH: i64 = 1_741_086_000;

/// Introduced at line 4 of `path` in March, and in the tree ever since.
pub(crate) fn at_head(path: &str) -> History {
    History {
        reach: Reach::Commit,
        introduced: Some(Introduced {
            change: change("3f", "Ada Example", MARCH),
            path: path.into(),
            line: 4,
        }),
        removed: None,
        at_head: true,
        in_worktree: true,
        commits: 214,
        refs: ["refs/heads/main", "refs/heads/next", "refs/tags/v1"].map(str::to_owned).into(),
        refs_total: 3,
        overdue_days: None,
    }
}

/// The same, removed 90 days later.
pub(crate) fn removed(path: &str) -> History {
    History {
        removed: Some(change("9c", "Bob Example", MARCH + 90 * 86_400)),
        at_head: false,
        in_worktree: false,
        ..at_head(path)
    }
}

/// Nothing but what reaches it.
pub(crate) fn only(reach: Reach) -> History {
    History {
        reach,
        introduced: None,
        removed: None,
        at_head: false,
        in_worktree: reach == Reach::Worktree,
        commits: 0,
        refs: Vec::new(),
        refs_total: 0,
        overdue_days: None,
    }
}
