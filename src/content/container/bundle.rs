//! Git bundles: the blobs in their pack, each by its path in the oldest commit that has it, and the messages:
//! <https://git-scm.com/docs/gitformat-bundle>, <https://git-scm.com/docs/gitformat-pack>.
//!
//! The pack is held as it is stored, and its objects are made when they are needed. What is made from an
//! object that only the receiver has can't be made.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Read},
    rc::Rc,
};

use flate2::bufread::ZlibDecoder;
use gix::{
    ObjectId,
    hash::Kind as Hash,
    objs::{CommitRef, CommitRefIter, Kind, TagRef, TreeRefIter, compute_hash},
    odb::pack::data::{Entry as Stored, entry::Header},
};

use super::{Members, START, Trouble, named, shown};
use crate::{content::delta, coverage::Limit, edit::Edit, route::Step};

/// An object that is larger is not made.
const MAX_OBJECT_BYTES: u64 = 32 << 20;
/// Made objects that others may be made from.
const MAX_KEPT_BYTES: usize = 32 << 20;
/// Git makes no longer chain of objects that are made from each other by name.
const MAX_ROUNDS: usize = 64;
/// No larger pack is read to its end: this many are kept in mind.
const MAX_OBJECTS: usize = 1 << 20;
/// Of all paths together. A blob without one goes by its id.
const MAX_PATHS_BYTES: usize = 64 << 20;

/// Where a message stands in a repository: none of its files has such a path.
const COMMIT_MESSAGE: &str = ".git/commit-message";
const TAG_MESSAGE: &str = ".git/tag-message";

/// Gives the blobs of a bundle, and the messages of its commits and tags.
pub(super) fn open(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let bundle = members.hold(input)?;
    let (hash, pack) = header(&bundle).ok_or(Trouble::Damaged)?;
    let mut pack = Pack::new(pack, hash, members);
    let read = pack.read();
    if let Some(number) = pack.identify()? {
        let step = Step::Part { kind: "object", number };
        pack.members.gap(step, Trouble::Unsupported)?;
    }
    for (object, way) in pack.places()? {
        match pack.make(object) {
            Ok(blob) => pack.members.member_at(&way, START, &mut &blob[..])?,
            Err(trouble) => {
                pack.members.gap_at(&way, trouble)?;
                pack.stopped?;
            }
        }
    }
    pack.give_messages()?;
    read
}

/// How the objects of a bundle are named, and the pack behind its header.
fn header(bundle: &[u8]) -> Option<(Hash, &[u8])> {
    let end = memchr::memmem::find(bundle, b"\n\n")?;
    let is_sha256 = |line: &[u8]| line == b"@object-format=sha256";
    let lines = bundle[..end].split(|&b| b == b'\n');
    let hash = if lines.into_iter().any(is_sha256) { Hash::Sha256 } else { Hash::Sha1 };
    Some((hash, &bundle[end + 2..]))
}

/// What an object is made from.
#[derive(Debug, Clone, Copy)]
enum Base {
    Nothing,
    /// The object of this number.
    Object(usize),
    /// One that is not known yet.
    Named(ObjectId),
    /// One that is not there.
    Missing,
}

/// An object of a pack.
struct Object {
    /// Where its entry begins, and its packed bytes do.
    offset: u64,
    start: usize,
    /// Of what is packed.
    size: u64,
    base: Base,
    /// Known of those that can be made.
    known: Option<(Kind, ObjectId)>,
}

struct Pack<'p, 'm> {
    bytes: &'p [u8],
    hash: Hash,
    members: &'m mut dyn Members,
    /// Whether a limit was reached.
    stopped: Result<(), Limit>,
    /// In the order of their offsets.
    objects: Vec<Object>,
    by_id: HashMap<ObjectId, usize>,
    kept: HashMap<usize, Rc<Vec<u8>>>,
    kept_bytes: usize,
    paths_bytes: usize,
}

impl<'p, 'm> Pack<'p, 'm> {
    fn new(bytes: &'p [u8], hash: Hash, members: &'m mut dyn Members) -> Self {
        let (objects, by_id, kept) = Default::default();
        let (kept_bytes, paths_bytes) = (0, 0);
        let stopped = Ok(());
        Self { bytes, hash, members, stopped, objects, by_id, kept, kept_bytes, paths_bytes }
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Limit> {
        self.stopped = self.stopped.and(self.members.spend(bytes));
        self.stopped
    }

    /// Lists the objects, as far as they can be read.
    fn read(&mut self) -> Result<(), Trouble> {
        let bytes = self.bytes;
        let &[b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, a, b, c, d] =
            bytes.first_chunk().ok_or(Trouble::Damaged)?
        else {
            return Err(Trouble::Damaged);
        };
        let mut at = 12;
        for _ in 0..u32::from_be_bytes([a, b, c, d]) {
            if self.objects.len() == MAX_OBJECTS {
                return Err(Limit::Members.into());
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let entry = Stored::from_bytes(rest, at as u64, self.hash);
            let entry = entry.map_err(|_| Trouble::Damaged)?;
            let start = usize::try_from(entry.data_offset).map_err(|_| Trouble::Damaged)?;
            let packed = bytes.get(start..).ok_or(Trouble::Damaged)?;
            // What is small is paid for when it is made.
            let size = entry.decompressed_size;
            self.spend(if size > MAX_OBJECT_BYTES { size } else { 0 })?;
            let (unpacked, len) = unpack(packed, size, io::sink())?;
            if unpacked != size {
                return Err(Trouble::Damaged);
            }
            let base = self.base(at as u64, entry.header);
            let known = kind(entry.header).map(|kind| (kind, ObjectId::null(self.hash)));
            self.objects.push(Object { offset: at as u64, start, size, base, known });
            at = start + len;
        }
        Ok(())
    }

    fn base(&self, offset: u64, header: Header) -> Base {
        match header {
            Header::Blob | Header::Tree | Header::Commit | Header::Tag => Base::Nothing,
            Header::RefDelta { base_id } => Base::Named(base_id),
            Header::OfsDelta { base_distance } => {
                let base = offset.checked_sub(base_distance);
                let find = |base| self.objects.binary_search_by_key(&base, |o| o.offset);
                base.and_then(|base| find(base).ok()).map_or(Base::Missing, Base::Object)
            }
        }
    }

    /// Finds out what each object is; returns the number, from 1, of the first that can't be made.
    fn identify(&mut self) -> Result<Option<usize>, Trouble> {
        let mut waiting: Vec<usize> = (0..self.objects.len()).collect();
        for _ in 0..MAX_ROUNDS {
            let before = waiting.len();
            let mut still = Vec::new();
            for object in waiting {
                if !self.identify_one(object)? {
                    still.push(object);
                }
            }
            waiting = still;
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        for &object in &waiting {
            self.objects[object].known = None;
        }
        Ok(waiting.first().map(|object| object + 1))
    }

    /// Whether an object is one that can be made by now.
    fn identify_one(&mut self, object: usize) -> Result<bool, Trouble> {
        if let Base::Named(id) = self.objects[object].base {
            let Some(&base) = self.by_id.get(&id) else { return Ok(false) };
            self.objects[object].base = Base::Object(base);
        }
        let kind = match self.objects[object].base {
            Base::Nothing => self.objects[object].known.map(|(kind, _)| kind),
            Base::Object(base) => self.objects[base].known.map(|(kind, _)| kind),
            Base::Named(_) | Base::Missing => None,
        };
        let Some(kind) = kind else { return Ok(false) };
        let made = self.make(object);
        self.stopped?;
        let Ok(made) = made else { return Ok(false) };
        let Ok(id) = compute_hash(self.hash, kind, &made) else { return Ok(false) };
        self.objects[object].known = Some((kind, id));
        self.by_id.entry(id).or_insert(object);
        Ok(true)
    }

    /// The bytes of an object, made from those that it is made from.
    fn make(&mut self, object: usize) -> Result<Rc<Vec<u8>>, Trouble> {
        let (mut chain, mut at) = (Vec::new(), object);
        let mut made = loop {
            if let Some(kept) = self.kept.get(&at) {
                break Rc::clone(kept);
            }
            match self.objects[at].base {
                Base::Nothing => break Rc::new(self.unpacked(at)?),
                // A base comes before what is made from it, or was identified before.
                Base::Object(base) if chain.len() < self.objects.len() => {
                    chain.push(at);
                    at = base;
                }
                Base::Object(_) | Base::Named(_) | Base::Missing => return Err(Trouble::Damaged),
            }
        };
        self.keep(at, &made);
        while let Some(next) = chain.pop() {
            made = Rc::new(self.changed(&made, next)?);
            self.keep(next, &made);
        }
        Ok(made)
    }

    /// The object that the delta of `object` makes from `base`.
    fn changed(&mut self, base: &[u8], object: usize) -> Result<Vec<u8>, Trouble> {
        let delta = self.unpacked(object)?;
        let (base_len, len, instructions) = delta::header(&delta).map_err(|_| Trouble::Damaged)?;
        if base_len != base.len() as u64 {
            return Err(Trouble::Damaged);
        }
        if len > MAX_OBJECT_BYTES {
            return Err(Limit::Held.into());
        }
        self.spend(len)?;
        let mut made = Vec::new();
        let made_of =
            delta::apply(base, instructions, len as usize, &mut made, &mut Edit::default());
        made_of.map_err(|_| Trouble::Damaged)?;
        Ok(made)
    }

    /// What is packed in the entry of an object.
    fn unpacked(&mut self, object: usize) -> Result<Vec<u8>, Trouble> {
        let Object { start, size, .. } = self.objects[object];
        if size > MAX_OBJECT_BYTES {
            return Err(Limit::Held.into());
        }
        self.spend(size)?;
        let mut bytes = Vec::new();
        unpack(&self.bytes[start..], size, &mut bytes)?;
        Ok(bytes)
    }

    fn keep(&mut self, object: usize, made: &Rc<Vec<u8>>) {
        if self.kept_bytes + made.len() > MAX_KEPT_BYTES {
            self.kept.clear();
            self.kept_bytes = 0;
        }
        if self.kept.insert(object, Rc::clone(made)).is_none() {
            self.kept_bytes += made.len();
        }
    }

    /// All blobs, and the way to each: those of older commits first, and those of none last.
    fn places(&mut self) -> Result<Vec<(usize, Vec<Step>)>, Trouble> {
        let mut places = Vec::new();
        let mut seen = HashSet::new();
        // Bundles have the newest commit first.
        for object in (0..self.objects.len()).rev() {
            if let Some((Kind::Commit, id)) = self.objects[object].known
                && let Ok(commit) = self.make(object)
                && let Ok(tree) = CommitRefIter::from_bytes(&commit, self.hash).tree_id()
            {
                self.add_tree(tree, &commit_step(id), &mut seen, &mut places);
                self.stopped?;
            }
        }
        for (number, object) in self.objects.iter().enumerate() {
            if let Some((Kind::Blob, id)) = object.known
                && !seen.contains(&id)
            {
                places.push((number, vec![Step::Named(format!("object {id}"))]));
            }
        }
        Ok(places)
    }

    /// Gives the messages: those of older commits first.
    fn give_messages(&mut self) -> Result<(), Trouble> {
        for object in (0..self.objects.len()).rev() {
            let Some((kind @ (Kind::Commit | Kind::Tag), id)) = self.objects[object].known else {
                continue;
            };
            let made = self.make(object);
            self.stopped?;
            if let Some((step, path, message)) =
                made.as_ref().ok().and_then(|made| message(made, kind, id))
            {
                let way = [step, Step::Member(path.to_owned())];
                self.members.member_at(&way, START, &mut &*message)?;
            }
        }
        Ok(())
    }

    /// Adds the blobs below `tree` that no commit had before.
    fn add_tree(
        &mut self,
        tree: ObjectId,
        commit: &Step,
        seen: &mut HashSet<ObjectId>,
        places: &mut Vec<(usize, Vec<Step>)>,
    ) {
        let mut trees = vec![(tree, Vec::new())];
        while let Some((tree, path)) = trees.pop() {
            if !seen.insert(tree) {
                continue;
            }
            let Some(&object) = self.by_id.get(&tree) else { continue };
            let Ok(bytes) = self.make(object) else { continue };
            for entry in TreeRefIter::from_bytes(&bytes, self.hash).map_while(Result::ok) {
                let id = entry.oid.to_owned();
                let Some(&object) = self.by_id.get(&id) else { continue };
                self.paths_bytes += path.len() + entry.filename.len();
                if self.paths_bytes > MAX_PATHS_BYTES {
                    return;
                }
                let mut path = path.clone();
                path.extend_from_slice(entry.filename);
                match self.objects[object].known {
                    Some((Kind::Tree, _)) => {
                        path.push(b'/');
                        trees.push((id, path));
                    }
                    Some((Kind::Blob, _)) if seen.insert(id) => {
                        places.push((object, vec![commit.clone(), named(&path)]));
                    }
                    Some(_) | None => {}
                }
            }
        }
    }
}

/// The commit, as a step inwards.
fn commit_step(id: ObjectId) -> Step {
    Step::Named(format!("commit {}", id.to_hex_with_len(7)))
}

/// Whose message the object is, where it stands, and the message.
fn message(made: &[u8], kind: Kind, id: ObjectId) -> Option<(Step, &'static str, &[u8])> {
    match kind {
        Kind::Commit => {
            let message = CommitRef::from_bytes(made, id.kind()).ok()?.message;
            Some((commit_step(id), COMMIT_MESSAGE, message))
        }
        Kind::Tag => {
            let tag = TagRef::from_bytes(made, id.kind()).ok()?;
            let step = Step::Named(format!("tag {}", shown(tag.name)));
            Some((step, TAG_MESSAGE, tag.message))
        }
        Kind::Blob | Kind::Tree => None,
    }
}

fn kind(header: Header) -> Option<Kind> {
    match header {
        Header::Blob => Some(Kind::Blob),
        Header::Tree => Some(Kind::Tree),
        Header::Commit => Some(Kind::Commit),
        Header::Tag => Some(Kind::Tag),
        Header::OfsDelta { .. } | Header::RefDelta { .. } => None,
    }
}

/// Unpacks no more than one byte more than `size` to `out`; returns how many came, and from how many.
fn unpack(packed: &[u8], size: u64, mut out: impl io::Write) -> Result<(u64, usize), Trouble> {
    let mut unpacker = ZlibDecoder::new(packed);
    let unpacked = io::copy(&mut unpacker.by_ref().take(size.saturating_add(1)), &mut out)?;
    Ok((unpacked, unpacker.total_in() as usize))
}
