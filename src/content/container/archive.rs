//! Archives that are read from front to back: tar, ar, cpio and rpm; and the layers of an image in a tar.
//!
//! Ar and cpio are read here, since their headers are a few fields each; nothing that a header states
//! reserves memory. The names of tar that have entries of their own are read here, too: the `tar` crate
//! reads them whole, however long they are (`EntryFields::read_all`, version 0.4).

use std::{
    collections::HashMap,
    io::{self, Read},
};

use serde_json::Value;
use tar::{Archive, EntryType, PaxExtensions};

use super::{Members, Trouble, named};
use crate::route::Step;

/// A longer name is nobody's.
const MAX_NAME_BYTES: u64 = 64 << 10;

/// Gives the files of a tar, and says which of them are the layers of an image.
pub(super) fn tar(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let mut layers = Layers::default();
    let read = files(input, &mut layers, members);
    members.rename(&layers.0);
    read
}

/// Gives the files of a tar. What a sparse file stores is given, without its holes.
fn files(
    input: &mut dyn Read,
    layers: &mut Layers,
    members: &mut dyn Members,
) -> Result<(), Trouble> {
    let mut long_name: Option<Vec<u8>> = None;
    for entry in Archive::new(input).entries()?.raw(true) {
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = Some(until_zero(&few(&mut entry)?)),
            EntryType::XHeader => long_name = pax_path(&few(&mut entry)?).or(long_name),
            EntryType::Regular | EntryType::Continuous => {
                let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                let size = entry.size();
                let mut content = Exactly { input: &mut entry, left: size };
                let step = named(&name);
                let manifest = layers.manifest(&step, &mut content);
                members.member(step, &mut manifest.chain(content))?;
            }
            EntryType::GNUSparse => {
                if entry.header().as_gnu().is_some_and(tar::GnuHeader::is_extended) {
                    return Err(Trouble::Unsupported);
                }
                let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                members.member(named(&name), &mut entry)?;
            }
            _ => long_name = None,
        }
    }
    Ok(())
}

/// The content of an entry that describes another.
fn few(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.by_ref().take(MAX_NAME_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn until_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|&b| b == 0).next().unwrap_or_default().to_vec()
}

fn pax_path(records: &[u8]) -> Option<Vec<u8>> {
    let mut all = PaxExtensions::new(records).filter_map(Result::ok);
    all.find(|record| record.key_bytes() == b"path").map(|record| record.value_bytes().to_vec())
}

/// The layers of an image, by their names in its tar. `docker save` and OCI layouts list them in a file that
/// may come after them.
#[derive(Debug, Default)]
struct Layers(HashMap<String, Step>);

impl Layers {
    /// Numbers the layers that `content` lists, if the file at `step` may be a manifest; returns what it read.
    fn manifest(&mut self, step: &Step, content: &mut Exactly<impl Read>) -> io::Cursor<Vec<u8>> {
        const MAX_MANIFEST_BYTES: u64 = 256 << 10;
        let may_be = |name: &str| name == "manifest.json" || name.starts_with("blobs/");
        let mut manifest = Vec::new();
        if matches!(step, Step::Member(name) if may_be(name)) && content.left <= MAX_MANIFEST_BYTES
        {
            // Whoever goes on behind it meets the error again.
            if content.read_to_end(&mut manifest).is_ok()
                && let Ok(listed) = serde_json::from_slice(&manifest)
            {
                self.read(&listed);
            }
        }
        io::Cursor::new(manifest)
    }

    /// Numbers the layers that `manifest` lists: of `docker save`, or of OCI.
    fn read(&mut self, manifest: &Value) {
        let images = manifest.as_array().map_or(&[][..], Vec::as_slice);
        for layers in images.iter().filter_map(|image| image["Layers"].as_array()) {
            self.number(layers.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        if let Some(layers) = manifest["layers"].as_array() {
            let digests = layers.iter().filter_map(|layer| layer["digest"].as_str());
            self.number(digests.map(|digest| format!("blobs/{}", digest.replacen(':', "/", 1))));
        }
    }

    fn number(&mut self, names: impl Iterator<Item = String>) {
        for (name, number) in names.zip(1..) {
            self.0.entry(name).or_insert(Step::Part { kind: "layer", number });
        }
    }
}

/// So many bytes: fewer are an error and no end.
struct Exactly<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).map_or(out.len(), |left| left.min(out.len()));
        let read = self.input.read(&mut out[..room])?;
        if read == 0 && room > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Gives `size` bytes of `input` as a member, and skips what it leaves unread.
fn give(
    input: &mut dyn Read,
    size: u64,
    step: Step,
    members: &mut dyn Members,
) -> Result<(), Trouble> {
    let mut content = Exactly { input, left: size };
    members.member(step, &mut content)?;
    io::copy(&mut content, &mut io::sink())?;
    Ok(())
}

fn skip(input: &mut dyn Read, bytes: u64) -> io::Result<()> {
    io::copy(&mut Exactly { input, left: bytes }, &mut io::sink()).map(|_| ())
}

/// Fills `out`; `false` at the end of the input.
fn fill(input: &mut dyn Read, out: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < out.len() {
        match input.read(&mut out[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn number(digits: &[u8], radix: u32) -> Result<u64, Trouble> {
    let digits = std::str::from_utf8(digits).map_err(|_| Trouble::Damaged)?;
    u64::from_str_radix(digits.trim_end(), radix).map_err(|_| Trouble::Damaged)
}

/// Gives the files of a Unix archive: <https://man.freebsd.org/cgi/man.cgi?query=ar&sektion=5>.
pub(super) fn ar(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let (mut magic, mut header) = ([0; 8], [0; 60]);
    fill(input, &mut magic)?;
    let mut long_names = Vec::new();
    while fill(input, &mut header)? {
        if &header[58..] != b"`\n" {
            return Err(Trouble::Damaged);
        }
        let mut size = number(&header[48..58], 10)?;
        let padding = size % 2;
        let name = header[..16].trim_ascii_end();
        match name {
            b"/" | b"/SYM64/" => skip(input, size)?,
            b"//" => {
                input.take(size.min(MAX_NAME_BYTES)).read_to_end(&mut long_names)?;
                skip(input, size.saturating_sub(MAX_NAME_BYTES))?;
            }
            _ => {
                let name = match (name.strip_prefix(b"#1/"), name.strip_prefix(b"/")) {
                    (Some(len), _) => {
                        let len = number(len, 10)?;
                        size = size.checked_sub(len).ok_or(Trouble::Damaged)?;
                        if len > MAX_NAME_BYTES {
                            return Err(Trouble::Damaged);
                        }
                        let mut name = vec![0; len as usize];
                        fill(input, &mut name)?;
                        until_zero(&name)
                    }
                    (None, Some(at)) => long_name(&long_names, number(at, 10)?),
                    (None, None) => name.strip_suffix(b"/").unwrap_or(name).to_vec(),
                };
                give(input, size, named(&name), members)?;
            }
        }
        // The last member may lack its padding.
        fill(input, &mut [0; 1][..padding as usize])?;
    }
    Ok(())
}

/// The name that begins at `at` in the table of long ones.
fn long_name(table: &[u8], at: u64) -> Vec<u8> {
    let rest = usize::try_from(at).ok().and_then(|at| table.get(at..)).unwrap_or_default();
    let name = rest.split(|&b| b == b'\n').next().unwrap_or_default();
    name.strip_suffix(b"/").unwrap_or(name).to_vec()
}

/// Gives the files of a cpio: <https://man.freebsd.org/cgi/man.cgi?query=cpio&sektion=5>.
pub(super) fn cpio(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    const TYPE: u64 = 0o170_000;
    const FILE: u64 = 0o100_000;
    while let Some(Header { mode, size, name, padding }) = cpio_header(input)? {
        if name == b"TRAILER!!!" {
            return behind(input, members);
        }
        match mode & TYPE {
            FILE => give(input, size, named(&name), members)?,
            _ => skip(input, size)?,
        }
        skip(input, padding)?;
    }
    Ok(())
}

/// Gives what follows an archive and zeros: the image of a boot disk has several behind each other, each
/// packed or not (<https://docs.kernel.org/driver-api/early-userspace/buffer-format.html>).
fn behind(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let mut bytes = [0; 4 << 10];
    loop {
        let read = input.read(&mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        if let Some(start) = bytes[..read].iter().position(|b| *b != 0) {
            let step = Step::Part { kind: "archive", number: 2 };
            return Ok(members.member(step, &mut bytes[start..read].chain(input))?);
        }
    }
}

struct Header {
    mode: u64,
    size: u64,
    name: Vec<u8>,
    /// Bytes behind the content.
    padding: u64,
}

fn cpio_header(input: &mut dyn Read) -> Result<Option<Header>, Trouble> {
    let mut magic = [0; 2];
    if !fill(input, &mut magic)? {
        return Ok(None);
    }
    // Where fields stand behind these two bytes, how long the header is, and what it and the content are
    // padded to.
    let mut header = [0; 108];
    let (mode, name_len, size, len, align) = match &magic {
        b"\xc7\x71" => {
            fill(input, &mut header[..24])?;
            let short = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
            (short(4), short(18), (short(20) << 16) | short(22), 26, 2)
        }
        b"07" => {
            fill(input, &mut header[..4])?;
            let is_old = &header[..4] == b"0707";
            let fields = &mut header[..if is_old { 70 } else { 104 }];
            fill(input, fields)?;
            match is_old {
                true => {
                    let octal = |at: usize, len| number(&fields[at..at + len], 8);
                    (octal(12, 6)?, octal(53, 6)?, octal(59, 11)?, 76, 1)
                }
                false => {
                    let hex = |at: usize| number(&fields[at..at + 8], 16);
                    (hex(8)?, hex(88)?, hex(48)?, 110, 4)
                }
            }
        }
        _ => return Err(Trouble::Damaged),
    };
    if name_len > MAX_NAME_BYTES {
        return Err(Trouble::Damaged);
    }
    let mut name = vec![0; name_len as usize];
    fill(input, &mut name)?;
    skip(input, (len + name_len).next_multiple_of(align) - (len + name_len))?;
    let padding = size.next_multiple_of(align) - size;
    Ok(Some(Header { mode, size, name: until_zero(&name), padding }))
}

/// Gives the payload of a package, which is a packed cpio:
/// <https://rpm-software-management.github.io/rpm/manual/format_v4.html>.
pub(super) fn rpm(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    const LEAD: u64 = 96;
    skip(input, LEAD)?;
    let signature = rpm_header(input)?;
    skip(input, signature.next_multiple_of(8) - signature)?;
    rpm_header(input)?;
    Ok(members.member(named(b"payload"), input)?)
}

/// Skips a header and says how many bytes its tags take.
fn rpm_header(input: &mut dyn Read) -> Result<u64, Trouble> {
    let mut header = [0; 16];
    fill(input, &mut header)?;
    if !header.starts_with(b"\x8e\xad\xe8") {
        return Err(Trouble::Damaged);
    }
    let long = |at: usize| {
        u64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    };
    let tags = 16 * long(8) + long(12);
    skip(input, tags)?;
    Ok(tags)
}
