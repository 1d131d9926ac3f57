//! Where blobs come from. A source reads, hands each blob to a function, and keeps the ledger; it
//! knows nothing of what that function looks for.

pub mod exclude;
pub mod git;
pub mod stdin;
pub mod walk;

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    blob::{Blob, Nature, Origin},
    content::{
        container::{Input, Kind},
        read::{Buffer, HEAD_BYTES},
    },
    coverage::{Coverage, Gap, Skip},
};

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

/// What is looked for in files.
pub trait Look: Sync {
    /// What is reported.
    type Item: Send;

    /// Searches a blob.
    fn blob(&self, blob: &Blob<'_>) -> Seen<Self::Item>;
    /// What sort of container begins with `head`, if it is one to be opened.
    fn container(&self, head: &[u8]) -> Option<Kind>;
    /// Opens the container of `stored` bytes at `origin`.
    fn open(&self, origin: &Origin, kind: Kind, input: Input<'_>, stored: u64) -> Seen<Self::Item>;
}

/// What was seen in one blob.
#[derive(Debug)]
pub struct Seen<T> {
    /// What is reported of it.
    pub items: Vec<T>,
    /// What was left out of it.
    pub gaps: Vec<Gap>,
}

/// Where the bytes of an input come from.
enum Whence<R> {
    /// A regular file.
    File(File),
    /// They come once.
    Once(R),
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

    /// Reads an input to its end and looks at it; says how many bytes it has.
    ///
    /// # Errors
    ///
    /// If reading fails; what was read until then counts.
    fn look<L: Look<Item = T>>(
        &mut self,
        look: &L,
        buffer: &mut Buffer,
        origin: &Origin,
        whence: Whence<impl Read>,
    ) -> io::Result<u64> {
        let bytes = match whence {
            Whence::File(mut file) => {
                let head = buffer.head(&mut file);
                match look.container(head) {
                    None => self.text(look, buffer, origin, file)?,
                    Some(kind) => self.file(look, buffer, origin, kind, file)?,
                }
            }
            Whence::Once(mut input) => {
                let head = buffer.head(&mut input);
                match look.container(head) {
                    None => self.text(look, buffer, origin, input)?,
                    Some(kind) => self.stream(look, buffer, origin, kind, input)?,
                }
            }
        };
        self.coverage.files += 1;
        self.coverage.bytes += bytes;
        Ok(bytes)
    }

    /// Looks at an input that is no container.
    fn text<L: Look<Item = T>>(
        &mut self,
        look: &L,
        buffer: &mut Buffer,
        origin: &Origin,
        input: impl Read,
    ) -> io::Result<u64> {
        let extent =
            buffer.read_all(origin, input, |blob| self.see(look.blob(blob), &origin.path))?;
        if extent.nature == Nature::Binary {
            self.coverage.skip(Skip::Binary, origin.path.clone());
        }
        Ok(extent.bytes)
    }

    /// Opens a container; and searches it as it is if that does not succeed.
    fn file<L: Look<Item = T>>(
        &mut self,
        look: &L,
        buffer: &mut Buffer,
        origin: &Origin,
        kind: Kind,
        file: File,
    ) -> io::Result<u64> {
        let stored = file.metadata()?.len();
        buffer.take_head();
        let mut input = BufReader::with_capacity(HEAD_BYTES, file);
        input.rewind()?;
        let seen = look.open(origin, kind, Input::Seekable(&mut input), stored);
        let is_opened = seen.gaps.iter().all(|gap| !gap.route.0.is_empty());
        self.see(seen, &origin.path);
        if !is_opened {
            input.rewind()?;
            self.text(look, buffer, origin, input)?;
        }
        Ok(stored)
    }

    /// Opens a container whose bytes come once.
    fn stream<L: Look<Item = T>>(
        &mut self,
        look: &L,
        buffer: &mut Buffer,
        origin: &Origin,
        kind: Kind,
        input: impl Read,
    ) -> io::Result<u64> {
        let head = buffer.take_head();
        let mut input = head.chain(input).take(u64::MAX);
        let seen = look.open(origin, kind, Input::Stream(&mut input), u64::MAX);
        let is_opened = seen.gaps.iter().all(|gap| !gap.route.0.is_empty());
        self.see(seen, &origin.path);
        if is_opened {
            io::copy(&mut input, &mut io::sink())?;
        } else {
            self.text(look, buffer, origin, &mut input)?;
        }
        Ok(u64::MAX - input.limit())
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
