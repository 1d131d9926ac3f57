//! Filters that are simple enough to be read here, one piece after the other (ISO 32000-1, sections 7.4.2 to
//! 7.4.5), and LZW, which `weezl` reads.

use std::io::{self, BufRead, Read};

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::lexer::{digit, is_space};

/// Bytes that are expanded at once: of LZW, a few hundred can become a megabyte.
const PIECE_BYTES: usize = 512;

/// What expands bytes.
pub(super) trait Expand {
    /// Adds to `out` what `packed` expands to, which may end anywhere.
    fn expand(&mut self, packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow>;

    /// Adds what is left.
    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()>;
}

/// Whether there is more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Flow {
    More,
    End,
}

/// Reads what `packed` expands to.
pub(super) struct Expanded<R, E> {
    packed: R,
    expand: E,
    out: Vec<u8>,
    at: usize,
    flow: Flow,
}

impl<R, E> Expanded<R, E> {
    pub(super) fn new(packed: R, expand: E) -> Self {
        Self { packed, expand, out: Vec::new(), at: 0, flow: Flow::More }
    }
}

impl<R: BufRead, E: Expand> Read for Expanded<R, E> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() && self.flow == Flow::More {
            self.out.clear();
            self.at = 0;
            let packed = self.packed.fill_buf()?;
            let len = packed.len().min(PIECE_BYTES);
            self.flow = match len {
                0 => Flow::End,
                _ => self.expand.expand(&packed[..len], &mut self.out)?,
            };
            self.packed.consume(len);
            if self.flow == Flow::End {
                self.expand.finish(&mut self.out)?;
            }
        }
        let len = (&self.out[self.at..]).read(out)?;
        self.at += len;
        Ok(len)
    }
}

/// Nothing is packed.
pub(super) struct Plain;

impl Expand for Plain {
    fn expand(&mut self, packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        out.extend_from_slice(packed);
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

/// A space for each zero, as no text has them.
pub(super) struct Zeros;

impl Expand for Zeros {
    fn expand(&mut self, packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        out.extend(packed.iter().map(|&byte| if byte == 0 { b' ' } else { byte }));
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

/// Two digits a byte, up to a `>`.
#[derive(Default)]
pub(super) struct Hex {
    high: Option<u8>,
}

impl Expand for Hex {
    fn expand(&mut self, packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        for &byte in packed {
            match (digit(byte), self.high) {
                (Some(low), Some(high)) => {
                    out.push(high << 4 | low);
                    self.high = None;
                }
                (Some(high), None) => self.high = Some(high),
                (None, _) if byte == b'>' => return Ok(Flow::End),
                (None, _) if is_space(byte) => {}
                (None, _) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend(self.high.take().map(|high| high << 4));
        Ok(())
    }
}

/// Five signs for four bytes, up to a `~`.
#[derive(Default)]
pub(super) struct Ascii85 {
    group: u32,
    count: usize,
}

impl Ascii85 {
    fn digit(&mut self, digit: u32) -> io::Result<()> {
        let group = self.group.checked_mul(85).and_then(|group| group.checked_add(digit));
        self.group = group.ok_or(io::ErrorKind::InvalidData)?;
        self.count += 1;
        Ok(())
    }

    fn flush(&mut self, len: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.group.to_be_bytes()[..len]);
        (self.group, self.count) = (0, 0);
    }
}

impl Expand for Ascii85 {
    fn expand(&mut self, packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        for &byte in packed {
            match byte {
                b'!'..=b'u' => self.digit(u32::from(byte - b'!'))?,
                b'z' if self.count == 0 => out.extend_from_slice(&[0; 4]),
                b'~' => return Ok(Flow::End),
                _ if is_space(byte) => {}
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
            if self.count == 5 {
                self.flush(4, out);
            }
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(len) = self.count.checked_sub(1) else { return Ok(()) };
        while self.count < 5 {
            self.digit(84)?;
        }
        self.flush(len, out);
        Ok(())
    }
}

/// A length, and so many bytes or one so often.
#[derive(Default)]
pub(super) struct RunLength {
    copied: usize,
    repeated: Option<usize>,
}

impl Expand for RunLength {
    fn expand(&mut self, packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        for &byte in packed {
            if let Some(count) = self.repeated.take() {
                out.resize(out.len() + count, byte);
            } else if self.copied > 0 {
                out.push(byte);
                self.copied -= 1;
            } else {
                match byte {
                    0..128 => self.copied = usize::from(byte) + 1,
                    128 => return Ok(Flow::End),
                    129.. => self.repeated = Some(257 - usize::from(byte)),
                }
            }
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

/// Codes of growing length.
pub(super) struct Lzw(Decoder);

impl Lzw {
    /// Of codes that grow one code before they must, as is usual.
    pub(super) fn early() -> Self {
        Self(Decoder::with_tiff_size_switch(BitOrder::Msb, 8))
    }

    /// Of codes that grow when they must.
    pub(super) fn late() -> Self {
        Self(Decoder::new(BitOrder::Msb, 8))
    }
}

impl Expand for Lzw {
    fn expand(&mut self, mut packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        const ROOM: usize = 16 << 10;
        loop {
            let before = out.len();
            out.resize(before + ROOM, 0);
            let done = self.0.decode_bytes(packed, &mut out[before..]);
            out.truncate(before + done.consumed_out);
            packed = &packed[done.consumed_in..];
            match done.status {
                Err(_) => return Err(io::ErrorKind::InvalidData.into()),
                Ok(LzwStatus::Done) => return Ok(Flow::End),
                Ok(LzwStatus::NoProgress) => return Ok(Flow::More),
                Ok(LzwStatus::Ok) if packed.is_empty() && done.consumed_out < ROOM => {
                    return Ok(Flow::More);
                }
                Ok(LzwStatus::Ok) => {}
            }
        }
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(expand: impl Expand, packed: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        // One byte at a time: pieces may end anywhere.
        let packed = io::BufReader::with_capacity(1, packed);
        Expanded::new(packed, expand).read_to_end(&mut out).ok().map(|_| out)
    }

    #[test]
    fn filters_expand_what_ends_anywhere() {
        assert_eq!(all(Hex::default(), b"41 4\n2 5> 99").unwrap(), b"ABP");
        assert_eq!(all(Ascii85::default(), b"87cUR\nD]i,\"E bo80~>x").unwrap(), b"Hello World!");
        assert_eq!(all(Ascii85::default(), b"z5l").unwrap(), b"\0\0\0\0A");
        assert_eq!(all(RunLength::default(), b"\x01ab\xfec\x80d").unwrap(), b"abccc");
        let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8);
        let text = b"abababab-abababab".repeat(300);
        let packed = encoder.encode(&text).unwrap();
        assert_eq!(all(Lzw::early(), &packed).unwrap(), text);
    }

    #[test]
    fn what_is_no_code_is_an_error() {
        assert_eq!(all(Hex::default(), b"4x"), None);
        assert_eq!(all(Ascii85::default(), b"uuuuu"), None);
        assert_eq!(all(Ascii85::default(), b"\x7f"), None);
        assert_eq!(all(Lzw::early(), &[0xff; 40]), None);
    }
}
