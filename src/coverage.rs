//! The ledger: what was read, and what was not, and why. Nothing is skipped without an entry.

use std::{collections::BTreeMap, fmt};

use crate::route::Route;

/// Why an input was not searched, or not with all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// A symbolic link: what it points to is read where it stands.
    Symlink,
    /// A pipe, a socket or a device.
    Special,
    /// Binary content: only rules with a documented prefix were applied.
    Binary,
    /// It could not be read; the scan is not complete.
    Unreadable,
    /// A commit of a shallow clone, which lacks its parents; the scan is not complete.
    ShallowBoundary,
    /// An object that is named and not there, as in a partial clone; the scan is not complete.
    MissingObject,
    /// An object whose bytes are damaged; the scan is not complete.
    CorruptObject,
    /// A file that Git LFS keeps elsewhere.
    LfsPointer,
    /// A submodule whose repository is not here.
    SubmoduleNotCheckedOut,
    /// Part of what it expands to: a limit was reached.
    Stopped(Limit),
    /// A container that needs a password.
    Encrypted,
    /// Private keys behind a password, in PKCS #12 or in a form of Java.
    Keystore,
    /// A container, or a member of one, in a form that no sound library reads.
    Unopened,
    /// A container that is cut off, or whose bytes are wrong; the scan is not complete.
    DamagedContainer,
}

/// How far an input is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Encodings in each other.
    DecodeDepth,
    /// Containers in each other.
    ArchiveDepth,
    /// Expanded bytes.
    ExpandedBytes,
    /// Expanded bytes for each that is stored.
    Ratio,
    /// Members of containers.
    Members,
    /// Time.
    Time,
    /// Bytes of containers that must be held in memory to be opened.
    Held,
}

impl Limit {
    /// The flag that sets it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::DecodeDepth => "--max-decode-depth",
            Self::ArchiveDepth => "--max-archive-depth",
            Self::ExpandedBytes => "--max-expanded-megabytes",
            Self::Ratio => "--max-ratio",
            Self::Members => "--max-members",
            Self::Time => "--max-seconds",
            Self::Held => "--max-held-megabytes",
        }
    }
}

/// What was left out of an input, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub why: Skip,
    /// The way to it from the input; empty if it is the input itself.
    pub route: Route,
}

impl Gap {
    /// What the ledger calls it, in the input `outer`.
    pub fn name(&self, outer: &str) -> String {
        self.route.path_below(outer).into_owned()
    }
}

impl Skip {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Symlink,
        Self::Special,
        Self::Binary,
        Self::LfsPointer,
        Self::SubmoduleNotCheckedOut,
        Self::Stopped(Limit::DecodeDepth),
        Self::Stopped(Limit::ArchiveDepth),
        Self::Stopped(Limit::ExpandedBytes),
        Self::Stopped(Limit::Ratio),
        Self::Stopped(Limit::Members),
        Self::Stopped(Limit::Time),
        Self::Stopped(Limit::Held),
        Self::Encrypted,
        Self::Keystore,
        Self::Unopened,
        Self::Unreadable,
        Self::ShallowBoundary,
        Self::MissingObject,
        Self::CorruptObject,
        Self::DamagedContainer,
    ];

    /// Whether a scan with such a gap is not complete.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Unreadable
            | Self::ShallowBoundary
            | Self::MissingObject
            | Self::CorruptObject
            | Self::DamagedContainer => true,
            Self::Symlink
            | Self::Special
            | Self::Binary
            | Self::LfsPointer
            | Self::SubmoduleNotCheckedOut
            | Self::Stopped(_)
            | Self::Encrypted
            | Self::Keystore
            | Self::Unopened => false,
        }
    }

    /// The word in JSON and SARIF.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Symlink => "symlink",
            Self::Special => "special-file",
            Self::Binary => "binary",
            Self::Unreadable => "unreadable",
            Self::ShallowBoundary => "shallow-boundary",
            Self::MissingObject => "missing-object",
            Self::CorruptObject => "corrupt-object",
            Self::LfsPointer => "lfs-pointer",
            Self::SubmoduleNotCheckedOut => "submodule-not-checked-out",
            Self::Stopped(Limit::DecodeDepth) => "decode-depth-limit",
            Self::Stopped(Limit::ArchiveDepth) => "archive-depth-limit",
            Self::Stopped(Limit::ExpandedBytes) => "expanded-bytes-limit",
            Self::Stopped(Limit::Ratio) => "ratio-limit",
            Self::Stopped(Limit::Members) => "members-limit",
            Self::Stopped(Limit::Time) => "time-limit",
            Self::Stopped(Limit::Held) => "held-bytes-limit",
            Self::Encrypted => "encrypted",
            Self::Keystore => "keystore",
            Self::Unopened => "unopened",
            Self::DamagedContainer => "damaged-container",
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped(limit) => {
                return write!(f, "inputs not expanded to their end (`{}`)", limit.flag());
            }
            Self::Symlink => "symbolic links not followed",
            Self::Special => "special files not read",
            Self::Binary => "binary files searched for documented prefixes only",
            Self::Unreadable => "inputs that could not be read",
            Self::ShallowBoundary => "commits whose parents a shallow clone left out",
            Self::MissingObject => "objects that are named and not there",
            Self::CorruptObject => "objects that are damaged",
            Self::LfsPointer => "files that Git LFS keeps elsewhere",
            Self::Encrypted => "encrypted containers not opened",
            Self::Keystore => "keystores: private keys behind a password",
            Self::Unopened => "containers in a form that is not opened",
            Self::DamagedContainer => "containers that are damaged",
            Self::SubmoduleNotCheckedOut => "submodules that are not checked out",
        })
    }
}

/// What was read and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Inputs read to their end.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The inputs of each kind of gap, by the name that reports use.
    pub skipped: BTreeMap<Skip, Vec<String>>,
    /// Git-ignored files were left out, however many there are.
    pub ignore_rules: bool,
    /// What was read of a repository's database, if any was.
    pub objects: Option<Objects>,
}

/// Objects of git, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Objects {
    /// Commits.
    pub commits: u64,
    /// Trees.
    pub trees: u64,
    /// Blobs.
    pub blobs: u64,
    /// Annotated tags.
    pub tags: u64,
}

impl Coverage {
    /// Notes that `path` was skipped.
    pub fn skip(&mut self, why: Skip, path: String) {
        self.skipped.entry(why).or_default().push(path);
    }

    /// Adds what another thread did.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.ignore_rules |= other.ignore_rules;
        if let Some(other) = other.objects {
            let own = self.objects.get_or_insert_default();
            own.commits += other.commits;
            own.trees += other.trees;
            own.blobs += other.blobs;
            own.tags += other.tags;
        }
        for (why, paths) in other.skipped {
            self.skipped.entry(why).or_default().extend(paths);
        }
    }

    /// Brings the lists into the order of their paths.
    pub fn sort(&mut self) {
        for (why, paths) in &mut self.skipped {
            paths.sort();
            // A large input is searched in parts, and each may meet the limit.
            if matches!(why, Skip::Stopped(_)) {
                paths.dedup();
            }
        }
    }

    /// How many gaps make the scan incomplete.
    pub fn failures(&self) -> usize {
        Skip::ALL.into_iter().filter(|s| s.is_failure()).map(|s| self.count(s)).sum()
    }

    /// How many inputs were skipped for `why`.
    pub fn count(&self, why: Skip) -> usize {
        self.skipped.get(&why).map_or(0, Vec::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_should_have_been_read_is_a_failure() {
        let mut coverage = Coverage::default();
        coverage.skip(Skip::Binary, "a".into());
        coverage.skip(Skip::LfsPointer, "b".into());
        assert_eq!(coverage.failures(), 0);
        coverage.skip(Skip::Unreadable, "c".into());
        coverage.skip(Skip::MissingObject, "d".into());
        coverage.skip(Skip::MissingObject, "e".into());
        assert_eq!(coverage.failures(), 3);
    }

    #[test]
    fn the_objects_of_several_repositories_are_added() {
        let mut coverage = Coverage::default();
        coverage.add(Coverage::default());
        assert_eq!(coverage.objects, None, "no repository is not an empty one");
        for _ in 0..2 {
            let objects = Some(Objects { commits: 1, trees: 2, blobs: 3, tags: 4 });
            coverage.add(Coverage { objects, ..Coverage::default() });
        }
        let sum = Objects { commits: 2, trees: 4, blobs: 6, tags: 8 };
        assert_eq!(coverage.objects, Some(sum));
    }
}
