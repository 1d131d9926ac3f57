//! Runs of ASCII letters and digits.
//!
//! This is the one file with `unsafe`: a call of a function that needs AVX2, after asking the processor
//! for it. The loop costs a tenth of the portable one, which every other processor uses and which the
//! tests hold it against.

use std::ops::Range;

use crate::rule::shape::SEARCHED_RUN;

/// Bytes of a block: one bit each in a `u64`.
pub(super) const BLOCK: usize = 64;

/// Shortest run that is looked for.
pub(super) const MIN_RUN: usize = SEARCHED_RUN;

/// Bytes that many escapes begin with, or have in them: `\`, `%`, `&`, and the `x` of `\x41` and `0x41`.
fn is_sign(b: u8) -> bool {
    matches!(b, b'\\' | b'%' | b'&' | b'x' | b'X')
}

/// So many signs in two blocks beside each other make them worth a look.
pub(super) const MANY_SIGNS: u32 = 10;

/// Calls `found` for every longest run of at least `MIN_RUN` letters and digits, in order; and `signs` for
/// every two neighbouring blocks that have many signs: with the place of the second one, and one bit for each
/// byte of both, the first byte's lowest.
pub(super) fn for_each(
    text: &[u8],
    mut signs: impl FnMut(usize, u128),
    found: impl FnMut(Range<usize>),
) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
    {
        #[expect(unsafe_code, reason = "the processor was asked on the lines above")]
        // SAFETY: `with_avx2` needs AVX2 and POPCNT and nothing else; it is safe code otherwise.
        unsafe {
            with_avx2(text, signs, found);
        }
        return;
    }
    let mut previous = 0;
    for (n, block) in text.chunks(BLOCK).enumerate() {
        tell_signs(n * BLOCK, &mut previous, signs_in(block), &mut signs);
    }
    portable(text, 0, found);
}

/// One bit for each byte of `block`: whether it is a sign.
fn signs_in(block: &[u8]) -> u64 {
    block.iter().rev().fold(0, |bits, b| bits << 1 | u64::from(is_sign(*b)))
}

/// Calls `signs` if the block at `at`, with the bits `current`, and the one before it have many.
#[inline(always)]
fn tell_signs(at: usize, previous: &mut u64, current: u64, signs: &mut impl FnMut(usize, u128)) {
    if previous.count_ones() + current.count_ones() >= MANY_SIGNS {
        signs(at, u128::from(current) << BLOCK | u128::from(*previous));
    }
    *previous = current;
}

/// Looks at every `MIN_RUN`-th byte and walks back to the first that is outside: a run that includes
/// it has begun behind that.
fn portable(text: &[u8], from: usize, mut found: impl FnMut(Range<usize>)) {
    let mut start = from;
    while start + MIN_RUN <= text.len() {
        match text[start..start + MIN_RUN].iter().rposition(|b| !b.is_ascii_alphanumeric()) {
            Some(outside) => start += outside + 1,
            None => {
                let run = extended(text, start..start + MIN_RUN);
                start = run.end + 1;
                found(run);
            }
        }
    }
}

fn extended(text: &[u8], part: Range<usize>) -> Range<usize> {
    let before = text[..part.start].iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    let after = text[part.end..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    part.start - before..part.end + after
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn with_avx2(text: &[u8], mut signs: impl FnMut(usize, u128), mut found: impl FnMut(Range<usize>)) {
    let (mut previous, mut previous_signs, mut done) = (0_u64, 0, 0);
    let mut blocks = text.chunks_exact(BLOCK);
    for (n, block) in blocks.by_ref().enumerate() {
        let (current, its_signs) = classes(block.try_into().expect("the chunks are exact"));
        tell_signs(n * BLOCK, &mut previous_signs, its_signs, &mut signs);
        // Bit i of `starts`: a run of MIN_RUN begins at byte i - 64 of this block and ends in it.
        let both = u128::from(current) << BLOCK | u128::from(previous);
        let two = both & (both >> 1);
        let four = two & (two >> 2);
        let eight = four & (four >> 4);
        let mut starts = (eight & (four >> 8)) >> (BLOCK + 1 - MIN_RUN);
        previous = current;
        while starts != 0 {
            let at = n * BLOCK + starts.trailing_zeros() as usize + 1 - MIN_RUN;
            if at >= done {
                let run = extended(text, at..at + MIN_RUN);
                done = run.end;
                found(run);
            }
            starts &= starts - 1;
        }
    }
    // A run that ends in the last, shorter block began at most MIN_RUN - 1 bytes before it, or was found.
    let tail = text.len() - blocks.remainder().len();
    if !blocks.remainder().is_empty() {
        tell_signs(tail, &mut previous_signs, signs_in(blocks.remainder()), &mut signs);
    }
    let from = done.max(tail.saturating_sub(MIN_RUN - 1));
    portable(text, from, |run| {
        if run.start >= done {
            found(run);
        }
    });
}

/// One bit for each byte of `block`: whether it is an ASCII letter or digit; and whether it is a sign.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn classes(block: &[u8; BLOCK]) -> (u64, u64) {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set_epi64x, _mm256_set1_epi8, _mm256_sub_epi8,
    };
    let word =
        |at: usize| i64::from_le_bytes(*block[at..].first_chunk().expect("eight bytes are left"));
    let half = |at: usize| -> (u32, u32) {
        let bytes = _mm256_set_epi64x(word(at + 24), word(at + 16), word(at + 8), word(at));
        // x <= limit, for unsigned bytes: min(x, limit) = x.
        let within = |x: __m256i, limit: i8| {
            _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(limit)), x)
        };
        let folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
        let letter = within(_mm256_sub_epi8(folded, _mm256_set1_epi8(b'a' as i8)), 25);
        let digit = within(_mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8)), 9);
        let is = |x: __m256i, b: u8| _mm256_cmpeq_epi8(x, _mm256_set1_epi8(b as i8));
        let signs = _mm256_or_si256(
            _mm256_or_si256(is(bytes, b'\\'), is(bytes, b'%')),
            _mm256_or_si256(is(bytes, b'&'), is(folded, b'x')),
        );
        let mask = |x: __m256i| _mm256_movemask_epi8(x) as u32;
        (mask(_mm256_or_si256(letter, digit)), mask(signs))
    };
    let ((low, low_signs), (high, high_signs)) = (half(0), half(32));
    let whole = |low, high| u64::from(high) << 32 | u64::from(low);
    (whole(low, high), whole(low_signs, high_signs))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(text: &[u8]) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        for_each(text, |_, _| (), |r| runs.push(r));
        runs
    }

    #[test]
    fn neighbouring_blocks_with_many_signs_are_told() {
        for len in [64, 100, 640, 700] {
            for at in 0..len - 20 {
                let mut text = vec![b'a'; len];
                text[at..at + 20].copy_from_slice(b"\\x41%41&%41%41\\x41&&");
                let mut told = Vec::new();
                for_each(&text, |block, bits| told.push((block, bits)), |_| ());
                let bits = u128::from(signs_in(&text[at..at + 20]));
                let last = (at + 19) / BLOCK * BLOCK;
                let mut expected = vec![(last, bits << (at + BLOCK - last))];
                // Where one block has them all, it has them beside the next one, too.
                if last <= at && last + BLOCK < len {
                    expected.push((last + BLOCK, bits << (at - last)));
                }
                assert_eq!(told, expected, "{at} of {len}");
            }
        }
    }

    #[test]
    fn only_long_runs_are_found_and_whole() {
        let text = b"abcdefghijk-abcdefghijkl abcdefghijklm,ab_abcdefghijk1";
        let found: Vec<&[u8]> = runs(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, [b"abcdefghijkl".as_slice(), b"abcdefghijklm", b"abcdefghijk1"]);
        assert!(runs(b"abc").is_empty());
    }

    proptest! {
        #[test]
        fn both_ways_find_the_same(text in proptest::collection::vec(prop_oneof![20 => Just(b'a'), 1 => any::<u8>()], 0..400)) {
            let mut plain = Vec::new();
            portable(&text, 0, |r| plain.push(r));
            let by_hand: Vec<Range<usize>> = {
                let mut all = Vec::new();
                let mut start = 0;
                for end in 0..=text.len() {
                    if end == text.len() || !text[end].is_ascii_alphanumeric() {
                        if end - start >= MIN_RUN {
                            all.push(start..end);
                        }
                        start = end + 1;
                    }
                }
                all
            };
            prop_assert_eq!(&plain, &by_hand);
            prop_assert_eq!(runs(&text), by_hand);
        }
    }
}
