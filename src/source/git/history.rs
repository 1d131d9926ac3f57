//! The whole database of a repository: every object is read, and everything found is told with its
//! history.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use gix::{hash::ObjectId, objs::Kind};

use super::{
    GitError, Opened, Reading, Search,
    blobs::{Blobs, Found},
    commits::{Annals, Commits},
    gaps::Gaps,
    loose::{self, Reader},
    objects::{Database, Objects},
    places,
    refs::Tips,
    repository,
    teller::Teller,
    threads::Threads,
    trees::{Forest, Trees},
    walk::{self, Visitor},
};
use crate::{
    blob::{Blob, Origin},
    content::container::{self, Input},
    coverage::{Coverage, Gap, Objects as Counts, Skip},
    edit::Edit,
    history::History,
    secret::Identity,
    source::{Meter, Outcome, SourceError},
};

/// How to read a repository.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// How blobs that are made from others are searched.
    pub reading: Reading,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// Reads every object of `repository` and of the repositories of its submodules. Each item comes with
/// its history.
pub fn scan<S: Search>(
    repository: &gix::Repository,
    search: &S,
    options: Options,
    meter: &Meter,
) -> Outcome<(S::Item, History)> {
    let threads = &Threads::new(options.threads);
    let scan = |repository: &gix::Repository, prefix: &str| {
        Scan { search, options, meter, prefix, threads }.run(repository)
    };
    let mut outcome = scan(repository, "");
    for (name, directory) in submodules(repository) {
        match repository::open(&directory) {
            Ok(submodule) => outcome.add(scan(&submodule, &format!("{name}/"))),
            Err(error) => note(&mut outcome, error),
        }
    }
    outcome
}

/// What a pass over the whole database says of some commits.
pub(super) struct Survey<T> {
    /// Those of them that may bring in or take away something found.
    pub(super) bearers: HashSet<ObjectId>,
    /// Everything found: in blobs, and in messages of commits and tags.
    pub(super) sightings: HashMap<ObjectId, Vec<T>>,
    /// Blobs that say where Git LFS keeps a file.
    pub(super) pointers: HashSet<ObjectId>,
    /// The ledger.
    pub(super) outcome: Outcome<()>,
}

/// Reads every object of `repository` and of the object directory `also`, to say which of the `wanted`
/// commits matter.
pub(super) fn survey<S: Search>(
    repository: &gix::Repository,
    also: Option<&Path>,
    search: &S,
    options: Options,
    meter: &Meter,
    wanted: &HashSet<ObjectId>,
) -> Survey<S::Sightings> {
    let threads = &Threads::new(options.threads);
    Scan { search, options, meter, prefix: "", threads }.survey(repository, also, wanted)
}

/// Makes every blob of `repository` in memory and does nothing with it: how many there are, and their
/// bytes. Benchmarks compare a scan with it.
pub fn materialise(repository: &gix::Repository) -> (u64, u64) {
    let own = repository.objects.store_ref().path().to_path_buf();
    let database = Database::list(&[own], repository.object_hash());
    let blobs = Blobs { search: &Nothing, reading: Reading::Changes, meter: &Meter::default() };
    let mut found = Found::default();
    every(&database, &blobs, |kind| kind == Kind::Blob).into_iter().for_each(|f| found.add(f));
    (found.blobs, found.bytes)
}

/// A search for nothing.
struct Nothing;

impl Search for Nothing {
    type Memory = ();
    type Sightings = ();
    type Item = ();

    fn read(&self, _: &[u8]) {}
    fn reread(&self, _: &[u8], (): &(), _: &Edit) {}
    fn sightings(&self, _: &[u8], (): &()) -> Option<()> {
        None
    }
    fn part(&self, _: &Blob<'_>) -> Option<()> {
        None
    }
    fn container(&self, _: &[u8]) -> Option<container::Kind> {
        None
    }
    fn open(&self, _: container::Kind, _: Input<'_>, _: u64) -> (Option<()>, Opened) {
        (None, Opened::No)
    }
    fn identities(&self, (): &(), _: &str) -> Vec<Identity> {
        Vec::new()
    }
    fn item(&self, _: Identity, (): &(), _: &Origin) -> Option<()> {
        None
    }
    fn gaps((): &()) -> &[Gap] {
        &[]
    }
    fn line((): &()) -> usize {
        1
    }
}

/// The git directories of submodules, with their names.
fn submodules(repository: &gix::Repository) -> Vec<(String, PathBuf)> {
    let modules = repository.common_dir().join("modules");
    let mut found = Vec::new();
    let mut left = vec![modules.clone()];
    while let Some(directory) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        let is_directory = |e: &std::fs::DirEntry| e.file_type().is_ok_and(|t| t.is_dir());
        for path in entries.filter_map(Result::ok).filter(is_directory).map(|e| e.path()) {
            // A name may have slashes; submodules of a submodule are its own.
            if path.join("HEAD").is_file() && path.join("objects").is_dir() {
                let name = path.strip_prefix(&modules).unwrap_or(&path);
                found.push((name.to_string_lossy().into_owned(), path));
            } else {
                left.push(path);
            }
        }
    }
    found.sort();
    found
}

fn note<T>(outcome: &mut Outcome<T>, error: GitError) {
    outcome.coverage.skip(Skip::Unreadable, error.name());
    outcome.errors.push(SourceError::Git(error));
}

/// One database.
pub(super) struct Scan<'s, S> {
    pub(super) search: &'s S,
    options: Options,
    meter: &'s Meter,
    /// Of the paths of a submodule.
    pub(super) prefix: &'s str,
    threads: &'s Threads,
}

/// What all objects of a database said.
struct Read<T> {
    found: Found<T>,
    annals: Annals<T>,
    forest: Forest,
}

impl<S: Search> Scan<'_, S> {
    fn run(&self, repository: &gix::Repository) -> Outcome<(S::Item, History)> {
        let mut outcome = Outcome::default();
        let (database, tips) = list(repository, None, &mut outcome);
        let read = self.everything(repository, &database, &tips, &mut outcome);
        let told = self.teller(&database, &tips, read).tell();
        outcome.items = told.items;
        for (why, path) in told.skipped {
            outcome.coverage.skip(why, path);
        }
        if !told.is_complete {
            note(&mut outcome, GitError::Places { limit: places::MAX_PATHS });
        }
        outcome
    }

    fn survey(
        &self,
        repository: &gix::Repository,
        also: Option<&Path>,
        wanted: &HashSet<ObjectId>,
    ) -> Survey<S::Sightings> {
        let mut outcome = Outcome::default();
        let (database, tips) = list(repository, also, &mut outcome);
        let read = self.everything(repository, &database, &tips, &mut outcome);
        let pointers = read.found.pointers.iter().map(|p| database.objects.id(*p).into()).collect();
        let (bearers, sightings) = self.teller(&database, &tips, read).bearers(wanted);
        Survey { bearers, sightings, pointers, outcome }
    }

    fn teller<'t>(
        &'t self,
        database: &'t Database,
        tips: &'t Tips,
        read: Read<S::Sightings>,
    ) -> Teller<'t, S> {
        let Read { found, annals, forest } = read;
        let Found { sightings, pointers, .. } = found;
        Teller::new(self, &database.objects, tips, annals, sightings, pointers, forest)
    }

    /// Reads all objects, and notes what is damaged, absent or left out.
    fn everything<I>(
        &self,
        repository: &gix::Repository,
        database: &Database,
        tips: &Tips,
        outcome: &mut Outcome<I>,
    ) -> Read<S::Sightings> {
        let mut read = self.threads.run(|| self.read(database));
        outcome.coverage.objects = Some(Counts {
            commits: read.annals.commits.len() as u64,
            tags: read.annals.tags.len() as u64,
            blobs: read.found.blobs,
            trees: read.forest.trees,
        });
        outcome.coverage.bytes = read.found.bytes + read.annals.bytes;
        gaps(&database.objects, tips, &mut read).settle(outcome);
        self.note_submodules(repository, tips, &mut outcome.coverage);
        read
    }

    /// Reads all objects: blobs, commits and tags first; then trees, since what was found says which of
    /// their entries matter.
    fn read(&self, database: &Database) -> Read<S::Sightings> {
        let Self { search, meter, options, .. } = *self;
        let blobs = Blobs { search, reading: options.reading, meter };
        let mut found = Found::default();
        every(database, &blobs, |kind| kind == Kind::Blob).into_iter().for_each(|f| found.add(f));
        let commits = Commits { search, objects: &database.objects, meter };
        let is_annal = |kind| matches!(kind, Kind::Commit | Kind::Tag);
        let mut annals = Annals::default();
        every(database, &commits, is_annal).into_iter().for_each(|a| annals.add(a));
        let wanted = found.sightings.iter().map(|(object, _)| *object);
        let trees = Trees::new(&database.objects, wanted.chain(found.pointers.iter().copied()));
        let mut forest = Forest::default();
        every(database, &trees, |kind| kind == Kind::Tree).into_iter().for_each(|f| forest.add(f));
        Read { found, annals, forest }
    }

    fn note_submodules(&self, repository: &gix::Repository, tips: &Tips, coverage: &mut Coverage) {
        for path in &tips.submodules {
            let path = String::from_utf8_lossy(path).into_owned();
            let is_here = repository.workdir().is_some_and(|d| d.join(&path).join(".git").exists())
                || repository.common_dir().join("modules").join(&path).exists();
            if !is_here {
                coverage.skip(Skip::SubmoduleNotCheckedOut, format!("{}{path}", self.prefix));
            }
        }
    }
}

/// What the database of `repository` and the object directory `also` have, and what names it.
fn list<I>(
    repository: &gix::Repository,
    also: Option<&Path>,
    outcome: &mut Outcome<I>,
) -> (Database, Tips) {
    let mut directories = repository::object_directories(repository).unwrap_or_else(|error| {
        note(outcome, error);
        vec![repository.objects.store_ref().path().to_path_buf()]
    });
    directories.extend(also.map(Path::to_path_buf));
    let mut database = Database::list(&directories, repository.object_hash());
    let mut tips = Tips::of(repository);
    for error in database.errors.drain(..).chain(tips.errors.drain(..)) {
        note(outcome, error);
    }
    (database, tips)
}

/// What `read` found damaged, and what it and `tips` name and `objects` lacks.
fn gaps<T>(objects: &Objects, tips: &Tips, read: &mut Read<T>) -> Gaps {
    let mut gaps = Gaps::default();
    for broken in [&mut read.found.broken, &mut read.annals.broken, &mut read.forest.broken] {
        for (object, why, lost) in broken.drain(..) {
            gaps.broken(objects.id(object).into(), why, lost);
        }
    }
    gaps.missing.extend(&read.forest.missing);
    gaps.missing.extend(&read.annals.missing);
    let named = tips.refs.iter().map(|(_, id)| *id).chain(tips.index.iter().map(|(_, id)| *id));
    gaps.missing.extend(named.filter(|id| objects.find(id.as_bytes()).is_none()));
    for commit in read.annals.commits.iter().filter(|c| !c.absent_parents.is_empty()) {
        let id = objects.id(commit.object);
        if tips.shallow.contains(id) {
            gaps.shallow.insert(id.into());
        } else {
            gaps.missing.extend(&commit.absent_parents);
        }
    }
    gaps
}

/// Passes every object of the wanted kinds to `visitor`: from the forests first, then strays.
fn every<V: Visitor>(
    database: &Database,
    visitor: &V,
    wanted: impl Fn(Kind) -> bool + Sync,
) -> Vec<V::Local> {
    let mut all = Vec::new();
    for pack in &database.packs {
        all.extend(walk::walk(pack, visitor, &wanted));
    }
    let strays = loose::strays(database);
    if !strays.is_empty() {
        let reader = Reader::new(database);
        let next = AtomicUsize::new(0);
        all.extend(rayon::broadcast(|_| {
            let mut local = V::Local::default();
            while let Some(stray) = strays.get(next.fetch_add(1, Ordering::Relaxed)) {
                reader.visit(stray, visitor, &mut local, &wanted);
            }
            local
        }));
    }
    all
}
