//! 7-Zip. Its blocks are unpacked from their beginning to their end, so every member is read in order.

use sevenz_rust2::{ArchiveReader, Error, Password};

use super::{Members, ReadSeek, Trouble, named};
use crate::coverage::Limit;

pub(super) fn open(input: &mut dyn ReadSeek, members: &mut dyn Members) -> Result<(), Trouble> {
    let mut archive = ArchiveReader::new(input, Password::empty()).map_err(trouble)?;
    archive.set_thread_count(1);
    let mut stopped: Option<Limit> = None;
    let read = archive.for_each_entries(|entry, content| {
        if entry.is_directory || !entry.has_stream {
            return Ok(true);
        }
        stopped = members.member(named(entry.name.as_bytes()), content).err();
        if stopped.is_none() {
            // The next member begins where this one ends.
            std::io::copy(content, &mut std::io::sink())?;
        }
        Ok(stopped.is_none())
    });
    match stopped {
        Some(limit) => Err(limit.into()),
        None => read.map_err(trouble),
    }
}

fn trouble(error: Error) -> Trouble {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => Trouble::Encrypted,
        Error::UnsupportedVersion { .. }
        | Error::ExternalUnsupported
        | Error::UnsupportedCompressionMethod(_)
        | Error::Unsupported(_) => Trouble::Unsupported,
        _ => Trouble::Damaged,
    }
}
