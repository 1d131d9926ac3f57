//! Files and directories, in parallel. Hidden files are read, `.git` is not, links are not followed.

use std::{
    fs::{self, File, FileType},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use super::{Look, Meter, Outcome, SourceError, Whence, exclude::Excluded};
use crate::{blob::Origin, content::read::Buffer, coverage::Skip};

/// What to walk, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Files and directories.
    pub roots: Vec<PathBuf>,
    /// Globs of paths to leave out, relative to the current directory.
    pub exclude: Vec<String>,
    /// Globs of paths to leave out, relative to the root of the repository that a file lies in.
    pub exclude_in_repository: Vec<String>,
    /// Whether git's ignore files count.
    pub git_ignored: GitIgnored,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// What happens to files that git ignores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GitIgnored {
    /// They are left out.
    #[default]
    Skipped,
    /// They are read.
    Read,
}

/// Walks the roots and scans every file.
///
/// # Errors
///
/// If a glob can't be parsed. Files that can't be read are in the outcome.
pub fn walk<L: Look>(
    options: &Options,
    meter: &Meter,
    look: &L,
) -> Result<Outcome<L::Item>, SourceError> {
    let mut outcome = Outcome::default();
    outcome.coverage.ignore_rules = options.git_ignored == GitIgnored::Skipped;
    let mut roots = Vec::new();
    for path in &options.roots {
        match fs::metadata(path) {
            Ok(meta) => roots.push(Root::new(path, meta.is_dir())),
            Err(source) => {
                outcome.coverage.skip(Skip::Unreadable, relative_name(path));
                outcome.errors.push(SourceError::Read { path: path.clone(), source });
            }
        }
    }
    let Some((first, others)) = roots.split_first() else { return Ok(outcome) };
    let mut builder = WalkBuilder::new(&first.path);
    others.iter().for_each(|r| {
        builder.add(&r.path);
    });
    // A second thread would have nothing to do but sleep until the file is read.
    let threads = if let [Root { is_dir: false, .. }] = roots[..] { 1 } else { options.threads };
    let respect = options.git_ignored == GitIgnored::Skipped;
    builder
        .hidden(false)
        .ignore(false)
        .parents(respect)
        .git_ignore(respect)
        .git_exclude(respect)
        // A laptop and a build server must agree, so a user's own ignore file does not count.
        .git_global(false)
        .follow_links(false)
        .threads(threads)
        .overrides(Excluded::new(&options.exclude)?.into_override())
        .filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0);
    let excluded = match options.exclude_in_repository.as_slice() {
        [] => None,
        globs => Some(Excluded::new(globs)?),
    };
    let shared = Shared { roots: &roots, excluded, meter, look, outcome: Mutex::new(outcome) };
    builder.build_parallel().visit(&mut Builder { shared: &shared });
    Ok(shared.outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Where a path that the user named stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory that the paths of reports are relative to: the repository's, or else the current
    /// one, or else the path's own.
    pub base: PathBuf,
    /// The path, relative to it.
    pub prefix: PathBuf,
    /// Whether the base is a repository's.
    pub in_repository: bool,
}

impl Place {
    /// The place of `path`, which is a directory or not.
    pub fn of(path: &Path, is_dir: bool) -> Self {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let dir = if is_dir { real.as_path() } else { real.parent().unwrap_or(&real) };
        let repository = dir.ancestors().find(|d| d.join(".git").exists()).map(Path::to_path_buf);
        let current =
            std::env::current_dir().and_then(fs::canonicalize).ok().filter(|c| real.starts_with(c));
        let in_repository = repository.is_some();
        let base = repository.or(current).unwrap_or_else(|| dir.into());
        let prefix = real.strip_prefix(&base).map(Path::to_path_buf).unwrap_or_default();
        Self { base, prefix, in_repository }
    }
}

/// One path that the user named.
struct Root {
    path: PathBuf,
    is_dir: bool,
    /// Its own place in the repository, or else below the current directory.
    prefix: PathBuf,
}

impl Root {
    fn new(path: &Path, is_dir: bool) -> Self {
        let Place { prefix, .. } = Place::of(path, is_dir);
        Self { path: path.into(), is_dir, prefix }
    }

    fn origin(&self, shown: &Path) -> Option<Origin> {
        let inner = shown.strip_prefix(&self.path).ok()?;
        Some(Origin {
            shown: shown.into(),
            ..Origin::file(&self.prefix.join(inner), Path::new(""))
        })
    }
}

struct Shared<'a, L: Look> {
    roots: &'a [Root],
    excluded: Option<Excluded>,
    meter: &'a Meter,
    look: &'a L,
    outcome: Mutex<Outcome<L::Item>>,
}

struct Builder<'s, 'a, L: Look> {
    shared: &'s Shared<'a, L>,
}

impl<'s, 'a: 's, L: Look> ParallelVisitorBuilder<'s> for Builder<'s, 'a, L> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Visitor {
            shared: self.shared,
            buffer: Buffer::new(),
            outcome: Outcome::default(),
        })
    }
}

/// One thread's work; its outcome joins the others' when it ends.
struct Visitor<'s, 'a, L: Look> {
    shared: &'s Shared<'a, L>,
    buffer: Buffer,
    outcome: Outcome<L::Item>,
}

impl<L: Look> Drop for Visitor<'_, '_, L> {
    fn drop(&mut self) {
        let outcome = std::mem::take(&mut self.outcome);
        self.shared.outcome.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
    }
}

impl<L: Look> ParallelVisitor for Visitor<'_, '_, L> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) if self.is_excluded(&entry) => return WalkState::Skip,
            Ok(entry) => self.entry(&entry),
            Err(error) => self.walk_error(error),
        }
        WalkState::Continue
    }
}

impl<L: Look> Visitor<'_, '_, L> {
    /// Whether it is left out, with all that is below it.
    fn is_excluded(&self, entry: &DirEntry) -> bool {
        let Some(excluded) = &self.shared.excluded else { return false };
        let is_dir = entry.file_type().is_some_and(|t| t.is_dir());
        self.origin(entry.path()).is_some_and(|o| match is_dir {
            true => excluded.covers_directory(&o.path),
            false => excluded.covers(&o.path),
        })
    }

    fn entry(&mut self, entry: &DirEntry) {
        let path = entry.path();
        // A path that the user named is what it points to; a link found on the way is not followed.
        let kind = match entry.depth() {
            0 => fs::metadata(path).ok().map(|m| m.file_type()),
            _ => entry.file_type(),
        };
        if kind.is_some_and(|k| k.is_dir()) {
            return;
        }
        let Some(origin) = self.origin(path) else { return };
        match skipped(kind) {
            None => self.file(path, &origin, Whence::File),
            // Who names a pipe, as in `scan <(git diff)`, wants it read, and not to hear of no findings.
            Some(Skip::Special) if entry.depth() == 0 => self.file(path, &origin, Whence::Once),
            Some(skip) => self.outcome.coverage.skip(skip, origin.path),
        }
    }

    fn origin(&self, path: &Path) -> Option<Origin> {
        // The root that the walk came from is the longest that holds the path.
        let holding = self
            .shared
            .roots
            .iter()
            .filter(|r| path.starts_with(&r.path) || r.path == Path::new("."));
        holding.max_by_key(|r| r.path.as_os_str().len())?.origin(path)
    }

    fn file(&mut self, path: &Path, origin: &Origin, whence: impl Fn(File) -> Whence<File>) {
        let Self { shared, buffer, outcome } = self;
        let read = File::open(path)
            .and_then(|file| outcome.look(shared.look, buffer, origin, whence(file)));
        match read {
            Ok(bytes) => shared.meter.count(bytes),
            Err(source) => self.unreadable(path, origin.path.clone(), source),
        }
    }

    fn unreadable(&mut self, path: &Path, name: String, source: io::Error) {
        self.outcome.coverage.skip(Skip::Unreadable, name);
        self.outcome.errors.push(SourceError::Read { path: path.into(), source });
    }

    fn walk_error(&mut self, error: ignore::Error) {
        let path = error_path(&error).unwrap_or_else(|| Path::new("?")).to_path_buf();
        let name = self.origin(&path).map_or_else(|| relative_name(&path), |o| o.path);
        self.outcome.coverage.skip(Skip::Unreadable, name);
        // A copy, because `ignore` keeps its own; with the system's number, if it has one, and its words.
        let copy = |e: &io::Error| match e.raw_os_error() {
            Some(number) => io::Error::from_raw_os_error(number),
            None => e.kind().into(),
        };
        self.outcome.errors.push(match error.io_error().map(copy) {
            Some(source) => SourceError::Read { path, source },
            None => SourceError::Walk { path, source: error },
        });
    }
}

/// What reports call a path that leads nowhere: never a path of the machine.
fn relative_name(path: &Path) -> String {
    let name =
        if path.is_absolute() { path.file_name().map(Path::new).unwrap_or(path) } else { path };
    name.to_string_lossy().into_owned()
}

fn skipped(kind: Option<FileType>) -> Option<Skip> {
    match kind {
        Some(k) if k.is_file() => None,
        Some(k) if k.is_symlink() => Some(Skip::Symlink),
        Some(_) => Some(Skip::Special),
        None => Some(Skip::Unreadable),
    }
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        ignore::Error::Partial(all) => all.iter().find_map(error_path),
        _ => None,
    }
}
