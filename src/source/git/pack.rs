//! One pack: its entries in the order of their offsets, and which is made from which.

use gix::odb::pack::data::{self, entry::Header};
use rayon::prelude::*;

use super::objects::{Object, Objects};

/// Which entry of a pack: its place in the order of offsets.
pub(super) type Position = u32;

/// A pack and the forest of its deltas.
pub(super) struct Pack {
    pub(super) data: data::File,
    entries: Vec<Entry>,
    /// Children of all entries, by parent, lightest first.
    children: Vec<Position>,
    /// For each entry, its first child; and one number more.
    first_child: Vec<u32>,
    /// Entries that are made from nothing, in the order of their offsets.
    roots: Vec<(Position, Root)>,
    /// Entries whose base can't be found in the pack, or that are made from each other.
    pub(super) orphans: Vec<Position>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    object: Object,
    /// An object that is stored twice is reported where it stands first.
    is_first: bool,
}

/// What the tree of deltas above a root consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) kind: gix::objs::Kind,
    /// How many entries are made from it, and from these.
    pub(super) weight: u32,
}

/// What an entry is made from.
#[derive(Clone, Copy)]
enum Base {
    Nothing(gix::objs::Kind),
    Entry(Position),
    Missing,
}

impl Pack {
    /// The forest of `data`, whose index lists `entries`.
    pub(super) fn new(
        data: data::File,
        mut entries: Vec<(u64, Object, bool)>,
        objects: &Objects,
    ) -> Self {
        entries.par_sort_unstable_by_key(|(offset, ..)| *offset);
        let entries: Vec<Entry> = entries
            .into_iter()
            .map(|(offset, object, is_first)| Entry { offset, object, is_first })
            .collect();
        let by_object = ByObject::of(&data, &entries, objects);
        let bases: Vec<Base> =
            entries.par_iter().map(|e| base(&data, &entries, &by_object, e.offset)).collect();
        let mut pack = Self {
            data,
            entries,
            children: Vec::new(),
            first_child: Vec::new(),
            roots: Vec::new(),
            orphans: Vec::new(),
        };
        pack.grow(&bases);
        pack
    }

    /// Fills in children, roots and orphans.
    fn grow(&mut self, bases: &[Base]) {
        let mut first_child = vec![0_u32; bases.len() + 1];
        for base in bases {
            if let Base::Entry(base) = base {
                first_child[*base as usize + 1] += 1;
            }
        }
        for n in 1..first_child.len() {
            first_child[n] += first_child[n - 1];
        }
        let mut next = first_child.clone();
        let mut children = vec![0; *first_child.last().unwrap_or(&0) as usize];
        for (position, base) in bases.iter().enumerate() {
            if let Base::Entry(base) = base {
                let slot = &mut next[*base as usize];
                children[*slot as usize] = position as u32;
                *slot += 1;
            }
        }
        // Breadth first from the roots: every entry comes after its base, unless it has none.
        let mut order: Vec<Position> = (0..bases.len() as u32)
            .filter(|&p| matches!(bases[p as usize], Base::Nothing(_)))
            .collect();
        let roots = order.len();
        let mut at = 0;
        while let Some(&position) = order.get(at) {
            let range = first_child[position as usize]..first_child[position as usize + 1];
            order.extend(range.map(|n| children[n as usize]));
            at += 1;
        }
        let mut weights = vec![0_u32; bases.len()];
        let mut reached = vec![false; bases.len()];
        for &position in order.iter().rev() {
            reached[position as usize] = true;
            if let Base::Entry(base) = bases[position as usize] {
                weights[base as usize] += 1 + weights[position as usize];
            }
        }
        for position in 0..bases.len() {
            let range = first_child[position] as usize..first_child[position + 1] as usize;
            children[range].sort_by_key(|&c| weights[c as usize]);
        }
        order.truncate(roots);
        self.roots = order
            .into_iter()
            .filter_map(|position| match bases[position as usize] {
                Base::Nothing(kind) => {
                    Some((position, Root { kind, weight: weights[position as usize] }))
                }
                Base::Entry(_) | Base::Missing => None,
            })
            .collect();
        self.orphans = (0..bases.len() as u32).filter(|&p| !reached[p as usize]).collect();
        (self.children, self.first_child) = (children, first_child);
    }

    pub(super) fn roots(&self) -> &[(Position, Root)] {
        &self.roots
    }

    /// The entries that are made from `position`, lightest first.
    pub(super) fn children(&self, position: Position) -> &[Position] {
        let range = |n: usize| self.first_child[n] as usize;
        &self.children[range(position as usize)..range(position as usize + 1)]
    }

    /// All entries.
    pub(super) fn positions(&self) -> std::ops::Range<Position> {
        0..self.entries.len() as u32
    }

    /// The entry at `offset`.
    pub(super) fn find(&self, offset: u64) -> Option<Position> {
        self.entries.binary_search_by_key(&offset, |e| e.offset).ok().map(|n| n as u32)
    }

    pub(super) fn offset(&self, position: Position) -> u64 {
        self.entries[position as usize].offset
    }

    pub(super) fn object(&self, position: Position) -> Object {
        self.entries[position as usize].object
    }

    /// Whether the object is not stored in an earlier pack as well.
    pub(super) fn is_first(&self, position: Position) -> bool {
        self.entries[position as usize].is_first
    }
}

/// From objects to the entries of a pack, for deltas that name their base by its id.
enum ByObject<'o> {
    NotNeeded,
    Sorted(&'o Objects, Vec<(Object, Position)>),
}

impl<'o> ByObject<'o> {
    fn of(data: &data::File, entries: &[Entry], objects: &'o Objects) -> Self {
        let is_named = |e: &Entry| {
            data.entry(e.offset).is_ok_and(|e| matches!(e.header, Header::RefDelta { .. }))
        };
        if !entries.par_iter().any(is_named) {
            return Self::NotNeeded;
        }
        let mut sorted: Vec<_> =
            entries.iter().enumerate().map(|(n, e)| (e.object, n as u32)).collect();
        sorted.sort_unstable();
        Self::Sorted(objects, sorted)
    }

    fn find(&self, id: &gix::oid) -> Option<Position> {
        let Self::Sorted(objects, sorted) = self else { return None };
        let object = objects.find(id.as_bytes())?;
        let at = sorted.binary_search_by_key(&object, |(o, _)| *o).ok()?;
        Some(sorted[at].1)
    }
}

fn base(data: &data::File, entries: &[Entry], by_object: &ByObject<'_>, offset: u64) -> Base {
    let Ok(entry) = data.entry(offset) else { return Base::Missing };
    let found = match entry.header {
        Header::OfsDelta { base_distance } => offset
            .checked_sub(base_distance)
            .and_then(|base| entries.binary_search_by_key(&base, |e| e.offset).ok())
            .map(|n| n as u32),
        Header::RefDelta { base_id } => by_object.find(&base_id),
        Header::Blob => return Base::Nothing(gix::objs::Kind::Blob),
        Header::Tree => return Base::Nothing(gix::objs::Kind::Tree),
        Header::Commit => return Base::Nothing(gix::objs::Kind::Commit),
        Header::Tag => return Base::Nothing(gix::objs::Kind::Tag),
    };
    found.map_or(Base::Missing, Base::Entry)
}
