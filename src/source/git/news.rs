//! What changes bring in: secrets in the files that they write, unless a parent has them at the same path
//! or the same change takes them away with a file that it deletes.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::hash::ObjectId;

use super::{Search, changes::Touched, reader::Library};
use crate::{blob::Origin, coverage::Skip, secret::Identity, source::Meter};

/// Searches blobs, each of them once.
pub(super) struct News<'n, S: Search> {
    pub(super) library: &'n Library,
    pub(super) search: &'n S,
    pub(super) meter: &'n Meter,
    /// What blobs hold, and messages by the ids of their commits or tags.
    pub(super) sightings: HashMap<ObjectId, Vec<S::Sightings>>,
    /// Whether a blob that has no sightings is known to hold nothing.
    pub(super) is_complete: bool,
}

/// A secret that a change brings in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct New {
    /// Which of the changes.
    pub(super) change: usize,
    pub(super) path: Box<[u8]>,
    pub(super) blob: ObjectId,
    pub(super) identity: Identity,
    /// Files with it that the same change deletes: it was only moved.
    pub(super) moved_from: Vec<Box<[u8]>>,
}

impl<'n, S: Search> News<'n, S> {
    pub(super) fn new(library: &'n Library, search: &'n S, meter: &'n Meter) -> Self {
        Self { library, search, meter, sightings: HashMap::new(), is_complete: false }
    }

    /// Searches those of `blobs` that were not searched yet.
    pub(super) fn read(&mut self, blobs: impl Iterator<Item = ObjectId>) {
        if self.is_complete {
            return;
        }
        let mut wanted: Vec<ObjectId> =
            blobs.filter(|id| !self.sightings.contains_key(id)).collect();
        // In the order of their ids, so that errors come in the same one.
        wanted.sort_unstable();
        wanted.dedup();
        let found = self
            .library
            .map(&wanted, |reader, id| (*id, reader.search(id, self.search, self.meter)));
        self.sightings.extend(found);
    }

    /// What is found in `blob` if it stands at `path`, sorted.
    pub(super) fn identities(&self, path: &[u8], blob: ObjectId) -> Vec<Identity> {
        let path = String::from_utf8_lossy(path);
        let all = self.parts(blob).iter().flat_map(|part| self.search.identities(part, &path));
        let mut all: Vec<Identity> = all.collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The first occurrence of a secret in `blob`.
    pub(super) fn item(&self, path: &[u8], blob: ObjectId, identity: Identity) -> Option<S::Item> {
        let origin = origin(path);
        self.parts(blob).iter().find_map(|part| self.search.item(identity, part, &origin))
    }

    fn parts(&self, blob: ObjectId) -> &[S::Sightings] {
        self.sightings.get(&blob).map_or(&[], |parts| parts)
    }

    /// What `changes` bring in, in their order, which is that of time.
    pub(super) fn of(&mut self, changes: &[Vec<Touched>]) -> Vec<New> {
        self.read(changes.iter().flatten().filter_map(|t| t.now));
        let mut kept: Vec<(New, &Touched)> = Vec::new();
        for (change, touched) in changes.iter().enumerate() {
            for touched in touched {
                let Some(blob) = touched.now else { continue };
                kept.extend(self.identities(&touched.path, blob).into_iter().map(|identity| {
                    let path = touched.path.clone();
                    (New { change, path, blob, identity, moved_from: Vec::new() }, touched)
                }));
            }
        }
        self.read(kept.iter().flat_map(|(_, touched)| touched.before.iter().flatten().copied()));
        kept.retain(|(new, touched)| !self.was_at(touched, new.identity));
        let new = kept.into_iter().map(|(new, _)| new).collect();
        let new = self.with_sources(new, changes);
        without_old(new)
    }

    /// Says which of these secrets `changes` also delete elsewhere.
    fn with_sources(&mut self, mut all: Vec<New>, changes: &[Vec<Touched>]) -> Vec<New> {
        let bearing: HashSet<usize> = all.iter().map(|new| new.change).collect();
        let deleted = |change: &usize| changes[*change].iter().filter(|t| t.now.is_none());
        let blobs = bearing.iter().flat_map(deleted).flat_map(|t| t.before.iter().flatten());
        self.read(blobs.copied());
        let mut sources: HashMap<(usize, Identity), Vec<Box<[u8]>>> = HashMap::new();
        for &change in &bearing {
            for touched in deleted(&change) {
                for blob in touched.before.iter().flatten() {
                    for identity in self.identities(&touched.path, *blob) {
                        sources.entry((change, identity)).or_default().push(touched.path.clone());
                    }
                }
            }
        }
        for new in &mut all {
            new.moved_from = sources.get(&(new.change, new.identity)).cloned().unwrap_or_default();
        }
        all
    }

    /// Whether any parent has the secret at this path.
    pub(super) fn was_at(&self, touched: &Touched, identity: Identity) -> bool {
        touched.before.iter().flatten().any(|&blob| self.has(&touched.path, blob, identity))
    }

    pub(super) fn has(&self, path: &[u8], blob: ObjectId, identity: Identity) -> bool {
        self.identities(path, blob).binary_search(&identity).is_ok()
    }

    /// Those written files that Git LFS keeps elsewhere, and what was left out of others.
    pub(super) fn skipped(&self, changes: &[Vec<Touched>]) -> BTreeSet<(Skip, String)> {
        let pointers = &self.library.ledger().pointers;
        let mut skipped = BTreeSet::new();
        for touched in changes.iter().flatten() {
            let (Some(blob), path) = (touched.now, origin(&touched.path).path) else { continue };
            for gap in self.parts(blob).iter().flat_map(S::gaps) {
                skipped.insert((gap.why, gap.name(&path)));
            }
            if pointers.contains(&blob) {
                skipped.insert((Skip::LfsPointer, path));
            }
        }
        skipped
    }
}

/// Leaves out what was moved, unless an earlier change brought it to where it came from.
fn without_old(all: Vec<New>) -> Vec<New> {
    let mut brought: HashSet<(Box<[u8]>, Identity)> = HashSet::new();
    let mut kept = Vec::new();
    for new in all {
        let sources = new.moved_from.iter().cloned();
        let mut sources = sources.map(|path| (path, new.identity));
        if new.moved_from.is_empty() || sources.any(|source| brought.contains(&source)) {
            brought.insert((new.path.clone(), new.identity));
            kept.push(new);
        }
    }
    kept
}

/// Where findings at `path` stand.
pub(super) fn origin(path: &[u8]) -> Origin {
    let path = String::from_utf8_lossy(path).into_owned();
    Origin { shown: path.clone().into(), path }
}
