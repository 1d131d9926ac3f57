//! Git repositories: every object of the database, at the speed of the pack, and what the graph of
//! commits says about each thing found.
//!
//! Nothing of the scanned repository is run: neither hooks nor filters nor anything its
//! configuration names.

mod blobs;
mod changes;
mod commits;
mod gaps;
mod graph;
pub mod history;
pub mod hooks;
mod loose;
mod news;
mod objects;
mod order;
mod pack;
mod places;
pub mod range;
mod reader;
mod refs;
mod repository;
mod revisions;
pub mod staged;
mod teller;
mod threads;
mod trees;
mod walk;

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    blob::{Blob, Origin},
    content::container::{Input, Kind},
    coverage::Gap,
    edit::Edit,
    secret::Identity,
};

pub use blobs::Reading;
pub use gix::Repository;
pub use repository::open;
pub use revisions::{Commits, Outgoing};
pub use walk::Broken;

pub use crate::content::delta::DeltaError;

/// What is looked for in the texts of a repository.
///
/// A blob is searched before its paths are known, and may be made from one that was searched before.
pub trait Search: Sync {
    /// What is remembered of one text, for those that are made from it.
    type Memory: Send;
    /// What a text holds.
    type Sightings: Send + Sync;
    /// What is reported of one file.
    type Item: Send;

    /// Searches a whole text of less than 4 GiB.
    fn read(&self, bytes: &[u8]) -> Self::Memory;
    /// Searches a text that `edit` made from another.
    fn reread(&self, bytes: &[u8], old: &Self::Memory, edit: &Edit) -> Self::Memory;
    /// What was found in a text, if anything.
    fn sightings(&self, bytes: &[u8], memory: &Self::Memory) -> Option<Self::Sightings>;
    /// What is found in a part of a text, if anything.
    fn part(&self, blob: &Blob<'_>) -> Option<Self::Sightings>;
    /// What sort of container begins with `head`, if it is one to be opened.
    fn container(&self, head: &[u8]) -> Option<Kind>;
    /// What a container of `stored` bytes holds, and whether it was opened at all.
    fn open(&self, kind: Kind, input: Input<'_>, stored: u64) -> (Option<Self::Sightings>, Opened);
    /// Which secrets sightings are in the file at `path`.
    fn identities(&self, sightings: &Self::Sightings, path: &str) -> Vec<Identity>;
    /// The first occurrence of the secret `identity` in a file.
    fn item(
        &self,
        identity: Identity,
        sightings: &Self::Sightings,
        origin: &Origin,
    ) -> Option<Self::Item>;
    /// What was left out of a text.
    fn gaps(sightings: &Self::Sightings) -> &[Gap];
    /// The line that an item begins in.
    fn line(item: &Self::Item) -> usize;
}

/// Whether a container could be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Its members were searched.
    Yes,
    /// It is to be searched as it is.
    No,
}

/// Why a repository, or part of it, could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum GitError {
    #[error("`{}` is not a git repository, nor is any directory above it", path.display())]
    Open { path: PathBuf, source: Box<gix::Error> },
    #[error("`{0}` belongs to another user; `git config --global --add safe.directory {0}` says that you trust it", path.display())]
    Ownership { path: PathBuf },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot use `{}`", path.display())]
    File { path: PathBuf, source: Box<gix::Error> },
    #[error("cannot read all references of `{}`", path.display())]
    Refs { path: PathBuf },
    #[error("`{}` has no index: `git index-pack` makes one", path.display())]
    NoIndex { path: PathBuf },
    #[error("object {id} is corrupt{}", and_lost(*.lost))]
    Object { id: String, lost: u32, source: Broken },
    #[error("{count} objects are named and not there: {example} for one")]
    Missing { count: usize, example: String },
    #[error("the clone is shallow: it lacks the parents of {count} commits")]
    Shallow { count: usize },
    #[error("`{side}` names no commits here, in the range `{range}`")]
    Range { range: String, side: String, source: Option<Box<gix::Error>> },
    #[error("`{name}` names no commit here")]
    Revision { name: String, source: Option<Box<gix::Error>> },
    #[error("secrets stand at more than {limit} paths; what else there is, is not told")]
    Places { limit: usize },
}

impl GitError {
    /// What the ledger calls the thing that could not be read: never a path of the machine.
    fn name(&self) -> String {
        let file = |path: &Path| {
            path.file_name()
                .map_or_else(|| "repository".into(), |n| n.to_string_lossy().into_owned())
        };
        match self {
            Self::Open { path, .. }
            | Self::Ownership { path }
            | Self::Read { path, .. }
            | Self::File { path, .. }
            | Self::Refs { path }
            | Self::NoIndex { path } => file(path),
            Self::Object { id, .. } => id.clone(),
            Self::Missing { example, .. } => example.clone(),
            Self::Shallow { .. } => "shallow".into(),
            Self::Range { range, .. } => range.clone(),
            Self::Revision { name, .. } => name.clone(),
            Self::Places { .. } => "places".into(),
        }
    }
}

fn and_lost(count: u32) -> String {
    match count {
        0 => String::new(),
        n => format!(", and with it {n} that are made from it"),
    }
}
