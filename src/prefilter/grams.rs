//! Many words in a text, by four of their bytes.
//!
//! Only every second position of the text is looked at. A word that starts anywhere is still seen,
//! because it is entered with the grams at two neighbouring offsets: one of them lies on an even
//! position of the text. A word too short for that is entered with every byte that may stand behind
//! it, and one of three bytes or two also with every byte in front of it.
//!
//! Positions go through two sieves, a block at a time, and no branch depends on what a sieve says: its
//! answers are where the next one looks. Only what is left is compared. With branches, whose outcome nobody
//! can predict, it took half as long again.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{common::Common, rows};
use crate::rule::{bytes::ByteSet, text::Text};

/// One bit for each hash: 64 kB, which the second level of a cache holds.
const BITS: u32 = 19;
/// Spread grams over the hashes differently.
const MULTIPLIERS: [u32; 4] = [0x9E37_79B1, 0xC2B2_AE35, 0x85EB_CA6B, 0x1656_67B1];
const SECOND: u32 = 0x85EB_CA77;
const SIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// Grams that source code is full of: in the Linux sources, every fifth is of spaces.
const COMMONEST: [[u8; 4]; 8] =
    [*b"    ", *b"\t\t\t\t", *b"----", *b"====", *b"****", *b"////", *b"0000", *b"\n\t\t\t"];

/// Bytes that are looked at in one go, by half as many grams.
const BLOCK: usize = 512;
/// Of the last gram of a block, and what follows it.
const OVERHANG: usize = 4;

/// A block and the bytes behind it.
type Block = [u8; BLOCK + OVERHANG];

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sought {
    /// In lower case, of two bytes or more.
    pub(super) word: Text,
    /// One of these must stand behind it; if nothing must, none.
    pub(super) followers: Option<ByteSet>,
}

/// The words' grams.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grams {
    words: Vec<Sought>,
    multiplier: u32,
    grams: Bitmap,
    /// Asked where `grams` says yes: the grams of words that end too soon behind them.
    short: Bitmap,
    /// The same for other words: their grams and two more bytes.
    long: Bitmap,
    heads: Vec<Head>,
    /// By the word of `grams` that their hash belongs to: see `Entry`.
    #[serde(with = "rows")]
    entries: Vec<u32>,
    /// For each word of `grams`, where its entries begin; and where the last ones end.
    #[serde(with = "rows")]
    index: Vec<u32>,
}

/// The first bytes of a word, up to eight: in lower case, and what they are compared under.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    value: u64,
    mask: u64,
}

/// A gram of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    word: u32,
    /// Where in the word it begins (-1 = the byte before).
    offset: i32,
}

impl Entry {
    const OFFSET_BITS: u32 = 8;

    /// As one number: the offset plus one in the lowest bits.
    fn packed(self) -> u32 {
        self.word << Self::OFFSET_BITS | (self.offset + 1) as u32
    }

    fn unpacked(packed: u32) -> Self {
        let offset = packed & ((1 << Self::OFFSET_BITS) - 1);
        Self { word: packed >> Self::OFFSET_BITS, offset: offset as i32 - 1 }
    }
}

impl Grams {
    /// For `words`, by grams that are as rare as `common` says.
    pub(super) fn new(words: Vec<Sought>, common: &Common) -> Self {
        let mut all = Vec::new();
        for (n, Sought { word, followers }) in words.iter().enumerate() {
            grams_of(word.as_bytes(), followers.as_ref(), common, |gram, offset| {
                all.push((gram, Entry { word: n as u32, offset }));
            });
        }
        let (mut short, mut long) = (Bitmap::new(), Bitmap::new());
        for (gram, Entry { word, offset }) in &all {
            let word = words[*word as usize].word.as_bytes();
            match usize::try_from(*offset).ok().and_then(|at| word[at..].first_chunk()) {
                Some(six) => long.set(hash_of_six(six)),
                None => short.set(hash(*gram, SECOND)),
            }
        }
        let (multiplier, grams) = spread(all.iter().map(|(gram, _)| *gram));
        let (entries, index) = by_bitmap_word(&all, multiplier);
        let heads = words.iter().map(|w| Head::of(w.word.as_bytes())).collect();
        Self { words, multiplier, grams, short, long, heads, entries, index }
    }

    /// Bytes of a word: index into what `new` was given.
    pub(super) fn len(&self, word: usize) -> usize {
        self.words[word].word.len()
    }

    /// How many bytes from its first on decide whether a word is found.
    pub(super) fn reach(&self, word: usize) -> usize {
        self.len(word) + usize::from(self.words[word].followers.is_some())
    }

    /// Calls `found` with index and first byte of every word that has two neighbouring grams
    /// starting in `range`; case is ignored. A word that lies in `range` has.
    pub(super) fn find(
        &self,
        text: &[u8],
        range: Range<usize>,
        mut found: impl FnMut(usize, usize),
    ) {
        let mut places = [0; BLOCK / 2];
        for at in range.clone().step_by(BLOCK) {
            let len = BLOCK.min(range.end - at);
            // Past the end any byte will do: the words themselves are compared in full.
            let mut padded = [0; BLOCK + OVERHANG];
            let block = text[at..].first_chunk().unwrap_or_else(|| {
                padded[..text.len() - at].copy_from_slice(&text[at..]);
                &padded
            });
            for &place in self.sieve(block, len, &mut places) {
                let place = usize::from(place);
                self.check(text, at + place, gram_at(block, place), &mut found);
            }
        }
    }

    /// Those of the first `len` places of `block` where a word's gram may be.
    fn sieve<'p>(&self, block: &Block, len: usize, places: &'p mut [u16; BLOCK / 2]) -> &'p [u16] {
        let mut count = 0;
        for place in (0..len.min(BLOCK)).step_by(2) {
            // There are no more than fit; it spares a test.
            places[count % (BLOCK / 2)] = place as u16;
            count += self.grams.get(hash(gram_at(block, place), self.multiplier)) as usize;
        }
        let mut left = 0;
        for n in 0..count.min(BLOCK / 2) {
            let place = usize::from(places[n]) % BLOCK;
            places[left % (BLOCK / 2)] = place as u16;
            let six = block[place..].first_chunk().expect("the overhang has two bytes more");
            let is_short = self.short.get(hash(gram_at(block, place), SECOND));
            left += (is_short | self.long.get(hash_of_six(six))) as usize;
        }
        &places[..left]
    }

    /// Reports the words that have `gram` and stand around `at`.
    fn check(&self, text: &[u8], at: usize, gram: u32, found: &mut impl FnMut(usize, usize)) {
        let word = (hash(gram, self.multiplier) >> 6) as usize;
        let entries = &self.entries[self.index[word] as usize..self.index[word + 1] as usize];
        // Of the many grams of a short word several may be here.
        for packed in entries.chunk_by(|a, b| a == b).filter_map(|same| same.first()) {
            let entry = Entry::unpacked(*packed);
            let Some(start) = at.checked_add_signed(-entry.offset as isize) else { continue };
            let word = entry.word as usize;
            if self.heads[word].may_stand_at(text, start) && self.words[word].stands_at(text, start)
            {
                found(word, start);
            }
        }
    }
}

impl Sought {
    /// Whether it is in `text` at `start`, in front of the right byte.
    fn stands_at(&self, text: &[u8], start: usize) -> bool {
        let end = start + self.word.len();
        let is_follower = |set: &ByteSet| text.get(end).is_some_and(|b| set.has(*b));
        text.get(start..end).is_some_and(|there| there.eq_ignore_ascii_case(self.word.as_bytes()))
            && self.followers.as_ref().is_none_or(is_follower)
    }
}

impl Head {
    fn of(word: &[u8]) -> Self {
        let (mut value, mut mask) = ([0; 8], [0; 8]);
        for (n, b) in word.iter().take(8).enumerate() {
            (value[n], mask[n]) = (b | CASE as u8, 0xFF);
        }
        Self { value: u64::from_le_bytes(value), mask: u64::from_le_bytes(mask) }
    }

    /// Whether `text` has these bytes at `start`, as far as one comparison can tell.
    fn may_stand_at(&self, text: &[u8], start: usize) -> bool {
        let there = text.get(start..).and_then(|t| t.first_chunk());
        there.is_none_or(|t| (u64::from_le_bytes(*t) | CASE) & self.mask == self.value)
    }
}

/// The grams of `word` that are looked for, and where in it each begins: two neighbouring ones.
fn grams_of(
    word: &[u8],
    followers: Option<&ByteSet>,
    common: &Common,
    mut add: impl FnMut(u32, i32),
) {
    let mut add = |gram: [u8; 4], offset| add(u32::from_le_bytes(gram), offset);
    // Case does not count, so of two bytes that differ in case only one is entered.
    let any = || (0..=255_u8).filter(|x| x & CASE as u8 != 0);
    let can_follow = |set: &ByteSet, x: u8| set.has(x) || set.has(x & !(CASE as u8));
    let behind = || any().filter(|x| followers.is_none_or(|set| can_follow(set, *x)));
    match *word {
        [a, b] => {
            let pairs = || behind().flat_map(|x| any().map(move |y| (x, y)));
            pairs().for_each(|(x, y)| add([a, b, x, y], 0));
            pairs().for_each(|(x, y)| add([y, a, b, x], -1));
        }
        [a, b, c] => {
            behind().for_each(|x| add([a, b, c, x], 0));
            any().for_each(|x| add([x, a, b, c], -1));
        }
        [a, b, c, d] => {
            add([a, b, c, d], 0);
            behind().for_each(|x| add([b, c, d, x], 1));
        }
        _ => {
            let at = rarest(word, common);
            for offset in [at, at + 1] {
                let gram = word[offset..].first_chunk().expect("`rarest` leaves room for two");
                add(*gram, offset as i32);
            }
        }
    }
}

/// A bitmap of the hashes of `grams`, and the multiplier that they are made with: the one for which fewest of
/// the commonest grams of all look like one of them.
fn spread(grams: impl Iterator<Item = u32> + Clone) -> (u32, Bitmap) {
    let mut best = None;
    let mut least = usize::MAX;
    for multiplier in MULTIPLIERS {
        let mut bitmap = Bitmap::new();
        grams.clone().for_each(|gram| bitmap.set(hash(gram, multiplier)));
        let is_seen =
            |gram: &&[u8; 4]| bitmap.get(hash(u32::from_le_bytes(**gram), multiplier)) == 1;
        let seen = COMMONEST.iter().filter(is_seen).count();
        if seen < least {
            (best, least) = (Some((multiplier, bitmap)), seen);
        }
        if seen == 0 {
            break;
        }
    }
    best.expect("there are multipliers")
}

/// `all` by the word of the bitmap that their hash belongs to, and where those of each word begin; sorting
/// them all took a fifth of the time that the program needs to start.
fn by_bitmap_word(all: &[(u32, Entry)], multiplier: u32) -> (Vec<u32>, Vec<u32>) {
    let word = |gram: u32| (hash(gram, multiplier) >> 6) as usize;
    let mut index = vec![0; (1 << (BITS - 6)) + 1];
    all.iter().for_each(|(gram, _)| index[word(*gram) + 1] += 1);
    for n in 1..index.len() {
        index[n] += index[n - 1];
    }
    let (mut next, mut sorted) = (index.clone(), vec![0; all.len()]);
    for (gram, entry) in all {
        let place = &mut next[word(*gram)];
        sorted[*place as usize] = entry.packed();
        *place += 1;
    }
    (sorted, index)
}

/// The four bytes of `block` from `at` on.
fn gram_at(block: &Block, at: usize) -> u32 {
    u32::from_le_bytes(*block[at..].first_chunk().expect("the overhang has room for a gram"))
}

/// One bit for each hash.
#[derive(Debug, PartialEq, Eq)]
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

impl Serialize for Bitmap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Bitmap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        let mut bitmap = Self::new();
        for (word, bytes) in bitmap.0.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Ok(bitmap)
    }
}

/// Maps upper to lower case, and a few signs to each other, which the full comparison tells apart.
const CASE: u64 = 0x2020_2020_2020_2020;

/// A hash of a gram in which case does not count.
fn hash(gram: u32, multiplier: u32) -> u32 {
    (gram | CASE as u32).wrapping_mul(multiplier) >> (32 - BITS)
}

/// The same of a gram and the two bytes behind it.
fn hash_of_six(&[a, b, c, d, e, f]: &[u8; 6]) -> u32 {
    let six = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]) | CASE;
    (six.wrapping_mul(SIX) >> (64 - BITS)) as u32
}

/// Where in a word of five bytes or more the two neighbouring grams are that are looked at least often.
fn rarest(word: &[u8], common: &Common) -> usize {
    // A place that passes the first sieve costs one more look; if it passes the second, which it seldom does where
    // six bytes are known, the word is compared.
    const COMPARED: f32 = 7.0;
    let shares = common.shares(word);
    let cost = |at: usize| if at + 6 <= word.len() { shares[at] } else { shares[at] * COMPARED };
    let both = |at: &usize| cost(*at) + cost(at + 1);
    let all = 0..word.len() - 4;
    all.min_by(|a, b| both(a).total_cmp(&both(b))).expect("the word has five bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::load;

    fn words(list: &[&str]) -> Vec<Sought> {
        let any = |w: &&str| Sought { word: (*w).into(), followers: None };
        list.iter().map(any).collect()
    }

    #[test]
    fn words_are_found_at_every_offset_and_in_every_case() {
        let words = words(&["u-", "sg.", "aiza", "passw", "authorization", "-----begin"]);
        let grams = Grams::new(words.clone(), &Common::new());
        for (n, Sought { word, .. }) in words.iter().enumerate() {
            for before in 0..40 {
                for after in [0, 1, 2, 3, 40] {
                    let text = format!(
                        "{}{}{}",
                        "#".repeat(before),
                        word.to_uppercase(),
                        "#".repeat(after)
                    );
                    let mut found = Vec::new();
                    grams.find(text.as_bytes(), 0..text.len(), |w, at| found.push((w, at)));
                    found.dedup();
                    assert_eq!(found, [(n, before)], "{word} after {before} before {after}");
                }
            }
        }
    }

    #[test]
    fn indentation_looks_like_no_word_of_a_rule() {
        let catalogue = load::builtin();
        let patterns = catalogue.rules.iter().flat_map(|r| &r.patterns);
        let words: Vec<&str> =
            patterns.flat_map(|p| p.keywords.iter().map(|k| k.as_str())).collect();
        let grams = Grams::new(self::words(&words), &Common::new());
        for byte in [b' ', b'\t'] {
            let mut places = [0; BLOCK / 2];
            assert!(grams.sieve(&[byte; BLOCK + OVERHANG], BLOCK, &mut places).is_empty());
            let gram = u32::from_le_bytes([byte; 4]);
            assert_eq!(grams.grams.get(hash(gram, grams.multiplier)), 0, "{byte}");
        }
    }

    proptest! {
        #[test]
        fn every_word_in_a_range_is_found_once_and_nothing_else(
            text in "[abA_.]{0,40}([abA_.]{0,10}|.{0,9}| {500}){0,4}",
            from in 0_usize..600,
            len in 0_usize..1200,
        ) {
            let in_front_of = |word: &str, bytes: &str| {
                Sought { word: word.into(), followers: Some(bytes.bytes().collect()) }
            };
            let mut words = words(&["a_", "ab_", "ba.b", "abab.", "_a.bb_", "aa.bb_ab", "b.abab_aab"]);
            words.extend([in_front_of("_b", "A"), in_front_of("aba", "a_"), in_front_of("a_ba", "B")]);
            let text = text.as_bytes();
            let range = from.min(text.len())..(from + len).min(text.len());
            let mut found = Vec::new();
            Grams::new(words.clone(), &Common::new()).find(text, range.clone(), |word, at| found.push((at, word)));
            found.sort_unstable();
            let stands = |at: usize, Sought { word, followers }: &Sought| {
                let end = at + word.len();
                text.get(at..end).is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()))
                    && followers.is_none_or(|set| end < text.len() && set.has(text[end]))
            };
            prop_assert!(found.is_sorted_by(|a, b| a < b));
            prop_assert!(found.iter().all(|&(at, word)| stands(at, &words[word])));
            for (n, word) in words.iter().enumerate() {
                for at in range.clone().filter(|at| at + word.word.len() <= range.end) {
                    prop_assert_eq!(stands(at, word), found.binary_search(&(at, n)).is_ok());
                }
            }
        }
    }
}
