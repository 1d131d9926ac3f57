//! Where blobs come from. A source reads, hands each blob to a function, and keeps the ledger; it
//! knows nothing of what that function looks for.

pub mod exclude;
pub mod git;
mod read;
pub mod stdin;
pub mod walk;

use std::{
    io,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::coverage::{Coverage, Gap};

/// One input that could not be read. The scan goes on.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum SourceError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot walk `{}`", path.display())]
    Walk { path: PathBuf, source: ignore::Error },
    #[error(transparent)]
    Git(#[from] git::GitError),
    #[error("`{glob}` is not a glob")]
    Glob { glob: String, source: ignore::Error },
}

/// What was seen in one blob.
#[derive(Debug)]
pub struct Seen<T> {
    /// What is reported of it.
    pub items: Vec<T>,
    /// What was left out of it.
    pub gaps: Vec<Gap>,
}

/// What a source did.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What the function returned, in no particular order.
    pub items: Vec<T>,
    /// The ledger.
    pub coverage: Coverage,
    /// What could not be read, in no particular order.
    pub errors: Vec<SourceError>,
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self { items: Vec::new(), coverage: Coverage::default(), errors: Vec::new() }
    }
}

impl<T> Outcome<T> {
    /// Adds what was seen in a part of the input at `path`.
    fn see(&mut self, seen: Seen<T>, path: &str) {
        self.items.extend(seen.items);
        for gap in seen.gaps {
            self.coverage.skip(gap.why, gap.name(path));
        }
    }

    /// Adds what another thread or source did.
    pub fn add(&mut self, other: Self) {
        self.items.extend(other.items);
        self.coverage.add(other.coverage);
        self.errors.extend(other.errors);
    }
}

/// How far a scan is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Meter {
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    fn count(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Files and bytes read so far.
    pub fn read(&self) -> (u64, u64) {
        (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}
