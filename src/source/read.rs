//! Reads an input of any size with bounded memory: in chunks that overlap by more than the longest
//! secret and its neighbourhood, each of which answers for its own bytes only.

use std::io::{self, Read};

use crate::{
    blob::{Before, Blob, Nature, Origin},
    content,
};

/// Bytes that one blob answers for.
const CHUNK_BYTES: usize = 4 << 20;
/// Bytes on either side that it can see: a private key block (32 kB), the longest match and the
/// lines around it.
const OVERLAP_BYTES: usize = 64 << 10;

/// Room for one chunk and its surroundings; one per thread, used again for every file.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    chunk: usize,
    overlap: usize,
}

/// What was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) bytes: u64,
    pub(super) nature: Nature,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self::with_sizes(CHUNK_BYTES, OVERLAP_BYTES)
    }

    fn with_sizes(chunk: usize, overlap: usize) -> Self {
        Self { bytes: Vec::new(), chunk, overlap }
    }

    /// Reads `input` to its end and passes it to `scan`, blob by blob.
    ///
    /// # Errors
    ///
    /// If reading fails; what was read until then has been scanned.
    pub(super) fn read_all(
        &mut self,
        origin: &Origin,
        mut input: impl Read,
        mut scan: impl FnMut(&Blob<'_>),
    ) -> io::Result<Extent> {
        let capacity = self.chunk + 2 * self.overlap;
        let (mut filled, mut owned_from, mut total) = (0, 0, 0);
        let mut before = Before::default();
        let mut nature = None;
        loop {
            let end = self.fill(&mut input, &mut filled, capacity, &mut total);
            let nature = *nature.get_or_insert_with(|| content::nature(&self.bytes[..filled]));
            let last = !matches!(end, Ok(End::Full));
            let owned = owned_from..if last { filled } else { filled - self.overlap };
            let bytes = &self.bytes[..filled];
            scan(&Blob { origin, bytes, owned: owned.clone(), before, nature });
            if last {
                return end.map(|_| Extent { bytes: total, nature });
            }
            let cut = self.cut(owned.end - self.overlap, nature);
            before = content::before_byte(bytes, cut, nature, before);
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
        /// What a first read asks for: nearly every source file fits.
        const FIRST_BYTES: usize = 64 << 10;
        while *filled < capacity {
            if *filled == self.bytes.len() {
                self.bytes.resize((self.bytes.len() * 2).max(FIRST_BYTES).min(capacity), 0);
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

    /// At `at` or a little before it: not inside a character, not between `\r` and `\n`.
    fn cut(&self, at: usize, nature: Nature) -> usize {
        match nature {
            Nature::Utf16Le | Nature::Utf16Be => at & !1,
            Nature::Text | Nature::Binary => {
                let inside = |at: &usize| matches!(self.bytes[*at], 0x80..=0xbf | b'\n');
                (at.saturating_sub(3)..=at).rev().find(|at| !inside(at)).unwrap_or(at)
            }
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
                let text = content::Text::of(blob);
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

    #[test]
    fn chunks_of_utf16_agree_too() {
        let text: Vec<u8> =
            "ab#\r\näö#ü\n#\n\n".repeat(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let whole = marks(&text, 4096, 16);
        assert_eq!(whole.len(), 27);
        assert_eq!(marks(&text, 32, 8), whole);
    }
}
