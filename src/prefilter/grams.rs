//! Many words in a text, by four of their bytes.
//!
//! Only every second position of the text is looked at. A word that starts anywhere is still seen,
//! because it is entered with the grams at two neighbouring offsets: one of them lies on an even
//! position of the text. A word too short for that is entered with every byte that may stand beside
//! it.

use std::ops::Range;

use crate::letters;

/// One bit for each hash of a gram: 64 kB, which the second level of a cache holds.
const BITS: u32 = 19;
/// Two multipliers that spread grams over the hashes differently.
const FIRST: u32 = 0x9E37_79B1;
const SECOND: u32 = 0x85EB_CA77;

/// Bytes that are looked at in one go, by eight grams.
const STRIDE: usize = 16;

/// The words' grams.
#[derive(Debug)]
pub(super) struct Grams {
    bitmap: Bitmap,
    /// Asked where `bitmap` says yes: of fifty such answers, one is right.
    second: Bitmap,
    /// By the word of the bitmap that their hash belongs to.
    entries: Vec<Entry>,
    /// For each word of the bitmap, where its entries begin; and where the last ones end.
    index: Vec<u32>,
}

/// A gram of a word.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    hash: u32,
    /// In lower case.
    gram: u32,
    word: u32,
    /// Where in the word it begins (-1 = the byte before).
    offset: i32,
}

impl Grams {
    /// For `words` in lower case, of two bytes or more.
    pub(super) fn new(words: &[String]) -> Self {
        let mut entries = Vec::new();
        // Case does not count, so of two bytes that differ in case only one is entered.
        let others = || (0..=255_u8).filter(|x| x & CASE as u8 != 0);
        for (n, word) in words.iter().enumerate() {
            let mut add = |gram: [u8; 4], offset: i32| {
                let gram = u32::from_le_bytes(gram);
                entries.push(Entry {
                    hash: hash(gram, FIRST),
                    gram: gram | CASE,
                    word: n as u32,
                    offset,
                });
            };
            match *word.as_bytes() {
                [a, b] => {
                    // Both bytes beside it, on one side or the other.
                    for (x, y) in others().flat_map(|x| others().map(move |y| (x, y))) {
                        add([a, b, x, y], 0);
                        add([x, a, b, y], -1);
                    }
                }
                [a, b, c] => others().for_each(|x| {
                    add([a, b, c, x], 0);
                    add([x, a, b, c], -1);
                }),
                [a, b, c, d] => {
                    add([a, b, c, d], 0);
                    others().for_each(|x| add([x, a, b, c], -1));
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
        let (mut bitmap, mut second) = (Bitmap::new(), Bitmap::new());
        for e in &entries {
            bitmap.set(e.hash);
            second.set(hash(e.gram, SECOND));
        }
        let (entries, index) = by_bitmap_word(&entries);
        Self { bitmap, second, entries, index }
    }

    /// Calls `found` with index and first byte of every one of `words` that has two neighbouring grams
    /// starting in `range`; case is ignored. A word that lies in `range` has.
    pub(super) fn find(
        &self,
        words: &[String],
        text: &[u8],
        range: Range<usize>,
        mut found: impl FnMut(usize, usize),
    ) {
        let mut at = range.start;
        while at < range.end {
            let Some(chunk) = text[at..].first_chunk::<{ STRIDE + 2 }>() else { break };
            let mut any = 0;
            for n in 0..STRIDE / 2 {
                let i = 2 * n;
                let gram = gram_at(chunk, i);
                any |= self.bitmap.get(hash(gram, FIRST)) << i;
            }
            while any != 0 {
                let i = any.trailing_zeros() as usize;
                any &= any - 1;
                let gram = gram_at(chunk, i);
                if self.second.get(hash(gram, SECOND)) == 1 {
                    self.check(words, text, at + i, gram, &mut found);
                }
            }
            at += STRIDE;
        }
        // Past the end any byte will do: the words themselves are compared in full.
        let byte = |i: usize| text.get(i).copied().unwrap_or(0);
        while at < range.end {
            let gram = u32::from_le_bytes([byte(at), byte(at + 1), byte(at + 2), byte(at + 3)]);
            if self.bitmap.get(hash(gram, FIRST)) & self.second.get(hash(gram, SECOND)) == 1 {
                self.check(words, text, at, gram, &mut found);
            }
            at += 2;
        }
    }

    /// Reports the words that have `gram` and stand around `at`.
    #[cold]
    fn check(
        &self,
        words: &[String],
        text: &[u8],
        at: usize,
        gram: u32,
        found: &mut impl FnMut(usize, usize),
    ) {
        let word = (hash(gram, FIRST) >> 6) as usize;
        let entries = &self.entries[self.index[word] as usize..self.index[word + 1] as usize];
        for entry in entries.iter().filter(|e| e.gram == gram | CASE) {
            let Some(start) = at.checked_add_signed(-entry.offset as isize) else { continue };
            let word = words[entry.word as usize].as_bytes();
            if text.get(start..start + word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word)) {
                found(entry.word as usize, start);
            }
        }
    }
}

/// `entries` by the word of the bitmap that their hash belongs to, and where those of each word begin; sorting
/// them all took a fifth of the time that the program needs to start.
fn by_bitmap_word(entries: &[Entry]) -> (Vec<Entry>, Vec<u32>) {
    let word = |e: &Entry| (e.hash >> 6) as usize;
    let mut index = vec![0; (1 << (BITS - 6)) + 1];
    entries.iter().for_each(|e| index[word(e) + 1] += 1);
    for n in 1..index.len() {
        index[n] += index[n - 1];
    }
    let (mut next, mut sorted) = (index.clone(), vec![Entry::default(); entries.len()]);
    for e in entries {
        let place = &mut next[word(e)];
        sorted[*place as usize] = *e;
        *place += 1;
    }
    (sorted, index)
}

/// The four bytes of `chunk` from `at` on.
fn gram_at(chunk: &[u8; STRIDE + 2], at: usize) -> u32 {
    u32::from_le_bytes([chunk[at], chunk[at + 1], chunk[at + 2], chunk[at + 3]])
}

/// One bit for each hash.
#[derive(Debug)]
struct Bitmap(Box<[u64; 1 << (BITS - 6)]>);

impl Bitmap {
    fn new() -> Self {
        Self(Box::new([0; 1 << (BITS - 6)]))
    }

    fn set(&mut self, hash: u32) {
        self.0[(hash >> 6) as usize] |= 1 << (hash & 63);
    }

    fn get(&self, hash: u32) -> u64 {
        (self.0[(hash >> 6) as usize] >> (hash & 63)) & 1
    }
}

/// Maps upper to lower case, and a few signs to each other, which the full comparison tells apart.
const CASE: u32 = 0x2020_2020;

/// A hash of a gram in which case does not count.
fn hash(gram: u32, multiplier: u32) -> u32 {
    (gram | CASE).wrapping_mul(multiplier) >> (32 - BITS)
}

/// Where in a word of five bytes or more the two neighbouring grams are that text has least.
fn rarest(word: &[u8]) -> usize {
    let chances: Vec<f32> = letters::chances::<4>(word).collect();
    let both = |at: &usize| chances[*at] + chances[*at + 1];
    (0..chances.len() - 1)
        .min_by(|a, b| both(a).total_cmp(&both(b)))
        .expect("the word has five bytes")
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
                    grams.find(&words, text.as_bytes(), 0..text.len(), |w, at| found.push((w, at)));
                    found.dedup();
                    assert_eq!(found, [(n, before)], "{word} after {before} before {after}");
                }
            }
        }
    }
}
