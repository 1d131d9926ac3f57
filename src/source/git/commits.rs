//! Reads all commits and annotated tags: the graph, who made it, and the messages, which are text too.

use std::{
    collections::HashMap,
    io::{self, Read},
};

use gix::{
    hash::ObjectId,
    objs::{CommitRef, Kind, TagRef},
};

use super::{
    Search,
    objects::{Object, Objects},
    walk::{Broken, Visited, Visitor},
};
use crate::{edit::Edit, history::Date, source::Meter};

/// A commit, as far as the graph needs it.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) object: Object,
    pub(super) tree: Option<Object>,
    pub(super) parents: Vec<Object>,
    /// Parents that the database does not have.
    pub(super) absent_parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970.
    pub(super) time: i64,
    pub(super) author: Author,
}

/// An annotated tag.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) object: Object,
    pub(super) target: Option<Object>,
    pub(super) tagger: Author,
}

/// Who made a commit or a tag, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    /// Number of the name in the list of the thread that read it.
    name: u32,
    pub(super) date: Date,
}

/// What one thread read.
pub(super) struct Annals<T> {
    pub(super) commits: Vec<Commit>,
    pub(super) tags: Vec<Tag>,
    pub(super) messages: Vec<(Object, T)>,
    /// Objects that a commit or a tag names and the database does not have; no parents.
    pub(super) missing: Vec<ObjectId>,
    pub(super) broken: Vec<(Object, Broken, u32)>,
    pub(super) bytes: u64,
    names: Vec<Box<[u8]>>,
    by_name: HashMap<Box<[u8]>, u32>,
}

impl<T> Default for Annals<T> {
    fn default() -> Self {
        Self {
            commits: Vec::new(),
            tags: Vec::new(),
            messages: Vec::new(),
            missing: Vec::new(),
            broken: Vec::new(),
            bytes: 0,
            names: Vec::new(),
            by_name: HashMap::new(),
        }
    }
}

impl<T> Annals<T> {
    /// Adds what another thread read.
    pub(super) fn add(&mut self, other: Self) {
        let shift = self.names.len() as u32;
        let moved = |author: Author| Author { name: author.name + shift, ..author };
        self.commits
            .extend(other.commits.into_iter().map(|c| Commit { author: moved(c.author), ..c }));
        self.tags.extend(other.tags.into_iter().map(|t| Tag { tagger: moved(t.tagger), ..t }));
        self.messages.extend(other.messages);
        self.missing.extend(other.missing);
        self.broken.extend(other.broken);
        self.bytes += other.bytes;
        self.names.extend(other.names);
    }

    /// The name of an author, for people.
    pub(super) fn name(&self, author: Author) -> String {
        shown_name(&self.names[author.name as usize])
    }

    fn author(&mut self, signature: &[u8]) -> Author {
        let (name, date) = signed(signature);
        let number = match self.by_name.get(name) {
            Some(&number) => number,
            None => {
                let number = self.names.len() as u32;
                self.names.push(name.into());
                self.by_name.insert(name.into(), number);
                number
            }
        };
        Author { name: number, date }
    }

    /// The object called `id`; one that is absent is noted.
    fn link(&mut self, objects: &Objects, id: ObjectId) -> Option<Object> {
        let found = objects.find(id.as_bytes());
        if found.is_none() {
            self.missing.push(id);
        }
        found
    }
}

/// The name of who signed, as it is stored, and when; nothing and 1970 if that can't be read.
pub(super) fn signed(signature: &[u8]) -> (&[u8], Date) {
    let signature = gix::actor::SignatureRef::from_bytes(signature).ok();
    let time = signature.as_ref().and_then(|s| s.time().ok()).unwrap_or_default();
    let date = Date { seconds: time.seconds, offset_seconds: time.offset };
    (signature.map_or(b"", |s| s.name), date)
}

/// A name for people.
pub(super) fn shown_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).trim().to_owned()
}

/// The visitor that reads commits and tags.
pub(super) struct Commits<'s, S> {
    pub(super) search: &'s S,
    pub(super) objects: &'s Objects,
    pub(super) meter: &'s Meter,
}

impl<S: Search> Commits<'_, S> {
    fn commit(
        &self,
        read: &mut Annals<S::Sightings>,
        visited: Visited,
        bytes: &[u8],
    ) -> Option<()> {
        let commit = CommitRef::from_bytes(bytes, self.objects.hash()).ok()?;
        let (mut parents, mut absent_parents) = (Vec::new(), Vec::new());
        for id in commit.parents() {
            match self.objects.find(id.as_bytes()) {
                Some(parent) => parents.push(parent),
                None => absent_parents.push(id),
            }
        }
        let author = read.author(commit.author);
        let time = read.author(commit.committer).date.seconds;
        let tree = read.link(self.objects, commit.tree());
        self.message(read, visited.object, commit.message);
        let object = visited.object;
        read.commits.push(Commit { object, tree, parents, absent_parents, time, author });
        Some(())
    }

    fn tag(&self, read: &mut Annals<S::Sightings>, visited: Visited, bytes: &[u8]) -> Option<()> {
        let tag = TagRef::from_bytes(bytes, self.objects.hash()).ok()?;
        let tagger = read.author(tag.tagger.map_or(b"", |t| t));
        let target = read.link(self.objects, tag.target());
        self.message(read, visited.object, tag.message);
        read.tags.push(Tag { object: visited.object, target, tagger });
        Some(())
    }

    fn message(&self, read: &mut Annals<S::Sightings>, object: Object, message: &[u8]) {
        let memory = self.search.read(message);
        if let Some(sightings) = self.search.sightings(message, &memory) {
            read.messages.push((object, sightings));
        }
    }
}

impl<S: Search> Visitor for Commits<'_, S> {
    type State = ();
    type Local = Annals<S::Sightings>;

    fn root(&self, read: &mut Self::Local, visited: Visited, bytes: &[u8]) {
        if !visited.is_first {
            return;
        }
        self.meter.count(bytes.len() as u64);
        read.bytes += bytes.len() as u64;
        let parsed = match visited.kind {
            Kind::Commit => self.commit(read, visited, bytes),
            _ => self.tag(read, visited, bytes),
        };
        if parsed.is_none() {
            read.broken.push((visited.object, Broken::Form, 0));
        }
    }

    fn child(&self, read: &mut Self::Local, visited: Visited, bytes: &[u8], (): &(), _: &Edit) {
        self.root(read, visited, bytes);
    }

    fn stream(&self, _: &mut Self::Local, _: Visited, _: &mut dyn Read) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    fn broken(&self, read: &mut Self::Local, object: Object, why: Broken, lost: u32) {
        read.broken.push((object, why, lost));
    }
}
