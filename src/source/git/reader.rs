//! Reads single objects by their ids, for the scans that need few of them, and keeps the ledger of these.

use std::{
    collections::HashSet,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use gix::{
    hash::{ObjectId, oid},
    objs::{CommitRef, Find as _, Kind, TagRef, TreeRefIter},
    odb::{self, Header as _},
};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{
    GitError, Opened, Search,
    blobs::{self, POINTER},
    commits::{shown_name, signed},
    gaps::Gaps,
    threads::Threads,
    trees::EntryKind,
    walk::{Broken, MAX_HELD_BYTES},
};
use crate::{
    blob::Origin,
    content::read::Buffer,
    history::Change,
    source::{Meter, Outcome},
};

/// A repository, and what was read of it so far.
pub(super) struct Library {
    repository: gix::ThreadSafeRepository,
    /// Objects that are not in the repository yet.
    incoming: Option<Arc<odb::Store>>,
    threads: usize,
    /// Started when there is much to read.
    started: OnceLock<Threads>,
    ledger: Mutex<Ledger>,
}

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) commits: u64,
    pub(super) tags: u64,
    trees: HashSet<ObjectId>,
    blobs: u64,
    bytes: u64,
    /// Blobs that say where Git LFS keeps a file.
    pub(super) pointers: HashSet<ObjectId>,
    pub(super) gaps: Gaps,
}

impl Library {
    /// `threads`: 0 = one per core.
    pub(super) fn new(repository: &gix::Repository, threads: usize) -> Self {
        Self {
            repository: repository.clone().into_sync(),
            incoming: None,
            threads,
            started: OnceLock::new(),
            ledger: Mutex::default(),
        }
    }

    /// Has its readers know the objects of the directory `incoming` as well.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    pub(super) fn add(&mut self, incoming: &Path) -> Result<(), GitError> {
        let options = odb::store::init::Options {
            alloc_limit_bytes: Some(MAX_HELD_BYTES as usize),
            ..odb::store::init::Options::default()
        };
        let hash = self.repository.to_thread_local().object_hash();
        let store = odb::Store::at_opts(incoming.into(), hash, &mut std::iter::empty(), options);
        self.incoming = Some(Arc::new(
            store.map_err(|source| GitError::Read { path: incoming.into(), source })?,
        ));
        Ok(())
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        /// Neighbouring commits have most of their trees in common.
        const CACHE_BYTES: usize = 8 << 20;
        let mut repository = self.repository.to_thread_local();
        repository.object_cache_size_if_unset(CACHE_BYTES);
        // What is stored counts, and not what a reference says it should look like.
        repository.objects.ignore_replacements = true;
        repository.objects.refresh_never();
        let incoming = self.incoming.as_ref().map(odb::Store::to_cache_arc);
        Reader { library: self, repository, incoming, bytes: Vec::new(), buffer: Buffer::new() }
    }

    /// What `work` makes of each of `all`, with several threads if there are many.
    pub(super) fn map<T: Sync, R: Send>(
        &self,
        all: &[T],
        work: impl Fn(&mut Reader<'_>, &T) -> R + Sync,
    ) -> Vec<R> {
        /// A thread takes longer to start than these to be read.
        const FEW: usize = 64;
        if all.len() <= FEW {
            let mut reader = self.reader();
            return all.iter().map(|one| work(&mut reader, one)).collect();
        }
        let threads = self.started.get_or_init(|| Threads::new(self.threads));
        threads.run(|| all.par_iter().map_init(|| self.reader(), &work).collect())
    }

    /// Closes the ledger.
    pub(super) fn settle<T>(self, outcome: &mut Outcome<T>) {
        let ledger = self.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        let objects = outcome.coverage.objects.get_or_insert_default();
        objects.commits += ledger.commits;
        objects.tags += ledger.tags;
        objects.trees += ledger.trees.len() as u64;
        objects.blobs += ledger.blobs;
        outcome.coverage.bytes += ledger.bytes;
        ledger.gaps.settle(outcome);
    }
}

/// Reads for one thread.
pub(super) struct Reader<'l> {
    pub(super) library: &'l Library,
    repository: gix::Repository,
    incoming: Option<odb::Cache<odb::store::Handle<Arc<odb::Store>>>>,
    bytes: Vec<u8>,
    buffer: Buffer,
}

/// An entry of a tree: a directory, or a file or symbolic link. Submodules are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Box<[u8]>,
    pub(super) link: Link,
}

/// What an entry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

/// An object can't be read, and the ledger says why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted;

/// A commit or an annotated tag, as it is stored.
#[derive(Debug)]
pub(super) enum Annal {
    Commit(Commit),
    Tag { target: ObjectId, told: Told },
}

/// A commit.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970.
    pub(super) time: i64,
    pub(super) told: Told,
}

/// Who made a commit or tag, and what they say of it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: ObjectId,
    pub(super) change: Change,
    pub(super) message: Vec<u8>,
}

impl Reader<'_> {
    /// What the object called `id` is. If it is absent, that is for the caller to judge.
    pub(super) fn kind(&self, id: &oid) -> Result<Option<Kind>, Noted> {
        let incoming = self.incoming.iter().map(|odb| odb.try_header(id));
        let mut found = incoming.chain([self.repository.objects.try_header(id)]);
        let header = found.find(|found| !matches!(found, Ok(None))).unwrap_or(Ok(None));
        header.map(|header| header.map(|h| h.kind())).map_err(|source| {
            self.broken(id, Broken::Data(source));
            Noted
        })
    }

    /// The commit or tag called `id`. If it is absent, that is for the caller to judge.
    pub(super) fn annal(&mut self, id: &oid) -> Result<Option<Annal>, Noted> {
        let hash = self.repository.object_hash();
        let Some(kind) = self.fetch(id)? else { return Ok(None) };
        let annal = match kind {
            Kind::Commit => CommitRef::from_bytes(&self.bytes, hash).ok().map(|commit| {
                Annal::Commit(Commit {
                    tree: commit.tree(),
                    parents: commit.parents().collect(),
                    time: signed(commit.committer).1.seconds,
                    told: told(id, commit.author, commit.message),
                })
            }),
            Kind::Tag => TagRef::from_bytes(&self.bytes, hash).ok().map(|tag| Annal::Tag {
                target: tag.target(),
                told: told(id, tag.tagger.map_or(b"", |t| t), tag.message),
            }),
            Kind::Tree | Kind::Blob => None,
        };
        match annal {
            Some(annal) => Ok(Some(annal)),
            None => {
                self.broken(id, Broken::Form);
                Err(Noted)
            }
        }
    }

    /// The commit called `id`. If there is none, the ledger says so.
    pub(super) fn commit(&mut self, id: &oid) -> Option<Commit> {
        match self.annal(id) {
            Ok(Some(Annal::Commit(commit))) => Some(commit),
            Ok(Some(Annal::Tag { .. }) | None) => {
                self.library.ledger().gaps.missing.insert(id.into());
                None
            }
            Err(Noted) => None,
        }
    }

    /// The commit called `id`, unless it is absent.
    pub(super) fn parent(&mut self, id: &oid) -> Option<Commit> {
        match self.annal(id) {
            Ok(Some(Annal::Commit(commit))) => Some(commit),
            Ok(Some(Annal::Tag { .. }) | None) | Err(Noted) => None,
        }
    }

    /// The file or symbolic link at `path` below `tree`.
    pub(super) fn blob_at(&mut self, tree: ObjectId, path: &[u8]) -> Option<ObjectId> {
        let mut link = Link { kind: EntryKind::Tree, id: tree };
        for name in path.split(|&b| b == b'/') {
            let entries = match link.kind {
                EntryKind::Tree => self.entries(&link.id),
                EntryKind::Blob | EntryKind::Commit => return None,
            };
            link = entries.into_iter().find(|entry| *entry.name == *name)?.link;
        }
        (link.kind == EntryKind::Blob).then_some(link.id)
    }

    /// The entries of a tree, sorted by name; none if it can't be read, which the ledger says.
    pub(super) fn entries(&mut self, tree: &oid) -> Vec<Entry> {
        if self.expect(tree, Kind::Tree).is_none() {
            return Vec::new();
        }
        self.library.ledger().trees.insert(tree.into());
        let mut entries = Vec::new();
        let mut is_broken = false;
        for entry in TreeRefIter::from_bytes(&self.bytes, self.repository.object_hash()) {
            match entry {
                Ok(entry) if entry.mode.is_commit() => {}
                Ok(entry) => {
                    let kind = if entry.mode.is_tree() { EntryKind::Tree } else { EntryKind::Blob };
                    let link = Link { kind, id: entry.oid.into() };
                    entries.push(Entry { name: Box::from(&**entry.filename), link });
                }
                Err(_) => is_broken = true,
            }
        }
        if is_broken {
            self.broken(tree, Broken::Form);
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// What the blob called `id` holds.
    pub(super) fn search<S: Search>(
        &mut self,
        id: &oid,
        search: &S,
        meter: &Meter,
    ) -> Vec<S::Sightings> {
        if self.expect(id, Kind::Blob).is_none() {
            return Vec::new();
        }
        let mut ledger = self.library.ledger();
        ledger.blobs += 1;
        ledger.bytes += self.bytes.len() as u64;
        if self.bytes.starts_with(POINTER) {
            ledger.pointers.insert(id.into());
        }
        drop(ledger);
        meter.count(self.bytes.len() as u64);
        sightings(&mut self.buffer, &self.bytes, search)
    }

    /// What the message of a commit or tag holds.
    pub(super) fn search_message<S: Search>(
        &mut self,
        message: &[u8],
        search: &S,
    ) -> Vec<S::Sightings> {
        self.library.ledger().bytes += message.len() as u64;
        sightings(&mut self.buffer, message, search)
    }

    /// Reads an object that must be there and of this kind.
    fn expect(&mut self, id: &oid, kind: Kind) -> Option<()> {
        match self.fetch(id) {
            Ok(Some(found)) if found == kind => Some(()),
            Ok(Some(_)) => {
                self.broken(id, Broken::Form);
                None
            }
            Ok(None) => {
                self.library.ledger().gaps.missing.insert(id.into());
                None
            }
            Err(Noted) => None,
        }
    }

    /// Reads an object into `bytes`: its kind, nothing if it is absent, or an error that is in the ledger.
    fn fetch(&mut self, id: &oid) -> Result<Option<Kind>, Noted> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let incoming = self.incoming.as_ref().map_or(Ok(None), |odb| odb.try_find(id, &mut bytes));
        let found = match incoming.map(|o| o.map(|o| o.kind)) {
            Ok(None) => self.repository.objects.try_find(id, &mut bytes).map(|o| o.map(|o| o.kind)),
            found => found,
        };
        self.bytes = bytes;
        match found {
            Ok(Some(kind)) => Ok(Some(kind)),
            Ok(None) => Ok(None),
            Err(source) => {
                self.broken(id, Broken::Data(source));
                Err(Noted)
            }
        }
    }

    pub(super) fn broken(&self, id: &oid, why: Broken) {
        self.library.ledger().gaps.broken(id.into(), why, 0);
    }
}

fn sightings<S: Search>(buffer: &mut Buffer, bytes: &[u8], search: &S) -> Vec<S::Sightings> {
    let mut found = Vec::new();
    if blobs::open(search, bytes, &mut found) == Opened::Yes {
        return found;
    }
    let read: io::Result<_> =
        buffer.read_all(&Origin::nowhere(), bytes, |blob| found.extend(search.part(blob)));
    read.expect("reading from memory does not fail");
    found
}

fn told(id: &oid, signature: &[u8], message: &[u8]) -> Told {
    let (name, date) = signed(signature);
    let change = Change { id: id.to_string(), author: shown_name(name), date };
    Told { id: id.into(), change, message: message.to_vec() }
}
