//! What the index would commit: its files, compared with those of `HEAD`. Reads the index and objects, and
//! never the working tree.

use std::{collections::BTreeSet, fs, io, ops::Range, path::PathBuf};

use gix::{
    hash::ObjectId,
    index::{
        entry::{Flags, Mode, Stage},
        extension::Tree,
    },
};

use super::{
    GitError, Search,
    changes::{Comparison, Touched, find, names},
    news::News,
    reader::{Entry, Library, Link, Reader},
    trees::EntryKind,
};
use crate::{
    history::{History, Reach},
    source::{Meter, Outcome},
};

/// Searches what the next commit of `repository` would add.
///
/// In a merge, what any of the parents has at the same path is not new.
///
/// # Errors
///
/// If the index or `HEAD` can't be read.
pub fn scan<S: Search>(
    repository: &gix::Repository,
    search: &S,
    threads: usize,
    meter: &Meter,
) -> Result<Outcome<(S::Item, History)>, GitError> {
    Ok(Draft::of(repository, threads)?.scan(search, meter))
}

/// What the next commit would change.
pub struct Draft {
    library: Library,
    touched: Vec<Touched>,
}

impl Draft {
    /// Compares the index of `repository` with `HEAD`, and with what is being merged. `threads`: 0 = one
    /// per core.
    ///
    /// # Errors
    ///
    /// If the index or `HEAD` can't be read.
    pub fn of(repository: &gix::Repository, threads: usize) -> Result<Self, GitError> {
        let library = Library::new(repository, threads);
        let parents = parents(repository, &mut library.reader())?;
        let touched = match index(repository)? {
            Some(index) => Staged::new(&index, &mut library.reader()).compare(&parents),
            None => Vec::new(),
        };
        Ok(Self { library, touched })
    }

    /// The files that it writes, from the root, as git stores their paths.
    pub fn written(&self) -> BTreeSet<&[u8]> {
        self.touched.iter().filter(|t| t.now.is_some()).map(|t| &*t.path).collect()
    }

    /// Leaves out what it writes to other files than these.
    pub fn keep(&mut self, paths: &BTreeSet<Vec<u8>>) {
        // What it deletes says what was only moved.
        self.touched.retain(|t| t.now.is_none() || paths.contains(&*t.path));
    }

    /// Searches what it adds.
    pub fn scan<S: Search>(self, search: &S, meter: &Meter) -> Outcome<(S::Item, History)> {
        let Self { library, touched } = self;
        let touched = [touched];
        let mut news = News::new(&library, search, meter);
        let mut outcome = Outcome::default();
        let mut seen = BTreeSet::new();
        for new in news.of(&touched) {
            // The same secret may stand on both sides of a conflict.
            if seen.insert((new.path.clone(), new.identity))
                && let Some(item) = news.item(&new.path, new.blob, new.identity)
            {
                let of_worktree = History::of_worktree();
                let history = History { reach: Reach::Index, in_worktree: false, ..of_worktree };
                outcome.items.push((item, history));
            }
        }
        for (why, path) in news.skipped(&touched) {
            outcome.coverage.skip(why, path);
        }
        library.settle(&mut outcome);
        outcome
    }
}

/// Every file in the index of `repository`, from the root.
///
/// # Errors
///
/// If the index can't be read.
pub fn tracked(repository: &gix::Repository) -> Result<Vec<PathBuf>, GitError> {
    let Some(index) = index(repository)? else { return Ok(Vec::new()) };
    // A path that this system can't write is no file here.
    let path =
        |entry: &gix::index::Entry| Some(gix::path::from_bstr(entry.path(&index)).ok()?.into());
    let mut paths: Vec<PathBuf> = index.entries().iter().filter_map(path).collect();
    // A conflict has a path several times.
    paths.dedup();
    Ok(paths)
}

fn index(repository: &gix::Repository) -> Result<Option<gix::index::File>, GitError> {
    let path = repository.index_path();
    if !path.exists() {
        return Ok(None);
    }
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    gix::index::File::at(&path, repository.object_hash(), true, options)
        .map(Some)
        .map_err(|source| GitError::File { path, source: Box::new(source) })
}

/// The trees of the commits that would be parents: `HEAD`, and what is being merged.
fn parents(
    repository: &gix::Repository,
    reader: &mut Reader<'_>,
) -> Result<Vec<ObjectId>, GitError> {
    let head = repository.head().map_err(|source| GitError::File {
        path: repository.git_dir().join("HEAD"),
        source: Box::new(source),
    })?;
    let mut commits: Vec<ObjectId> = head.id().map(gix::Id::detach).into_iter().collect();
    let path = repository.git_dir().join("MERGE_HEAD");
    match fs::read(&path) {
        Ok(lines) => {
            commits.extend(lines.split(|&b| b == b'\n').filter_map(|l| ObjectId::from_hex(l).ok()));
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(GitError::Read { path, source }),
    }
    Ok(commits.iter().filter_map(|id| Some(reader.commit(id)?.tree)).collect())
}

/// The index, while it is compared.
struct Staged<'i, 'c, 'l> {
    index: &'i gix::index::File,
    comparison: Comparison<'c, 'l>,
    left: Vec<Directory<'i>>,
}

/// A directory of the index.
struct Directory<'i> {
    /// Its entries, sorted by path.
    entries: Range<usize>,
    /// Length of its path, with the slash.
    prefix: usize,
    /// What git knows of its tree.
    cached: Option<&'i Tree>,
    /// The trees in the parents.
    before: Vec<Option<ObjectId>>,
}

impl<'i, 'c, 'l> Staged<'i, 'c, 'l> {
    fn new(index: &'i gix::index::File, reader: &'c mut Reader<'l>) -> Self {
        Self { index, comparison: Comparison::new(reader), left: Vec::new() }
    }

    fn compare(mut self, parents: &[ObjectId]) -> Vec<Touched> {
        self.left.push(Directory {
            entries: 0..self.index.entries().len(),
            prefix: 0,
            cached: self.index.tree(),
            before: parents.iter().copied().map(Some).collect(),
        });
        while let Some(directory) = self.left.pop() {
            if !directory.is_unchanged() {
                self.directory(&directory);
            }
        }
        self.comparison.finish()
    }

    fn path(&self, entry: usize) -> &'i [u8] {
        self.index.entry(entry).path(self.index)
    }

    fn directory(&mut self, directory: &Directory<'i>) {
        let before: Vec<Vec<Entry>> =
            directory.before.iter().map(|tree| self.comparison.entries(*tree)).collect();
        let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
        let mut at = directory.entries.start;
        let mut path = Vec::new();
        while at < directory.entries.end {
            path = self.path(at).to_vec();
            let rest = &self.path(at)[directory.prefix..];
            let slash = memchr::memchr(b'/', rest);
            let name = &rest[..slash.unwrap_or(rest.len())];
            seen.insert(name);
            let links: Vec<Option<Link>> = before.iter().map(|tree| find(tree, name)).collect();
            path.truncate(directory.prefix + name.len());
            if slash.is_some_and(|slash| slash + 1 < rest.len()) {
                at = self.subdirectory(directory, at, name, &links);
            } else {
                self.entry(at, &path, &links);
                at += 1;
            }
        }
        path.truncate(directory.prefix);
        self.deleted(path, &before, &seen);
    }

    /// Puts a directory on the list; returns where its entries end.
    fn subdirectory(
        &mut self,
        above: &Directory<'i>,
        at: usize,
        name: &[u8],
        before: &[Option<Link>],
    ) -> usize {
        let prefix = above.prefix + name.len() + 1;
        let path = &self.path(at)[..prefix];
        let entries = &self.index.entries()[at..above.entries.end];
        let len = entries.partition_point(|e| e.path(self.index).starts_with(path));
        // A file of that name is no more.
        self.comparison.file(&path[..prefix - 1], None, before);
        let tree = |link: &Option<Link>| link.filter(|l| l.kind == EntryKind::Tree).map(|l| l.id);
        self.left.push(Directory {
            entries: at..at + len,
            prefix,
            cached: above.cached.and_then(|tree| tree.children.iter().find(|t| *t.name == *name)),
            before: before.iter().map(tree).collect(),
        });
        at + len
    }

    /// Compares one entry: a file, or a directory of a sparse index.
    fn entry(&mut self, at: usize, path: &[u8], before: &[Option<Link>]) {
        let entry = self.index.entry(at);
        // The base of a conflict is history, and what is only meant to be added has no content yet.
        if entry.flags.contains(Flags::INTENT_TO_ADD) || entry.stage() == Stage::Base {
            return;
        }
        let kind = match entry.mode {
            Mode::DIR => EntryKind::Tree,
            Mode::COMMIT => return self.comparison.entry(path, None, before),
            _ => EntryKind::Blob,
        };
        self.comparison.entry(path, Some(Link { kind, id: entry.id }), before);
    }

    /// Notes what the parents have in the directory `path` and the index has not.
    fn deleted(&mut self, mut path: Vec<u8>, before: &[Vec<Entry>], seen: &BTreeSet<&[u8]>) {
        let len = path.len();
        for name in names(before.iter()).into_iter().filter(|name| !seen.contains(name)) {
            path.truncate(len);
            path.extend_from_slice(name);
            let links: Vec<_> = before.iter().map(|tree| find(tree, name)).collect();
            self.comparison.entry(&path, None, &links);
        }
    }
}

impl Directory<'_> {
    /// Whether its tree is that of a parent, as far as git knows. It forgets what it knew of a directory
    /// when something in it is staged.
    fn is_unchanged(&self) -> bool {
        let known = self.cached.filter(|tree| tree.num_entries.is_some());
        known.is_some_and(|tree| self.before.contains(&Some(tree.id)))
    }
}
