//! Many words in a text, by four of their bytes.
//!
//! Only every second position of the text is looked at. A word that starts anywhere is still seen,
//! because it is entered with the grams at two neighbouring offsets: one of them lies on an even
//! position of the text. A word too short for that is entered with every byte that may stand beside
//! it.

/// One bit for each hash of a gram: 64 kB, which the second level of a cache holds.
const BITS: u32 = 19;

/// The words' grams.
#[derive(Debug)]
pub(super) struct Grams {
    bitmap: Vec<u64>,
    /// Sorted by hash: a gram's hash, its word, and its offset in the word (-1 = the byte before).
    entries: Vec<Entry>,
    /// For each word of the bitmap, the first entry whose hash belongs to it or a later one.
    index: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u32,
    word: u32,
    offset: i32,
}

impl Grams {
    /// For `words` in lower case, of two bytes or more.
    pub(super) fn new(words: &[String]) -> Self {
        let mut entries = Vec::new();
        for (n, word) in words.iter().enumerate() {
            let mut add = |gram: [u8; 4], offset: i32| {
                entries.push(Entry {
                    hash: hash(u32::from_le_bytes(gram)),
                    word: n as u32,
                    offset,
                });
            };
            match *word.as_bytes() {
                [a, b] => {
                    // Both bytes beside it, on one side or the other.
                    for (x, y) in (0..=255).flat_map(|x| (0..=255).map(move |y| (x, y))) {
                        add([a, b, x, y], 0);
                        add([x, a, b, y], -1);
                    }
                }
                [a, b, c] => (0..=255).for_each(|x| {
                    add([a, b, c, x], 0);
                    add([x, a, b, c], -1);
                }),
                [a, b, c, d] => {
                    add([a, b, c, d], 0);
                    (0..=255).for_each(|x| add([x, a, b, c], -1));
                }
                ref bytes => {
                    let at = rarest(bytes);
                    for offset in [at, at + 1] {
                        let gram = bytes[offset..]
                            .first_chunk()
                            .expect("`rarest` leaves room for two grams");
                        add(*gram, offset as i32);
                    }
                }
            }
        }
        entries.sort_unstable();
        entries.dedup();
        let mut bitmap = vec![0; 1 << (BITS - 6)];
        for e in &entries {
            bitmap[(e.hash >> 6) as usize] |= 1 << (e.hash & 63);
        }
        let index = (0..bitmap.len() as u32)
            .map(|w| entries.partition_point(|e| e.hash >> 6 < w) as u32)
            .collect();
        Self { bitmap, entries, index }
    }

    /// Calls `found` with index and first byte of every one of `words` in `text`; case is ignored.
    pub(super) fn find(&self, words: &[String], text: &[u8], mut found: impl FnMut(usize, usize)) {
        const STRIDE: usize = 16;
        let mut at = 0;
        while let Some(chunk) = text.get(at..).and_then(|t| t.first_chunk::<{ STRIDE + 2 }>()) {
            let mut any = 0;
            for i in (0..STRIDE).step_by(2) {
                let gram = u32::from_le_bytes([chunk[i], chunk[i + 1], chunk[i + 2], chunk[i + 3]]);
                any |= self.bit(hash(gram)) << i;
            }
            while any != 0 {
                let i = any.trailing_zeros() as usize;
                any &= any - 1;
                self.check(words, text, at + i, &mut found);
            }
            at += STRIDE;
        }
        while at < text.len() {
            self.check(words, text, at, &mut found);
            at += 2;
        }
    }

    fn bit(&self, hash: u32) -> u64 {
        (self.bitmap[(hash >> 6) as usize] >> (hash & 63)) & 1
    }

    #[cold]
    fn check(
        &self,
        words: &[String],
        text: &[u8],
        at: usize,
        found: &mut impl FnMut(usize, usize),
    ) {
        // Past the end any byte will do: the word itself is compared in full.
        let byte = |i: usize| text.get(at + i).copied().unwrap_or(0);
        let hash = hash(u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]));
        let first = self.index[(hash >> 6) as usize] as usize;
        let entries = self.entries[first..].iter().skip_while(|e| e.hash < hash);
        for entry in entries.take_while(|e| e.hash == hash) {
            let Some(start) = at.checked_add_signed(-entry.offset as isize) else { continue };
            let word = words[entry.word as usize].as_bytes();
            if text.get(start..start + word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word)) {
                found(entry.word as usize, start);
            }
        }
    }
}

/// A hash of a gram in which case does not count: `| 0x20` maps upper to lower case, and a few signs
/// to each other, which the full comparison tells apart.
fn hash(gram: u32) -> u32 {
    (gram | 0x2020_2020).wrapping_mul(0x9E37_79B1) >> (32 - BITS)
}

/// Where in a word of five bytes or more the two neighbouring grams are that text has least.
fn rarest(word: &[u8]) -> usize {
    (0..=word.len() - 5)
        .min_by_key(|&at| commonness(&word[at..at + 5]))
        .expect("the word has five bytes")
}

/// Letters that are common in source code, and signs that come in rows, count most.
fn commonness(bytes: &[u8]) -> usize {
    const COMMON: &[u8] = b"etaoinsrlcdpum";
    bytes
        .iter()
        .map(|b| match b {
            b'-' | b'=' | b'*' | b'/' | b'_' | b' ' | b'.' | b'"' | b'\\' => 14,
            b if COMMON.contains(b) => {
                14 - COMMON.iter().position(|c| c == b).expect("it is in there")
            }
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|&w| w.to_owned()).collect()
    }

    #[test]
    fn words_are_found_at_every_offset_and_in_every_case() {
        let words = words(&["u-", "sg.", "aiza", "passw", "authorization", "-----begin"]);
        let grams = Grams::new(&words);
        for (n, word) in words.iter().enumerate() {
            for before in 0..40 {
                for after in [0, 1, 2, 3, 40] {
                    let text = format!(
                        "{}{}{}",
                        "#".repeat(before),
                        word.to_uppercase(),
                        "#".repeat(after)
                    );
                    let mut found = Vec::new();
                    grams.find(&words, text.as_bytes(), |w, at| found.push((w, at)));
                    found.dedup();
                    assert_eq!(found, [(n, before)], "{word} after {before} before {after}");
                }
            }
        }
    }
}
