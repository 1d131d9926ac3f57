//! Packs written by hand, byte by byte, for what git itself would never write.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use crate::repository::Repository;

/// Kinds of objects, as a pack numbers them.
const BLOB: u8 = 3;
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

/// A pack of version 2 and its index, for ids of SHA-1.
pub(crate) struct HandMade {
    pack: Vec<u8>,
    /// Id, offset and CRC of each object.
    entries: Vec<([u8; 20], usize, u32)>,
}

impl HandMade {
    pub(crate) fn new() -> Self {
        Self { pack: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), entries: Vec::new() }
    }

    /// Adds a blob and returns its place.
    pub(crate) fn blob(&mut self, text: &str) -> usize {
        let mut object = format!("blob {}\0", text.len()).into_bytes();
        object.extend_from_slice(text.as_bytes());
        self.entry(sha1(&object), BLOB, text.len() as u64, &[], text.as_bytes())
    }

    /// Adds an edit of the object at `base`.
    pub(crate) fn offset_delta(&mut self, id: [u8; 20], base: usize, delta: &[u8]) -> usize {
        let distance = offset_bytes(self.pack.len() - base);
        self.entry(id, OFS_DELTA, delta.len() as u64, &distance, delta)
    }

    /// Adds an edit of the object with the id `base`.
    pub(crate) fn ref_delta(&mut self, id: [u8; 20], base: [u8; 20], delta: &[u8]) -> usize {
        self.entry(id, REF_DELTA, delta.len() as u64, &base, delta)
    }

    /// Adds a blob whose header claims to be this long.
    pub(crate) fn blob_that_claims(&mut self, id: [u8; 20], size: u64, text: &str) {
        self.entry(id, BLOB, size, &[], text.as_bytes());
    }

    fn entry(&mut self, id: [u8; 20], kind: u8, size: u64, base: &[u8], bytes: &[u8]) -> usize {
        let at = self.pack.len();
        self.pack.extend(header(kind, size));
        self.pack.extend_from_slice(base);
        self.pack.extend(zlib(bytes));
        self.entries.push((id, at, crc32fast::hash(&self.pack[at..])));
        at
    }

    /// Puts pack and index into the repository.
    pub(crate) fn store(mut self, repo: &Repository) {
        let number = u32::try_from(self.entries.len()).unwrap();
        self.pack[8..12].copy_from_slice(&number.to_be_bytes());
        let trailer = sha1(&self.pack);
        self.pack.extend(trailer);
        let directory = repo.path(".git/objects/pack");
        let name = format!("pack-{}", "ab".repeat(20));
        fs::write(directory.join(format!("{name}.pack")), &self.pack).unwrap();
        self.entries.sort_unstable();
        fs::write(directory.join(format!("{name}.idx")), index(&self.entries, trailer)).unwrap();
    }
}

/// An index of version 2: <https://git-scm.com/docs/gitformat-pack>.
fn index(entries: &[([u8; 20], usize, u32)], pack: [u8; 20]) -> Vec<u8> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255_u8 {
        let up_to = entries.iter().filter(|(id, _, _)| id[0] <= first).count();
        index.extend(u32::try_from(up_to).unwrap().to_be_bytes());
    }
    index.extend(entries.iter().flat_map(|(id, _, _)| *id));
    index.extend(entries.iter().flat_map(|(_, _, crc)| crc.to_be_bytes()));
    index.extend(entries.iter().flat_map(|(_, at, _)| u32::try_from(*at).unwrap().to_be_bytes()));
    index.extend(pack);
    let trailer = sha1(&index);
    index.extend(trailer);
    index
}

/// An edit that makes `size` bytes of a base of `base` bytes by these instructions.
pub(crate) fn delta(base: u64, size: u64, instructions: &[&[u8]]) -> Vec<u8> {
    let mut delta = length(base);
    delta.extend(length(size));
    delta.extend(instructions.concat());
    delta
}

/// The instruction to copy `size` bytes from `at` of the base.
pub(crate) fn copy(at: u32, size: u32) -> Vec<u8> {
    let mut bytes = vec![0b1111_1111];
    bytes.extend(at.to_le_bytes());
    bytes.extend(&size.to_le_bytes()[..3]);
    bytes
}

/// The instruction to insert this.
pub(crate) fn insert(text: &str) -> Vec<u8> {
    let size = u8::try_from(text.len()).unwrap();
    assert!((1..128).contains(&size));
    [&[size], text.as_bytes()].concat()
}

/// Kind and size: 4 bits of the size in the first byte, 7 in each one that follows.
fn header(kind: u8, size: u64) -> Vec<u8> {
    let first = kind << 4 | (size & 15) as u8;
    match size >> 4 {
        0 => vec![first],
        rest => [vec![first | 128], length(rest)].concat(),
    }
}

/// A number in bytes of 7 bits, the lowest first.
fn length(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// How far back a base is: bytes of 7 bits, the highest first, each one but the last plus one.
fn offset_bytes(mut distance: usize) -> Vec<u8> {
    let mut bytes = vec![(distance & 127) as u8];
    while distance > 127 {
        distance = (distance >> 7) - 1;
        bytes.insert(0, (distance & 127) as u8 | 128);
    }
    bytes
}

/// A zlib stream that stores its bytes as they are.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let size = u16::try_from(bytes.len()).unwrap();
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(size.to_le_bytes());
    stream.extend((!size).to_le_bytes());
    stream.extend_from_slice(bytes);
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut child = Command::new("sha1sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sha1sum is installed");
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    std::array::from_fn(|n| u8::from_str_radix(&said[2 * n..2 * n + 2], 16).unwrap())
}

/// `id` as git writes it.
pub(crate) fn hex(id: [u8; 20]) -> String {
    id.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn git_reads_a_pack_written_by_hand() {
    let repo = Repository::new();
    let mut pack = HandMade::new();
    let base = pack.blob(&"a line of the base\n".repeat(40));
    let text = format!("{}the end\n", "a line of the base\n".repeat(2));
    let steps = [copy(0, 38), insert("the end\n")];
    let edit = delta(760, 46, &[&steps[0], &steps[1]]);
    let object = format!("blob {}\0{text}", text.len());
    let id = sha1(object.as_bytes());
    pack.offset_delta(id, base, &edit);
    pack.store(&repo);
    assert_eq!(repo.git(&["cat-file", "blob", &hex(id)]), text.trim_end());
    repo.git(&["fsck", "--strict"]);
}
