//! What a repository knows of a finding: who brought it in and when, whether it is still there, and
//! what keeps it alive.

use std::fmt;

/// The truth about one secret at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The best thing that reaches it.
    pub reach: Reach,
    /// The earliest commit, in topological order, that contains it.
    pub introduced: Option<Introduced>,
    /// The last commit that took it away, if it is not at `HEAD`.
    pub removed: Option<Change>,
    /// Whether the commit that is checked out contains it.
    pub at_head: bool,
    /// Whether the working tree contains it.
    pub in_worktree: bool,
    /// How many commits contain it.
    pub commits: u64,
    /// The first of the references whose history contains it, sorted; at most `MAX_REFS`.
    pub refs: Vec<String>,
    /// How many such references there are.
    pub refs_total: usize,
    /// How many days older it is than its provider lets a key become.
    pub overdue_days: Option<u32>,
}

impl History {
    /// Of what stands in a file and was never committed nor staged.
    pub fn of_worktree() -> Self {
        Self {
            reach: Reach::Worktree,
            introduced: None,
            removed: None,
            at_head: false,
            in_worktree: true,
            commits: 0,
            refs: Vec::new(),
            refs_total: 0,
            overdue_days: None,
        }
    }
}

/// So many references are named; a mirror of a popular repository has ten thousands.
pub const MAX_REFS: usize = 20;

/// A commit or an annotated tag, as far as reports name it. Never an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In hex, in full.
    pub id: String,
    /// The author's name; U+FFFD for what is not UTF-8.
    pub author: String,
    /// When it was written.
    pub date: Date,
}

/// A commit, and where in it the secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduced {
    /// The commit.
    pub change: Change,
    /// From the root of the repository.
    pub path: String,
    /// From 1.
    pub line: usize,
}

/// A time as git stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Since 1970, in UTC.
    pub seconds: i64,
    /// How far the author's clock was ahead of UTC.
    pub offset_seconds: i32,
}

/// What keeps an object in a repository; a better one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// A branch, a tag, a remote branch, `HEAD` or any other reference.
    Commit,
    /// The stash.
    Stash,
    /// A note.
    Note,
    /// Only the log of what references were before.
    Reflog,
    /// Only the index: it is staged and not committed.
    Index,
    /// A file that is not committed.
    Worktree,
    /// Nothing: git will delete it some day.
    Unreachable,
}

impl Reach {
    /// All of them, best first.
    pub const ALL: [Self; 7] = [
        Self::Commit,
        Self::Stash,
        Self::Note,
        Self::Reflog,
        Self::Index,
        Self::Worktree,
        Self::Unreachable,
    ];

    /// The word in JSON and SARIF.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Stash => "stash",
            Self::Note => "note",
            Self::Reflog => "reflog",
            Self::Index => "index",
            Self::Worktree => "worktree",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commit => "in the history of a branch or tag",
            Self::Stash => "only in the stash",
            Self::Note => "only in a note",
            Self::Reflog => "only in the reflog",
            Self::Index => "staged, not committed",
            Self::Worktree => "not committed",
            Self::Unreachable => "unreachable, but still in the object database",
        })
    }
}
