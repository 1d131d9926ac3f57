//! Reads all trees: which tree holds which tree, and which holds a blob that something was found in.
//!
//! A tree is made from another by a delta; entries that were copied are known already.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    io::{self, Read},
    ops::Range,
};

use gix::hash::ObjectId;

use super::{
    objects::{Object, Objects},
    walk::{Broken, Visited, Visitor},
};
use crate::edit::Edit;

/// A name in a tree, by its hash: names are compared far more often than shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(pub(super) u64);

/// `parent` has `child` under `name`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) parent: Object,
    pub(super) child: Object,
    pub(super) name: Name,
}

/// What one thread read.
#[derive(Debug, Default)]
pub(super) struct Forest {
    pub(super) edges: Vec<Edge>,
    pub(super) names: HashMap<Name, Box<[u8]>>,
    /// Objects that a tree names and the database does not have.
    pub(super) missing: HashSet<ObjectId>,
    pub(super) broken: Vec<(Object, Broken, u32)>,
    pub(super) trees: u64,
}

impl Forest {
    /// Adds what another thread read.
    pub(super) fn add(&mut self, other: Self) {
        self.edges.extend(other.edges);
        self.names.extend(other.names);
        self.missing.extend(other.missing);
        self.broken.extend(other.broken);
        self.trees += other.trees;
    }
}

/// The visitor that reads trees.
pub(super) struct Trees<'o> {
    objects: &'o Objects,
    /// One bit for each object: something was found in it.
    wanted: Vec<u64>,
    hasher: RandomState,
}

/// The entries of one tree.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Where each of them begins; and where the last one ends.
    starts: Vec<u32>,
    /// Those that lead somewhere.
    links: Vec<Link>,
    is_broken: bool,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    at: u32,
    child: Object,
    name: Name,
}

impl<'o> Trees<'o> {
    /// Looks for trees and for the `wanted` blobs.
    pub(super) fn new(objects: &'o Objects, wanted: impl Iterator<Item = Object>) -> Self {
        let mut bits = vec![0_u64; objects.len() / 64 + 1];
        for Object(n) in wanted {
            bits[n as usize / 64] |= 1 << (n % 64);
        }
        Self { objects, wanted: bits, hasher: RandomState::new() }
    }

    fn is_wanted(&self, Object(n): Object) -> bool {
        self.wanted[n as usize / 64] >> (n % 64) & 1 == 1
    }

    /// Adds the entry of `bytes` that begins at `at` to `entries`; returns where it ends.
    fn read(
        &self,
        forest: &mut Forest,
        bytes: &[u8],
        at: usize,
        entries: &mut Entries,
    ) -> Option<usize> {
        let Raw { kind, name, id } = raw(bytes, at, self.objects.hash().len_in_bytes())?;
        entries.starts.push(at as u32);
        match (kind, self.objects.find(&bytes[id.clone()])) {
            // A commit of another repository.
            (EntryKind::Commit, _) => {}
            (_, None) => {
                forest.missing.insert(ObjectId::from_bytes_or_panic(&bytes[id.clone()]));
            }
            (EntryKind::Blob, Some(child)) if !self.is_wanted(child) => {}
            (_, Some(child)) => {
                let name = &bytes[name];
                let hash = Name(self.hasher.hash_one(name));
                forest.names.entry(hash).or_insert_with(|| name.into());
                entries.links.push(Link { at: at as u32, child, name: hash });
            }
        }
        Some(id.end)
    }

    fn finish(
        &self,
        forest: &mut Forest,
        visited: Visited,
        mut entries: Entries,
        len: usize,
    ) -> Entries {
        entries.starts.push(len as u32);
        if visited.is_first {
            forest.trees += 1;
            let parent = visited.object;
            forest.edges.extend(entries.links.iter().map(|l| Edge {
                parent,
                child: l.child,
                name: l.name,
            }));
            if entries.is_broken {
                forest.broken.push((parent, Broken::Form, 0));
            }
        }
        entries
    }
}

impl Visitor for Trees<'_> {
    type State = Entries;
    type Local = Forest;

    fn root(&self, forest: &mut Forest, visited: Visited, bytes: &[u8]) -> Entries {
        let mut entries = Entries::default();
        let mut at = 0;
        while at < bytes.len() {
            let Some(end) = self.read(forest, bytes, at, &mut entries) else {
                entries.is_broken = true;
                break;
            };
            at = end;
        }
        self.finish(forest, visited, entries, bytes.len())
    }

    fn child(
        &self,
        forest: &mut Forest,
        visited: Visited,
        bytes: &[u8],
        base: &Entries,
        edit: &Edit,
    ) -> Entries {
        if base.is_broken {
            return self.root(forest, visited, bytes);
        }
        let mut entries = Entries::default();
        let mut at = 0;
        let mut copies = edit.copies();
        while at < bytes.len() {
            while copies.first().is_some_and(|c| c.to + c.len <= at) {
                copies = &copies[1..];
            }
            // Where an entry of the base begins and ends in what was copied, it is the same entry.
            if let Some(copied) = copies.first().filter(|c| c.to <= at) {
                let old = (at - copied.to + copied.from) as u32;
                let old_end = (copied.from + copied.len) as u32;
                if let Ok(first) = base.starts.binary_search(&old) {
                    let last = base.starts.partition_point(|&s| s <= old_end) - 1;
                    if last > first {
                        entries.take(base, first..last, at);
                        at += (base.starts[last] - old) as usize;
                        continue;
                    }
                }
            }
            let Some(end) = self.read(forest, bytes, at, &mut entries) else {
                entries.is_broken = true;
                break;
            };
            at = end;
        }
        self.finish(forest, visited, entries, bytes.len())
    }

    fn stream(&self, _: &mut Forest, _: Visited, _: &mut dyn Read) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn broken(&self, forest: &mut Forest, object: Object, why: Broken, lost: u32) {
        forest.broken.push((object, why, lost));
    }
}

impl Entries {
    /// Takes over entries of another tree, the first of which now begins at `at`.
    fn take(&mut self, base: &Self, numbers: Range<usize>, at: usize) {
        let old = base.starts[numbers.start]..base.starts[numbers.end];
        let at = at as u32;
        self.starts.extend(base.starts[numbers].iter().map(|s| s - old.start + at));
        let first = base.links.partition_point(|l| l.at < old.start);
        let links = base.links[first..].iter().take_while(|l| l.at < old.end);
        self.links.extend(links.map(|l| Link { at: l.at - old.start + at, ..*l }));
    }
}

/// What an entry says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Tree,
    /// A file or a symbolic link.
    Blob,
    /// A submodule.
    Commit,
}

/// An entry as it is stored: mode in octal, a blank, the name, a zero, the id.
struct Raw {
    kind: EntryKind,
    name: Range<usize>,
    id: Range<usize>,
}

fn raw(bytes: &[u8], at: usize, id_len: usize) -> Option<Raw> {
    /// Six digits, or five for a tree.
    const MAX_MODE: usize = 7;
    let rest = &bytes[at..];
    let blank = rest.iter().take(MAX_MODE).position(|&b| b == b' ')?;
    let mode = rest[..blank].iter().try_fold(0_u32, |mode, b| {
        matches!(b, b'0'..=b'7').then(|| mode << 3 | u32::from(b - b'0'))
    })?;
    let kind = match mode & 0o170_000 {
        0o040_000 => EntryKind::Tree,
        0o160_000 => EntryKind::Commit,
        _ => EntryKind::Blob,
    };
    let name = at + blank + 1;
    let zero = name + memchr::memchr(0, &bytes[name..])?;
    let end = zero + 1 + id_len;
    (end <= bytes.len()).then_some(Raw { kind, name: name..zero, id: zero + 1..end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_to_its_end() {
        let mut bytes = b"100644 a b\0".to_vec();
        bytes.extend([7; 20]);
        bytes.extend(b"40000 c\0");
        bytes.extend([8; 20]);
        let first = raw(&bytes, 0, 20).unwrap();
        assert_eq!(
            (first.kind, &bytes[first.name], first.id),
            (EntryKind::Blob, &b"a b"[..], 11..31)
        );
        let second = raw(&bytes, 31, 20).unwrap();
        assert_eq!((second.kind, &bytes[second.name]), (EntryKind::Tree, &b"c"[..]));
        assert!(raw(&bytes[..40], 31, 20).is_none());
        assert!(raw(b"9 a\0", 0, 0).is_none());
    }
}
