//! Git repositories: every object of the database, at the speed of the pack, and what the graph of
//! commits says about each thing found.
//!
//! Nothing of the scanned repository is run: neither hooks nor filters nor anything its
//! configuration names.

mod blobs;
mod delta;
mod objects;
mod pack;
mod walk;

use std::{io, path::PathBuf};

use crate::{
    blob::{Blob, Origin},
    edit::Edit,
    secret::Identity,
};

pub use delta::DeltaError;
pub use walk::Broken;

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
    /// What sightings are worth in a file.
    fn items(&self, sightings: &Self::Sightings, origin: &Origin) -> Vec<(Identity, Self::Item)>;
}

/// Why part of a repository could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum GitError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot use `{}`", path.display())]
    Pack { path: PathBuf, source: Box<gix::Error> },
    #[error("`{}` has no index: `git index-pack` makes one", path.display())]
    NoIndex { path: PathBuf },
    #[error("object {id} is corrupt")]
    Object { id: String, source: Broken },
}

/// TEMP
pub fn bench<S: Search>(objects: PathBuf, search: &S, whole: bool) -> (u64, u64, usize, usize) {
    let t = std::time::Instant::now();
    let db = objects::Database::list(&[objects], gix::hash::Kind::Sha1);
    let t1 = t.elapsed();
    let meter = crate::source::Meter::default();
    let v = blobs::Blobs {
        search,
        reading: if whole { blobs::Reading::Whole } else { blobs::Reading::Changes },
        meter: &meter,
    };
    let mut r = (0, 0, 0, 0);
    for pack in &db.packs {
        for f in walk::walk(pack, &v, |k| k == gix::objs::Kind::Blob) {
            r.0 += f.blobs;
            r.1 += f.bytes;
            r.2 += f.sightings.len();
            r.3 += f.broken.len();
        }
    }
    for pack in &db.packs {
        let mut w: Vec<u32> = pack
            .roots()
            .iter()
            .filter(|r| r.1.kind == gix::objs::Kind::Blob)
            .map(|r| r.1.weight)
            .collect();
        w.sort();
        w.reverse();
        eprintln!("roots {} top {:?}", w.len(), &w[..20.min(w.len())]);
    }
    let (a, b) = (t1.as_secs_f64(), t.elapsed().as_secs_f64());
    std::fs::write(
        "/tmp/w/bench.txt",
        format!(
            "list {a:.2} total {b:.2} orphans {}\n",
            db.packs.iter().map(|p| p.orphans.len()).sum::<usize>()
        ),
    )
    .ok();
    r
}
