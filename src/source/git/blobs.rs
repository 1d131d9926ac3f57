//! Searches all blobs of a database.

use std::io::{self, Read};

use super::{
    Opened, Search,
    objects::Object,
    walk::{Broken, Visited, Visitor},
};
use crate::{
    blob::{Blob, Origin},
    content::{container::Input, read::Buffer},
    edit::Edit,
    source::Meter,
};

/// How blobs that are made from others are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// Only where they differ.
    #[default]
    Changes,
    /// Each one as a whole: slow, and the measure for the other way.
    Whole,
}

/// The visitor that searches.
pub(super) struct Blobs<'s, S> {
    pub(super) search: &'s S,
    pub(super) reading: Reading,
    pub(super) meter: &'s Meter,
}

/// What one thread found.
pub(super) struct Found<T> {
    /// Blobs that hold something. A large blob was read in parts.
    pub(super) sightings: Vec<(Object, Vec<T>)>,
    /// Blobs that say where Git LFS keeps a file.
    pub(super) pointers: Vec<Object>,
    /// Blobs that could not be read, and how many are made from them.
    pub(super) broken: Vec<(Object, Broken, u32)>,
    /// Blobs that were read.
    pub(super) blobs: u64,
    /// Their bytes.
    pub(super) bytes: u64,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { sightings: Vec::new(), pointers: Vec::new(), broken: Vec::new(), blobs: 0, bytes: 0 }
    }
}

impl<T> Found<T> {
    /// Adds what another thread found.
    pub(super) fn add(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.pointers.extend(other.pointers);
        self.broken.extend(other.broken);
        self.blobs += other.blobs;
        self.bytes += other.bytes;
    }
}

/// How a file begins that stands for one that Git LFS keeps elsewhere.
///
/// <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer>
pub(super) const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Adds what is in `bytes` to `parts`, if they are a container.
pub(super) fn open<S: Search>(search: &S, bytes: &[u8], parts: &mut Vec<S::Sightings>) -> Opened {
    let Some(kind) = search.container(bytes) else { return Opened::No };
    let input = Input::Seekable(&mut io::Cursor::new(bytes));
    let (found, opened) = search.open(kind, input, bytes.len() as u64);
    parts.extend(found);
    opened
}

impl<S: Search> Blobs<'_, S> {
    fn note(
        &self,
        found: &mut Found<S::Sightings>,
        visited: Visited,
        bytes: &[u8],
        memory: &S::Memory,
    ) {
        if !visited.is_first {
            return;
        }
        self.count(found, bytes.len() as u64);
        if bytes.starts_with(POINTER) {
            found.pointers.push(visited.object);
        }
        let mut parts = Vec::new();
        if open(self.search, bytes, &mut parts) == Opened::No {
            parts.extend(self.search.sightings(bytes, memory));
        }
        if !parts.is_empty() {
            found.sightings.push((visited.object, parts));
        }
    }

    /// What a large blob holds: `parts` of it, or of what is in it. Returns its length.
    fn stream_parts(&self, bytes: &mut dyn Read, parts: &mut Vec<S::Sightings>) -> io::Result<u64> {
        let mut buffer = Buffer::new();
        let head = buffer.head(&mut *bytes);
        let Some(kind) = self.search.container(head) else {
            let part = |blob: &Blob<'_>| parts.extend(self.search.part(blob));
            return Ok(buffer.read_all(&Origin::nowhere(), bytes, part)?.bytes);
        };
        let head = buffer.take_head();
        let mut bytes = head.chain(bytes).take(u64::MAX);
        let (found, _) = self.search.open(kind, Input::Stream(&mut bytes), u64::MAX);
        parts.extend(found);
        io::copy(&mut bytes, &mut io::sink())?;
        Ok(u64::MAX - bytes.limit())
    }

    fn count(&self, found: &mut Found<S::Sightings>, bytes: u64) {
        self.meter.count(bytes);
        found.blobs += 1;
        found.bytes += bytes;
    }
}

impl<S: Search> Visitor for Blobs<'_, S> {
    type State = S::Memory;
    type Local = Found<S::Sightings>;

    fn root(&self, found: &mut Self::Local, visited: Visited, bytes: &[u8]) -> Self::State {
        let memory = self.search.read(bytes);
        self.note(found, visited, bytes, &memory);
        memory
    }

    fn child(
        &self,
        found: &mut Self::Local,
        visited: Visited,
        bytes: &[u8],
        base: &Self::State,
        edit: &Edit,
    ) -> Self::State {
        let memory = match self.reading {
            Reading::Changes => self.search.reread(bytes, base, edit),
            Reading::Whole => self.search.read(bytes),
        };
        self.note(found, visited, bytes, &memory);
        memory
    }

    fn stream(
        &self,
        found: &mut Self::Local,
        visited: Visited,
        bytes: &mut dyn Read,
    ) -> io::Result<()> {
        let mut parts = Vec::new();
        let read = self.stream_parts(bytes, &mut parts);
        if visited.is_first {
            if !parts.is_empty() {
                found.sightings.push((visited.object, parts));
            }
            self.count(found, *read.as_ref().unwrap_or(&0));
        }
        read.map(|_| ())
    }

    fn broken(&self, found: &mut Self::Local, object: Object, why: Broken, lost: u32) {
        found.broken.push((object, why, lost));
    }
}
