//! Zip, and what is built on it. Members are read from the central directory, one at a time, so that a
//! directory of millions takes no memory and equal names are all read.

use std::io::{self, BufReader, Read, SeekFrom};

use zip::{
    CompressionMethod, ZipReadOptions,
    read::{Config, ZipFileEntry},
    result::ZipError,
    unstable::read::ZipIterable,
};

use super::{Members, ReadSeek, Trouble, named, packed::ZstdFrames};
use crate::route::Step;

pub(super) fn open(input: &mut dyn ReadSeek, members: &mut dyn Members) -> Result<(), Trouble> {
    let mut archive = ZipIterable::try_new(input, Config::default()).map_err(trouble)?;
    let files = archive.files().map_err(trouble)?;
    while let Some(entry) = files.next() {
        let entry = entry.map_err(trouble)?;
        if entry.is_dir() || entry.is_symlink() {
            continue;
        }
        let step = named(entry.name_raw());
        if entry.encrypted() {
            members.gap(step, Trouble::Encrypted)?;
            continue;
        }
        member(entry, step, files.reader_mut(), members)?;
    }
    Ok(())
}

fn member(
    entry: ZipFileEntry<'_>,
    step: Step,
    input: &mut &mut dyn ReadSeek,
    members: &mut dyn Members,
) -> Result<(), Trouble> {
    if entry.compression() == CompressionMethod::ZSTD {
        let mut content = ZstdFrames::new(BufReader::new(stored(&entry, input)?));
        return Ok(members.member(step, &mut content)?);
    }
    match entry.with_reader(input, ZipReadOptions::new()) {
        Ok(mut content) => members.member(step, &mut content)?,
        Err(error) => members.gap(step, trouble(error))?,
    }
    Ok(())
}

/// A member's bytes as they are stored, behind its local header (APPNOTE.TXT 6.3.10, section 4.3.7).
fn stored<'i>(entry: &ZipFileEntry<'_>, input: &'i mut dyn ReadSeek) -> io::Result<impl Read + 'i> {
    let mut header = [0; 30];
    input.seek(SeekFrom::Start(entry.header_start()))?;
    input.read_exact(&mut header)?;
    let short = |at: usize| i64::from(u16::from_le_bytes([header[at], header[at + 1]]));
    input.seek(SeekFrom::Current(short(26) + short(28)))?;
    Ok(input.take(entry.compressed_size()))
}

fn trouble(error: ZipError) -> Trouble {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Trouble::Encrypted
        }
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            Trouble::Unsupported
        }
        _ => Trouble::Damaged,
    }
}
