//! Objects outside of the forests: those with files of their own, and entries of packs whose base
//! stands elsewhere. Each is read as a whole.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
};

use gix::{objs::Kind, odb::pack::data::entry::Header, zlib};

use super::{
    objects::{Database, Object},
    pack::Position,
    walk::{Broken, Inflating, MAX_HELD_BYTES, MAX_WHOLE_BYTES, Visited, Visitor, inflate},
};
use crate::{content::delta, edit::Edit};

/// Where an object is stored that no forest reaches.
#[derive(Debug, Clone)]
pub(super) enum Stray {
    /// In a file of its own.
    File(Object, PathBuf),
    /// In a pack, made from something that is not.
    Orphan(usize, Position),
}

/// All such objects of `database`.
pub(super) fn strays(database: &Database) -> Vec<Stray> {
    let files = database.loose.iter().map(|(object, path)| Stray::File(*object, path.clone()));
    let orphans = database.packs.iter().enumerate().flat_map(|(n, pack)| {
        pack.orphans
            .iter()
            .filter(|&&p| pack.is_first(p))
            .map(move |&position| Stray::Orphan(n, position))
    });
    files.chain(orphans).collect()
}

/// Reads strays; made once, because finding a base in another pack takes a list of all objects.
pub(super) struct Reader<'d> {
    database: &'d Database,
    places: HashMap<Object, Stray>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(database: &'d Database) -> Self {
        let mut places = HashMap::new();
        if database.packs.iter().any(|p| !p.orphans.is_empty()) {
            for (n, pack) in database.packs.iter().enumerate() {
                for position in pack.positions() {
                    let object = pack.object(position);
                    places.entry(object).or_insert(Stray::Orphan(n, position));
                }
            }
            for (object, path) in &database.loose {
                places.insert(*object, Stray::File(*object, path.clone()));
            }
        }
        Self { database, places }
    }

    /// Passes the object at `stray` to `visitor` if its kind is wanted; says what kind it is.
    pub(super) fn visit<V: Visitor>(
        &self,
        stray: &Stray,
        visitor: &V,
        local: &mut V::Local,
        wanted: impl Fn(Kind) -> bool,
    ) -> Option<Kind> {
        let object = match stray {
            Stray::File(object, _) => *object,
            Stray::Orphan(pack, position) => self.database.packs[*pack].object(*position),
        };
        let read = match stray {
            Stray::File(_, path) => visit_file(object, path, visitor, local, &wanted),
            Stray::Orphan(..) => self.read(stray).map(|(kind, bytes)| {
                if wanted(kind) {
                    visitor.root(local, Visited { object, kind, is_first: true }, &bytes);
                }
                kind
            }),
        };
        match read {
            Ok(kind) => Some(kind),
            Err(why) => {
                visitor.broken(local, object, why, 0);
                None
            }
        }
    }

    /// The object at `stray`, made from its base, and that from its own.
    fn read(&self, stray: &Stray) -> Result<(Kind, Vec<u8>), Broken> {
        /// A longer chain goes round in a circle: git makes none over 4,095.
        const MAX_CHAIN: usize = 10_000;
        let mut deltas: Vec<Vec<u8>> = Vec::new();
        let mut inflater = zlib::Inflate::default();
        let mut stray = stray;
        let (kind, mut bytes) = loop {
            let (pack, position) = match stray {
                Stray::File(_, path) => break read_file(path)?,
                Stray::Orphan(pack, position) => (&self.database.packs[*pack], *position),
            };
            let offset = pack.offset(position);
            let entry = pack.data.entry(offset).map_err(Broken::Data)?;
            let mut bytes = Vec::new();
            inflate(&pack.data, &entry, &mut inflater, &mut bytes)?;
            let base = match entry.header {
                Header::Blob => break (Kind::Blob, bytes),
                Header::Tree => break (Kind::Tree, bytes),
                Header::Commit => break (Kind::Commit, bytes),
                Header::Tag => break (Kind::Tag, bytes),
                Header::RefDelta { base_id } => self.database.objects.find(base_id.as_bytes()),
                Header::OfsDelta { base_distance } => offset
                    .checked_sub(base_distance)
                    .and_then(|offset| pack.find(offset))
                    .map(|position| pack.object(position)),
            };
            deltas.push(bytes);
            stray = base.and_then(|b| self.places.get(&b)).ok_or(Broken::Base)?;
            if deltas.len() > MAX_CHAIN {
                return Err(Broken::Base);
            }
        };
        let mut edit = Edit::default();
        for delta in deltas.iter().rev() {
            let (_, len, instructions) = delta::header(delta).map_err(Broken::Delta)?;
            if len > MAX_HELD_BYTES {
                return Err(Broken::TooLarge(len));
            }
            let mut made = Vec::new();
            delta::apply(&bytes, instructions, len as usize, &mut made, &mut edit)
                .map_err(Broken::Delta)?;
            bytes = made;
        }
        Ok((kind, bytes))
    }
}

fn visit_file<V: Visitor>(
    object: Object,
    path: &Path,
    visitor: &V,
    local: &mut V::Local,
    wanted: &impl Fn(Kind) -> bool,
) -> Result<Kind, Broken> {
    let (kind, size, mut stream) = open(path)?;
    if !wanted(kind) {
        return Ok(kind);
    }
    let visited = Visited { object, kind, is_first: true };
    if kind == Kind::Blob && size > MAX_WHOLE_BYTES {
        visitor.stream(local, visited, &mut stream).map_err(Broken::Stream)?;
    } else {
        let bytes = read_whole(size, stream)?;
        visitor.root(local, visited, &bytes);
    }
    Ok(kind)
}

fn read_file(path: &Path) -> Result<(Kind, Vec<u8>), Broken> {
    let (kind, size, stream) = open(path)?;
    Ok((kind, read_whole(size, stream)?))
}

fn read_whole(size: u64, mut stream: impl Read) -> Result<Vec<u8>, Broken> {
    if size > MAX_HELD_BYTES {
        return Err(Broken::TooLarge(size));
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(Broken::Stream)?;
    Ok(bytes)
}

/// Reads the header of a loose object: its kind, a blank, its size in decimal, a zero.
fn open(path: &Path) -> Result<(Kind, u64, impl Read + use<>), Broken> {
    /// `commit`, a blank, twenty digits.
    const MAX_HEADER: u64 = 32;
    let file = File::open(path).map_err(Broken::Stream)?;
    let mut stream = BufReader::new(Inflating::new(BufReader::new(file), u64::MAX));
    let mut header = Vec::new();
    stream.by_ref().take(MAX_HEADER).read_until(0, &mut header).map_err(Broken::Stream)?;
    let (kind, size) = parse_header(&header).ok_or(Broken::Form)?;
    Ok((kind, size, Exactly { stream, left: size }))
}

fn parse_header(header: &[u8]) -> Option<(Kind, u64)> {
    let header = std::str::from_utf8(header.strip_suffix(&[0])?).ok()?;
    let (kind, size) = header.split_once(' ')?;
    Some((Kind::from_bytes(kind.as_bytes()).ok()?, size.parse().ok()?))
}

/// A stream that must have so many bytes.
struct Exactly<R> {
    stream: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if len == 0 {
            return Ok(0);
        }
        let read = self.stream.read(&mut out[..len])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}
