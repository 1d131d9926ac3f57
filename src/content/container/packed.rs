//! One file, packed: gzip, bzip2, xz, lzma, zstd and lz4.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::{Kind, Members, Trouble, named};

/// What a dictionary may take: `xz -9` asks for 65 MB, and zstd reads 128 MB by itself.
const MAX_DICTIONARY_KB: u32 = 128 << 10;

/// Gives the one member of `packed`.
pub(super) fn open(
    kind: Kind,
    packed: &mut dyn Read,
    members: &mut dyn Members,
) -> Result<(), Trouble> {
    let packed = BufReader::with_capacity(32 << 10, packed);
    let mut content: Box<dyn Read + '_> = match kind {
        Kind::Gzip => return gzip(MultiGzDecoder::new(packed), members),
        Kind::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
        Kind::Xz => Box::new(XzReader::new_mem_limit(packed, true, MAX_DICTIONARY_KB)),
        Kind::Lzma => Box::new(LzmaReader::new_mem_limit(packed, MAX_DICTIONARY_KB, None)?),
        Kind::Zstd => Box::new(ZstdFrames::new(packed)),
        Kind::Lz4 => Box::new(Lz4Frames(Lz4Decoder::new(packed))),
        Kind::Zip
        | Kind::SevenZ
        | Kind::Tar
        | Kind::Ar
        | Kind::Cpio
        | Kind::Rpm
        | Kind::Sqlite
        | Kind::Bundle
        | Kind::Class
        | Kind::Pyc
        | Kind::Mail
        | Kind::Pdf
        | Kind::Keystore
        | Kind::Unsupported => return Err(Trouble::Unsupported),
    };
    Ok(members.member(named(b"content"), &mut content)?)
}

/// Gives what gzip packed, by the name that it noted, if it did.
fn gzip(
    mut content: MultiGzDecoder<impl BufRead>,
    members: &mut dyn Members,
) -> Result<(), Trouble> {
    let name = content.header().and_then(|h| h.filename()).filter(|name| !name.is_empty());
    let step = named(name.unwrap_or(b"content"));
    Ok(members.member(step, &mut content)?)
}

/// Frames of zstd, one after the other, and skippable ones between them (RFC 8878, section 3).
pub(super) struct ZstdFrames<R> {
    packed: R,
    frame: FrameDecoder,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(super) fn new(packed: R) -> Self {
        Self { packed, frame: FrameDecoder::new() }
    }

    /// Begins the next frame; `false` if there is none.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.packed.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.frame.reset(&mut self.packed) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.packed.by_ref().take(length.into());
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn checked(&self) -> io::Result<()> {
        match self.frame.get_checksum_from_data() {
            Some(sum) if Some(sum) != self.frame.get_calculated_checksum() => {
                Err(io::ErrorKind::InvalidData.into())
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.frame.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            if !self.frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.packed, one).map_err(io::Error::other)?;
            } else {
                self.checked()?;
                if !self.next_frame()? {
                    return Ok(0);
                }
            }
        }
    }
}

/// Frames of lz4, one after the other.
struct Lz4Frames<R: Read>(Lz4Decoder<R>);

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(out)?;
            if read > 0 || out.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}
