//! Where decoding may pay: runs of letters and digits, and stretches that are full of escapes, as of a text
//! in which every byte is written as `\x41`. These have no runs, and yet may hold a key.

use std::ops::Range;

use super::runs::{self, BLOCK, MANY_SIGNS};
use crate::content::decode::Seeds;

/// A dense stretch is made of windows: so many signs in at most so many bytes, which lie in two neighbouring
/// blocks at most.
const SIGNS: usize = MANY_SIGNS as usize;
const WINDOW_BYTES: usize = BLOCK;

/// Adds every run and every dense stretch of `text` that touches `view` to `seeds`, and calls `run` with what of
/// each run was seen. Some that only come near may be among them; a dense stretch may be cut where it is a
/// window's length outside.
pub(super) fn for_each(
    text: &[u8],
    view: Range<usize>,
    seeds: &mut Seeds,
    mut run: impl FnMut(&Range<usize>),
) {
    let view = around(&view, text.len());
    let signs = |block: usize, bits: u128| {
        for window in windows(bits, view.start + block) {
            seeds.stretches.add(window);
        }
    };
    runs::for_each(&text[view.clone()], signs, |found| {
        let found = view.start + found.start..view.start + found.end;
        run(&found);
        seeds.runs.push(whole(text, &view, found));
    });
}

fn around(range: &Range<usize>, end: usize) -> Range<usize> {
    range.start.saturating_sub(WINDOW_BYTES)..end.min(range.end + WINDOW_BYTES)
}

/// Every window that ends in the block at `at`, in order; `bits` are the signs of the block before it and its
/// own.
fn windows(mut bits: u128, at: usize) -> impl Iterator<Item = Range<usize>> {
    // The places of the latest signs in both blocks, in turn.
    let (mut latest, mut count) = ([0; SIGNS], 0);
    std::iter::from_fn(move || {
        while bits != 0 {
            let place = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            latest[count % SIGNS] = place;
            count += 1;
            let window = latest[count % SIGNS]..place + 1;
            if count >= SIGNS && place >= BLOCK && window.len() <= WINDOW_BYTES {
                return Some(at + window.start - BLOCK..at + window.end - BLOCK);
            }
        }
        None
    })
}

/// The run of which `part` lies in `view`.
fn whole(text: &[u8], view: &Range<usize>, part: Range<usize>) -> Range<usize> {
    let len = |bytes: &mut dyn Iterator<Item = &u8>| {
        bytes.take_while(|b| b.is_ascii_alphanumeric()).count()
    };
    let before =
        if part.start == view.start { len(&mut text[..part.start].iter().rev()) } else { 0 };
    let after = if part.end == view.end { len(&mut text[part.end..].iter()) } else { 0 };
    part.start - before..part.end + after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(text: &[u8], view: Range<usize>) -> Vec<Range<usize>> {
        let mut seeds = Seeds::default();
        for_each(text, view, &mut seeds, |_| ());
        seeds.stretches.joined()
    }

    #[test]
    fn only_what_is_full_of_signs_is_a_stretch() {
        let code = "\\x73".repeat(5);
        for before in 0..200 {
            let text = format!("{}{code}{}", ".".repeat(before), ".".repeat(300));
            let expected = before..before + code.len() - 2;
            assert_eq!(stretches(text.as_bytes(), 0..text.len()), std::slice::from_ref(&expected));
            // Wherever the view ends, a stretch in it is whole.
            for end in [before + 1, before + 10, before + 30] {
                assert_eq!(
                    stretches(text.as_bytes(), before..end),
                    std::slice::from_ref(&expected)
                );
            }
        }
        assert!(
            stretches("max = ctx & 0xff; // and the rest of it\n".repeat(9).as_bytes(), 0..360)
                .is_empty()
        );
    }

    #[test]
    fn a_run_is_whole_wherever_the_view_ends() {
        let text = format!("{} {}", "a".repeat(500), "b".repeat(20));
        let mut seeds = Seeds::default();
        for_each(text.as_bytes(), 300..310, &mut seeds, |_| ());
        assert_eq!((seeds.runs.len(), seeds.runs.first()), (1, Some(&(0..500))));
    }
}
