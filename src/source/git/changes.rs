//! What one change does to the files: a tree, or the index, compared with the trees of all its parents.

use gix::hash::ObjectId;

use super::{
    GitError,
    places::MAX_PATHS,
    reader::{Entry, Link, Reader},
    trees::EntryKind,
    walk::Broken,
};

/// A longer path is nobody's: no system opens such a file.
const MAX_PATH_BYTES: usize = 1 << 16;

/// A file that is not what it is in any of the parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    /// From the root, as git stores it.
    pub(super) path: Box<[u8]>,
    /// Its blob; without one, the change deletes it.
    pub(super) now: Option<ObjectId>,
    /// The blob in each of the parents.
    pub(super) before: Vec<Option<ObjectId>>,
}

/// Collects what a change touches.
pub(super) struct Comparison<'c, 'l> {
    pub(super) reader: &'c mut Reader<'l>,
    pub(super) touched: Vec<Touched>,
    /// Directories that are still to be compared.
    left: Vec<Directory>,
}

/// A directory now and in each of the parents.
struct Directory {
    path: Vec<u8>,
    now: Option<ObjectId>,
    before: Vec<Option<ObjectId>>,
}

impl<'c, 'l> Comparison<'c, 'l> {
    pub(super) fn new(reader: &'c mut Reader<'l>) -> Self {
        Self { reader, touched: Vec::new(), left: Vec::new() }
    }

    /// Compares the trees of a commit and of its parents.
    pub(super) fn trees(mut self, now: ObjectId, before: &[ObjectId]) -> Vec<Touched> {
        let before = before.iter().copied().map(Some).collect();
        self.directory(Vec::new(), Some(now), before);
        self.finish()
    }

    /// Compares what stands at `path` in all of them.
    pub(super) fn entry(&mut self, path: &[u8], now: Option<Link>, before: &[Option<Link>]) {
        if before.contains(&now) {
            return;
        }
        self.file(path, of_kind(now, EntryKind::Blob), before);
        let now = of_kind(now, EntryKind::Tree);
        let before = before.iter().map(|link| of_kind(*link, EntryKind::Tree)).collect();
        self.directory(path.to_vec(), now, before);
    }

    /// Notes what becomes of the file at `path`, if it is or was one.
    pub(super) fn file(&mut self, path: &[u8], now: Option<ObjectId>, before: &[Option<Link>]) {
        let before: Vec<_> = before.iter().map(|l| of_kind(*l, EntryKind::Blob)).collect();
        if !before.contains(&now) && (now.is_some() || !before.is_empty()) {
            self.touched.push(Touched { path: path.into(), now, before });
        }
    }

    fn directory(&mut self, path: Vec<u8>, now: Option<ObjectId>, before: Vec<Option<ObjectId>>) {
        if !before.contains(&now) && (now.is_some() || !before.is_empty()) {
            self.left.push(Directory { path, now, before });
        }
    }

    /// Goes into all directories that differ.
    pub(super) fn finish(mut self) -> Vec<Touched> {
        while let Some(Directory { mut path, now, before }) = self.left.pop() {
            if self.touched.len() + self.left.len() > MAX_PATHS {
                self.reader
                    .library
                    .ledger()
                    .gaps
                    .errors
                    .push(GitError::Places { limit: MAX_PATHS });
                break;
            }
            if let Some(tree) = now.filter(|_| path.len() > MAX_PATH_BYTES) {
                self.reader.broken(&tree, Broken::Form);
                continue;
            }
            let now = self.entries(now);
            let before: Vec<Vec<Entry>> = before.into_iter().map(|t| self.entries(t)).collect();
            if !path.is_empty() {
                path.push(b'/');
            }
            let len = path.len();
            for name in names(std::iter::once(&now).chain(&before)) {
                path.truncate(len);
                path.extend_from_slice(name);
                let before: Vec<_> = before.iter().map(|entries| find(entries, name)).collect();
                self.entry(&path, find(&now, name), &before);
            }
        }
        self.touched
    }

    /// The entries of a tree, if there is one.
    pub(super) fn entries(&mut self, tree: Option<ObjectId>) -> Vec<Entry> {
        tree.map_or_else(Vec::new, |tree| self.reader.entries(&tree))
    }
}

/// The names in all of these trees, each once.
pub(super) fn names<'e>(trees: impl Iterator<Item = &'e Vec<Entry>>) -> Vec<&'e [u8]> {
    let mut names: Vec<&[u8]> = trees.flatten().map(|entry| &*entry.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What `entries` have under `name`.
pub(super) fn find(entries: &[Entry], name: &[u8]) -> Option<Link> {
    let at = entries.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
    Some(entries[at].link)
}

fn of_kind(link: Option<Link>, kind: EntryKind) -> Option<ObjectId> {
    link.filter(|link| link.kind == kind).map(|link| link.id)
}
