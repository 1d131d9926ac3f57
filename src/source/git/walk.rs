//! Walks the delta forest of a pack: every object is made once from its base, depth first.
//!
//! Of the ancestors of an object, only those are held that still have a child to come. The heaviest
//! child comes last, so each of these ancestors has at least twice as many descendants as the one
//! below it: there are never more than the logarithm of the pack's entries, however deep its chains.

use std::{
    io::{self, Read},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use gix::{
    odb::pack::data,
    zlib::{self, Decompress, FlushDecompress},
};

use super::{
    objects::Object,
    pack::{Pack, Position, Root},
};
use crate::{
    content::{
        delta::{self, DeltaError},
        read::WHOLE_BYTES,
    },
    edit::Edit,
};

/// An object that must be held while others are made from it may have so many bytes.
pub(super) const MAX_HELD_BYTES: u64 = 1 << 29;
/// A blob of more bytes that nothing is made from is read in parts.
pub(super) const MAX_WHOLE_BYTES: u64 = WHOLE_BYTES as u64;
/// Trees of deltas that hold objects of more bytes wait for each other.
const MAX_SHARED_BYTES: u64 = 16 << 20;

/// What is done with each object. One visitor serves all threads; `Local` belongs to one.
pub(super) trait Visitor: Sync {
    /// What is kept of an object for those that are made from it.
    type State;
    /// What a thread collects.
    type Local: Default + Send;

    /// An object that is stored whole.
    fn root(&self, local: &mut Self::Local, object: Visited, bytes: &[u8]) -> Self::State;
    /// An object that `edit` made from the one that `base` was kept of.
    fn child(
        &self,
        local: &mut Self::Local,
        object: Visited,
        bytes: &[u8],
        base: &Self::State,
        edit: &Edit,
    ) -> Self::State;
    /// An object that is too large to be held, and that nothing is made from.
    fn stream(
        &self,
        local: &mut Self::Local,
        object: Visited,
        bytes: &mut dyn Read,
    ) -> io::Result<()>;
    /// An object that can't be read, and so none of `lost` objects that are made from it.
    fn broken(&self, local: &mut Self::Local, object: Object, why: Broken, lost: u32);
}

/// The object that a visitor is at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visited {
    pub(super) object: Object,
    pub(super) kind: gix::objs::Kind,
    /// It was or will be visited elsewhere too, and counts there.
    pub(super) is_first: bool,
}

/// Why an object can't be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum Broken {
    #[error("its data in the pack is cut off or damaged")]
    Data(#[source] gix::Error),
    #[error("its data is cut off or damaged")]
    Stream(#[source] io::Error),
    #[error("{0}")]
    Delta(DeltaError),
    #[error("the object that it is made from is missing, or made from itself")]
    Base,
    #[error("it has {0} bytes; at most {MAX_HELD_BYTES} are held in memory")]
    TooLarge(u64),
    #[error("it claims to have {0} bytes, which the rest of its pack can't hold")]
    Claim(u64),
    #[error("it is not what its kind should be")]
    Form,
}

/// Visits every object of `pack` whose kind `wanted` names, from all threads of the current pool.
pub(super) fn walk<V: Visitor>(
    pack: &Pack,
    visitor: &V,
    wanted: impl Fn(gix::objs::Kind) -> bool + Sync,
) -> Vec<V::Local> {
    /// The trees of deltas that a thread takes at a time.
    const ROOTS: usize = 16;
    let mut roots: Vec<(Position, Root)> =
        pack.roots().iter().copied().filter(|(_, r)| wanted(r.kind)).collect();
    // The heaviest first, so that none of them is left to one thread at the end; else by offset.
    roots.sort_by_key(|(_, root)| std::cmp::Reverse(root.weight.checked_ilog2().unwrap_or(0) / 3));
    let next = AtomicUsize::new(0);
    let large = Mutex::new(());
    rayon::broadcast(|_| {
        let (mut scratch, mut local) = (Scratch::default(), V::Local::default());
        let mut walker = Walker {
            pack,
            visitor,
            local: &mut local,
            scratch: &mut scratch,
            large: &large,
            turn: None,
        };
        while let Some(roots) = roots.chunks(ROOTS).nth(next.fetch_add(1, Ordering::Relaxed)) {
            roots.iter().for_each(|&(position, root)| walker.tree(position, root));
        }
        drop(walker);
        local
    })
}

/// Room that is used again.
#[derive(Default)]
struct Scratch {
    inflate: zlib::Inflate,
    delta: Vec<u8>,
    edit: Edit,
    spare: Vec<Vec<u8>>,
}

struct Walker<'w, V: Visitor> {
    pack: &'w Pack,
    visitor: &'w V,
    local: &'w mut V::Local,
    scratch: &'w mut Scratch,
    large: &'w Mutex<()>,
    turn: Option<MutexGuard<'w, ()>>,
}

/// An object whose children are being visited.
struct Held<S> {
    bytes: Vec<u8>,
    state: S,
    position: Position,
    next_child: usize,
}

impl<'w, V: Visitor> Walker<'w, V> {
    fn tree(&mut self, position: Position, root: Root) {
        match self.root(position, root) {
            Ok(Some(held)) => self.descend(held, root.kind),
            Ok(None) => {}
            Err(why) => {
                self.visitor.broken(self.local, self.pack.object(position), why, root.weight);
            }
        }
        self.turn = None;
    }

    fn root(&mut self, position: Position, root: Root) -> Result<Option<Held<V::State>>, Broken> {
        let entry = self.pack.data.entry(self.pack.offset(position)).map_err(Broken::Data)?;
        let visited = self.visited(position, root.kind);
        let size = entry.decompressed_size;
        if size > MAX_WHOLE_BYTES && root.weight == 0 && root.kind == gix::objs::Kind::Blob {
            let mut stream = Inflating::new(self.compressed(&entry)?, size);
            return match self.visitor.stream(self.local, visited, &mut stream) {
                Ok(()) => Ok(None),
                Err(source) => Err(Broken::Stream(source)),
            };
        }
        self.take_turn(size)?;
        let mut bytes = self.scratch.spare.pop().unwrap_or_default();
        inflate(&self.pack.data, &entry, &mut self.scratch.inflate, &mut bytes)?;
        let state = self.visitor.root(self.local, visited, &bytes);
        Ok(Some(Held { bytes, state, position, next_child: 0 }))
    }

    fn descend(&mut self, root: Held<V::State>, kind: gix::objs::Kind) {
        let mut chain = vec![root];
        while let Some(parent) = chain.last_mut() {
            let children = self.pack.children(parent.position);
            let Some(&child) = children.get(parent.next_child) else {
                let done = chain.pop().expect("it was just looked at");
                self.put_back(done.bytes);
                continue;
            };
            parent.next_child += 1;
            let is_last = parent.next_child == children.len();
            let made = self.child(child, parent, kind);
            if is_last {
                let done = chain.pop().expect("it was just looked at");
                self.put_back(done.bytes);
            }
            match made {
                Ok(held) if !self.pack.children(child).is_empty() => chain.push(held),
                Ok(held) => self.put_back(held.bytes),
                Err(why) => {
                    let lost = self.descendants(child);
                    self.visitor.broken(self.local, self.pack.object(child), why, lost);
                }
            }
        }
    }

    fn child(
        &mut self,
        position: Position,
        base: &Held<V::State>,
        kind: gix::objs::Kind,
    ) -> Result<Held<V::State>, Broken> {
        let entry = self.pack.data.entry(self.pack.offset(position)).map_err(Broken::Data)?;
        let mut delta = std::mem::take(&mut self.scratch.delta);
        let mut bytes = self.scratch.spare.pop().unwrap_or_default();
        let made = inflate(&self.pack.data, &entry, &mut self.scratch.inflate, &mut delta)
            .and_then(|()| self.apply(&delta, &base.bytes, &mut bytes));
        self.scratch.delta = delta;
        made?;
        let visited = self.visited(position, kind);
        let state =
            self.visitor.child(self.local, visited, &bytes, &base.state, &self.scratch.edit);
        Ok(Held { bytes, state, position, next_child: 0 })
    }

    fn apply(&mut self, delta: &[u8], base: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        let (base_len, len, instructions) = delta::header(delta).map_err(Broken::Delta)?;
        if base_len != base.len() as u64 {
            return Err(Broken::Delta(DeltaError::WrongBase));
        }
        self.take_turn(len)?;
        delta::apply(base, instructions, len as usize, out, &mut self.scratch.edit)
            .map_err(Broken::Delta)
    }

    /// Waits until no other thread holds large objects, if this one is about to.
    fn take_turn(&mut self, size: u64) -> Result<(), Broken> {
        if size > MAX_HELD_BYTES {
            return Err(Broken::TooLarge(size));
        }
        if size > MAX_SHARED_BYTES && self.turn.is_none() {
            self.turn = Some(self.large.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(())
    }

    fn visited(&self, position: Position, kind: gix::objs::Kind) -> Visited {
        Visited { object: self.pack.object(position), kind, is_first: self.pack.is_first(position) }
    }

    fn compressed(&self, entry: &data::Entry) -> Result<&'w [u8], Broken> {
        let to_end = entry.data_offset..self.pack.data.pack_end() as u64;
        self.pack.data.entry_slice(to_end).ok_or(Broken::Base)
    }

    fn put_back(&mut self, mut bytes: Vec<u8>) {
        /// More than this is given back to the system.
        const MAX_SPARE_BYTES: usize = 4 << 20;
        if bytes.capacity() <= MAX_SPARE_BYTES {
            bytes.clear();
            self.scratch.spare.push(bytes);
        }
    }

    fn descendants(&self, position: Position) -> u32 {
        let mut count = 0;
        let mut left = vec![position];
        while let Some(position) = left.pop() {
            let children = self.pack.children(position);
            count += children.len() as u32;
            left.extend(children);
        }
        count
    }
}

/// The bytes of `entry`, uncompressed, in `out`.
pub(super) fn inflate(
    pack: &data::File,
    entry: &data::Entry,
    inflate: &mut zlib::Inflate,
    out: &mut Vec<u8>,
) -> Result<(), Broken> {
    if entry.decompressed_size > MAX_HELD_BYTES {
        return Err(Broken::TooLarge(entry.decompressed_size));
    }
    // An entry may claim any size: a thousandth of it must be there.
    let room = pack.pack_end() as u64 - entry.data_offset.min(pack.pack_end() as u64);
    if entry.decompressed_size / 1_100 > room {
        return Err(Broken::Claim(entry.decompressed_size));
    }
    let len = entry.decompressed_size as usize;
    out.clear();
    out.resize(len, 0);
    pack.decompress_entry(entry, inflate, out).map(|_| ()).map_err(Broken::Data)
}

/// Reads what a stream of zlib holds, part by part.
pub(super) struct Inflating<R> {
    state: Decompress,
    input: R,
    left: u64,
}

impl<R: io::BufRead> Inflating<R> {
    /// Expects `size` bytes.
    pub(super) fn new(input: R, size: u64) -> Self {
        Self { state: Decompress::new(), input, left: size }
    }
}

impl<R: io::BufRead> Read for Inflating<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || out.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.input.fill_buf()?;
            let ended = input.is_empty();
            let (total_in, total_out) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(input, out, FlushDecompress::None)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
            let read = (self.state.total_out() - total_out) as usize;
            let used = (self.state.total_in() - total_in) as usize;
            self.input.consume(used);
            if read > 0 {
                self.left = self.left.saturating_sub(read as u64);
                return Ok(read);
            }
            if ended || status == zlib::Status::StreamEnd {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
