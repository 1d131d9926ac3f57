//! Reads an input of any size with bounded memory: in chunks that overlap by more than the longest
//! secret and its neighbourhood, each of which answers for its own bytes only.

use std::io::{self, Read};

use super::document;
use crate::blob::{Before, Blob, Nature, Origin};

/// Bytes that one blob answers for.
const CHUNK_BYTES: usize = 4 << 20;
/// Bytes on either side that it can see: a private key block (32 kB), the longest match and the
/// lines around it.
pub(super) const OVERLAP_BYTES: usize = 64 << 10;

/// What a first read asks for: nearly every source file fits.
pub const HEAD_BYTES: usize = 64 << 10;

/// What may be a document is read in one go if it has no more bytes: only the whole of one tells its parts.
pub const WHOLE_BYTES: usize = 16 << 20;

/// Room for one chunk and its surroundings; one per thread, used again for every file.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// Of `bytes`, what was read ahead.
    head: usize,
    /// How the input ended, if reading ahead came to its end.
    ended: Option<io::Result<()>>,
    chunk: usize,
    overlap: usize,
}

/// What was read.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Bytes of the input.
    pub bytes: u64,
    /// How it looked when it was opened.
    pub nature: Nature,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

impl Buffer {
    /// An empty one.
    pub fn new() -> Self {
        Self::with_sizes(CHUNK_BYTES, OVERLAP_BYTES)
    }

    fn with_sizes(chunk: usize, overlap: usize) -> Self {
        Self { bytes: Vec::new(), head: 0, ended: None, chunk, overlap }
    }

    /// The beginning of `input`: `HEAD_BYTES` or all that there is. `read_all` goes on behind it.
    /// An error comes when that is read.
    pub fn head(&mut self, mut input: impl Read) -> &[u8] {
        let (mut filled, mut total) = (0, 0);
        (self.head, self.ended) = (0, None);
        self.ended = match self.fill(&mut input, &mut filled, HEAD_BYTES, &mut total) {
            Ok(End::Full) => None,
            Ok(End::Reached) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        };
        self.head = filled;
        &self.bytes[..filled]
    }

    /// What `head` read, which this will not read again.
    pub fn take_head(&mut self) -> Head {
        let head = std::mem::take(&mut self.head);
        Head {
            bytes: io::Cursor::new(self.bytes[..head].to_vec()),
            error: self.ended.take().and_then(Result::err),
        }
    }

    /// Reads `input` to its end, from behind the head if that was read, and passes it to `scan`, blob by
    /// blob.
    ///
    /// # Errors
    ///
    /// If reading fails; what was read until then has been scanned.
    pub fn read_all(
        &mut self,
        origin: &Origin,
        input: impl Read,
        scan: impl FnMut(&Blob<'_>),
    ) -> io::Result<Extent> {
        let capacity = self.chunk + 2 * self.overlap;
        let read = self.read_blobs(origin, input, capacity, scan);
        self.bytes.truncate(capacity);
        self.bytes.shrink_to(capacity);
        read
    }

    fn read_blobs(
        &mut self,
        origin: &Origin,
        mut input: impl Read,
        capacity: usize,
        mut scan: impl FnMut(&Blob<'_>),
    ) -> io::Result<Extent> {
        let mut filled = std::mem::take(&mut self.head);
        let (mut owned_from, mut total) = (0, filled as u64);
        let mut before = Before::default();
        let mut nature = None;
        loop {
            let mut end = self.fill(&mut input, &mut filled, capacity, &mut total);
            let is_first = nature.is_none();
            if is_first && matches!(end, Ok(End::Full)) && document::may_be(&self.bytes[..filled]) {
                end = self.fill(&mut input, &mut filled, WHOLE_BYTES + 1, &mut total);
            }
            let nature = *nature.get_or_insert_with(|| super::nature(&self.bytes[..filled]));
            let last = !matches!(end, Ok(End::Full));
            let owned = owned_from..if last { filled } else { filled - self.overlap };
            let bytes = &self.bytes[..filled];
            scan(&Blob { origin, bytes, owned: owned.clone(), before, nature });
            if last {
                return end.map(|_| Extent { bytes: total, nature });
            }
            let cut = cut(bytes, owned.end - self.overlap, nature);
            before = super::before_byte(bytes, cut, nature, before);
            self.bytes.copy_within(cut..filled, 0);
            owned_from = owned.end - cut;
            filled -= cut;
        }
    }

    fn fill(
        &mut self,
        input: &mut impl Read,
        filled: &mut usize,
        capacity: usize,
        total: &mut u64,
    ) -> io::Result<End> {
        // Of a file, every read that only tells the end is a call of the system's.
        if let Some(ended) = self.ended.take() {
            return ended.map(|()| End::Reached);
        }
        while *filled < capacity {
            if *filled == self.bytes.len() {
                self.bytes.resize((self.bytes.len() * 2).max(HEAD_BYTES).min(capacity), 0);
            }
            let room = self.bytes.len().min(capacity);
            match input.read(&mut self.bytes[*filled..room]) {
                Ok(0) => return Ok(End::Reached),
                Ok(n) => {
                    *filled += n;
                    *total += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(End::Full)
    }
}

/// At `at` or a little before it: not inside a character of `bytes`, not between `\r` and `\n`.
pub(super) fn cut(bytes: &[u8], at: usize, nature: Nature) -> usize {
    match nature {
        Nature::Utf16Le | Nature::Utf16Be => at & !1,
        Nature::Text | Nature::Binary => {
            let inside = |at: &usize| matches!(bytes[*at], 0x80..=0xbf | b'\n');
            (at.saturating_sub(3)..=at).rev().find(|at| !inside(at)).unwrap_or(at)
        }
    }
}

/// The beginning of an input, and the error that ended it.
#[derive(Debug)]
pub struct Head {
    bytes: io::Cursor<Vec<u8>>,
    error: Option<io::Error>,
}

impl Read for Head {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(out)? {
            0 if !out.is_empty() => self.error.take().map_or(Ok(0), Err),
            read => Ok(read),
        }
    }
}

enum End {
    Reached,
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{LineCol, line_col};

    /// Every place where a blob that owns it sees a `#`.
    fn marks(text: &[u8], chunk: usize, overlap: usize) -> Vec<LineCol> {
        let mut marks = Vec::new();
        let mut buffer = Buffer::with_sizes(chunk, overlap);
        buffer
            .read_all(&Origin::stdin(), text, |blob| {
                let text = super::super::Text::of(blob);
                for at in text.owned.clone().filter(|&at| text.bytes[at] == b'#') {
                    marks.push(line_col(&text.bytes, at, text.before));
                }
            })
            .unwrap();
        marks
    }

    #[test]
    fn chunks_see_every_byte_once_and_where_it_stands() {
        let text = "ab#\r\näö#ü\n#\n\nlang#e Zeile mit #### und\r\n".repeat(5);
        let whole = marks(text.as_bytes(), 4096, 16);
        assert_eq!(whole.len(), 40);
        for chunk in (8..64).step_by(2) {
            assert_eq!(marks(text.as_bytes(), chunk, 8), whole, "chunks of {chunk} bytes");
        }
    }

    /// Counts how often it told its end.
    struct Told<'t>(&'t [u8], usize);

    impl Read for Told<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 += usize::from(self.0.is_empty());
            self.0.read(out)
        }
    }

    #[test]
    fn an_end_that_the_head_came_to_is_not_read_again() {
        let (mut buffer, mut lens) = (Buffer::new(), Vec::new());
        for text in [&b"short"[..], b"", b"next"] {
            let mut input = Told(text, 0);
            assert_eq!(buffer.head(&mut input), text);
            let read = buffer.read_all(&Origin::stdin(), &mut input, |b| lens.push(b.bytes.len()));
            assert_eq!((read.unwrap().bytes, input.1), (text.len() as u64, 1));
        }
        assert_eq!(lens, [5, 0, 4]);
    }

    #[test]
    fn chunks_of_utf16_agree_too() {
        let text: Vec<u8> =
            "ab#\r\näö#ü\n#\n\n".repeat(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let whole = marks(&text, 4096, 16);
        assert_eq!(whole.len(), 27);
        assert_eq!(marks(&text, 32, 8), whole);
    }
}
