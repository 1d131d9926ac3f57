//! The ids of all objects of a database, and where each one is stored.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use gix::{
    hash::{Kind, ObjectId, oid},
    odb::pack,
};

use super::{GitError, pack::Pack};

/// Which object: its place in the order of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Object(pub(super) u32);

/// All ids, sorted.
#[derive(Debug)]
pub(super) struct Objects {
    hash: Kind,
    ids: Vec<u8>,
    /// For each pair of first bytes, the first object that has it or a later one.
    fan: Vec<u32>,
}

impl Objects {
    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len() / self.hash.len_in_bytes()
    }

    /// The ids, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &oid> {
        self.ids.chunks_exact(self.hash.len_in_bytes()).map(oid::from_bytes_unchecked)
    }

    pub(super) fn hash(&self) -> Kind {
        self.hash
    }

    pub(super) fn id(&self, Object(n): Object) -> &oid {
        let len = self.hash.len_in_bytes();
        oid::from_bytes_unchecked(&self.ids[n as usize * len..][..len])
    }

    /// The object called `id`, which has the length of a hash.
    pub(super) fn find(&self, id: &[u8]) -> Option<Object> {
        let len = self.hash.len_in_bytes();
        let slot = usize::from(u16::from_be_bytes([id[0], id[1]]));
        let (mut low, mut high) = (self.fan[slot] as usize, self.fan[slot + 1] as usize);
        let start = first_bytes(id);
        while low < high {
            let middle = (low + high) / 2;
            let other = &self.ids[middle * len..][..len];
            // Nearly always the first bytes decide.
            match first_bytes(other).cmp(&start).then_with(|| other.cmp(id)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(Object(middle as u32)),
            }
        }
        None
    }
}

/// An object as an index or a directory lists it.
struct Listed {
    id: [u8; 32],
    /// Number of the pack; `LOOSE` if it has a file of its own.
    store: u32,
    /// In the pack; or the number of the object directory.
    at: u64,
}

const LOOSE: u32 = u32::MAX;

/// A whole database: the ids, the packs, and the objects that have files of their own.
pub(super) struct Database {
    pub(super) objects: Objects,
    pub(super) packs: Vec<Pack>,
    pub(super) loose: Vec<(Object, PathBuf)>,
    /// What could not be used.
    pub(super) errors: Vec<GitError>,
}

impl Database {
    /// Lists what is stored in `directories`: `objects` of a repository, and those of its alternates.
    /// What can't be read becomes an error; the rest is listed.
    pub(super) fn list(directories: &[PathBuf], hash: Kind) -> Self {
        let mut listing = Listing { hash, ..Listing::default() };
        for (n, directory) in directories.iter().enumerate() {
            listing.packs_of(directory);
            listing.loose_of(directory, n as u64);
        }
        listing.finish(directories)
    }
}

struct Listing {
    hash: Kind,
    all: Vec<Listed>,
    packs: Vec<pack::data::File>,
    errors: Vec<GitError>,
}

impl Default for Listing {
    fn default() -> Self {
        Self { hash: Kind::Sha1, all: Vec::new(), packs: Vec::new(), errors: Vec::new() }
    }
}

impl Listing {
    fn packs_of(&mut self, objects: &Path) {
        let directory = objects.join("pack");
        let mut paths: Vec<PathBuf> = match fs::read_dir(&directory) {
            Ok(entries) => entries.filter_map(|e| Some(e.ok()?.path())).collect(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return,
            Err(source) => return self.errors.push(GitError::Read { path: directory, source }),
        };
        paths.retain(|p| p.extension().is_some_and(|e| e == "pack"));
        paths.sort();
        let multi = directory.join("multi-pack-index");
        for path in paths {
            let index = path.with_extension("idx");
            if let Err(error) = self.pack(&path, &index, &multi) {
                self.errors.push(error);
            }
        }
    }

    fn pack(&mut self, path: &Path, index: &Path, multi: &Path) -> Result<(), GitError> {
        let unusable = |path: &Path| {
            let path = path.to_path_buf();
            |source| GitError::File { path, source: Box::new(source) }
        };
        let data = pack::data::File::at(path, self.hash).map_err(unusable(path))?;
        let store = self.packs.len() as u32;
        let before = self.all.len();
        if index.exists() {
            let index = pack::index::File::at(index, self.hash).map_err(unusable(index))?;
            self.all.extend(index.iter().map(|entry| listed(&entry.oid, store, entry.pack_offset)));
        } else if multi.exists() {
            self.add_from_multi_index(index, multi, store).map_err(unusable(multi))?;
        }
        if self.all.len() == before && data.num_objects() > 0 {
            return Err(GitError::NoIndex { path: path.into() });
        }
        self.packs.push(data);
        Ok(())
    }

    /// A pack may have no index of its own if one index serves several packs.
    fn add_from_multi_index(
        &mut self,
        index: &Path,
        multi: &Path,
        store: u32,
    ) -> Result<(), gix::Error> {
        let file = pack::multi_index::File::at(multi, None)?;
        let number =
            file.index_names().iter().position(|name| Some(name.as_os_str()) == index.file_name());
        for entry in file.iter() {
            let entry = entry?;
            if Some(entry.pack_index as usize) == number {
                self.all.push(listed(&entry.oid, store, entry.pack_offset));
            }
        }
        Ok(())
    }

    fn loose_of(&mut self, objects: &Path, directory: u64) {
        let entries = match fs::read_dir(objects) {
            Ok(entries) => entries,
            Err(source) => {
                return self.errors.push(GitError::Read { path: objects.into(), source });
            }
        };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            let Some(first) = name.to_str().filter(|n| n.len() == 2 && is_hex(n)) else { continue };
            match fs::read_dir(entry.path()) {
                Ok(files) => {
                    for file in files.filter_map(Result::ok) {
                        let hex = format!("{first}{}", file.file_name().to_string_lossy());
                        if let Ok(id) = ObjectId::from_hex(hex.as_bytes())
                            && id.kind() == self.hash
                        {
                            self.all.push(listed(&id, LOOSE, directory));
                        }
                    }
                }
                Err(source) => self.errors.push(GitError::Read { path: entry.path(), source }),
            }
        }
    }

    fn finish(mut self, directories: &[PathBuf]) -> Database {
        // Packs come first: their deltas need the object where it stands.
        self.all.sort_unstable_by(|a, b| (&a.id, a.store, a.at).cmp(&(&b.id, b.store, b.at)));
        let len = self.hash.len_in_bytes();
        let mut ids = Vec::with_capacity(self.all.len() * len);
        let mut fan = Vec::with_capacity(0x1_0001);
        let mut entries: Vec<Vec<(u64, Object, bool)>> =
            self.packs.iter().map(|_| Vec::new()).collect();
        let mut loose = Vec::new();
        let mut last: Option<&[u8; 32]> = None;
        let mut count = 0_u32;
        for listed in &self.all {
            let is_first = last != Some(&listed.id);
            if is_first {
                fan.resize(
                    usize::from(u16::from_be_bytes([listed.id[0], listed.id[1]])) + 1,
                    count,
                );
                ids.extend_from_slice(&listed.id[..len]);
                last = Some(&listed.id);
                count += 1;
            }
            let object = Object(count - 1);
            match entries.get_mut(listed.store as usize) {
                Some(entries) => entries.push((listed.at, object, is_first)),
                None if is_first => {
                    let hex = ObjectId::from_bytes_or_panic(&listed.id[..len]).to_string();
                    let directory = &directories[listed.at as usize];
                    loose.push((object, directory.join(&hex[..2]).join(&hex[2..])));
                }
                None => {}
            }
        }
        fan.resize(0x1_0001, count);
        self.all = Vec::new();
        let objects = Objects { hash: self.hash, ids, fan };
        let packs = self
            .packs
            .into_iter()
            .zip(entries)
            .map(|(data, entries)| Pack::new(data, entries, &objects))
            .collect();
        Database { objects, packs, loose, errors: self.errors }
    }
}

fn first_bytes(id: &[u8]) -> u64 {
    u64::from_be_bytes(*id.first_chunk().expect("a hash has 20 bytes at least"))
}

fn listed(id: &oid, store: u32, at: u64) -> Listed {
    let mut bytes = [0; 32];
    bytes[..id.as_bytes().len()].copy_from_slice(id.as_bytes());
    Listed { id: bytes, store, at }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
