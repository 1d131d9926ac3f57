//! Whether one of some words stands within some lines of a match, or of where a match could be.

use std::ops::Range;

use crate::{rule::Near, span};

/// However long the lines are, no more than this is looked at on either side.
const MAX_SIDE_BYTES: usize = 4 << 10;

/// Whether `near` holds for the match at `whole`. Case is ignored.
pub fn stands_near(text: &[u8], whole: Range<usize>, near: &Near) -> bool {
    let around = &text[span::lines_around(text, whole, usize::from(near.lines), MAX_SIDE_BYTES)];
    near.any.iter().any(|word| contains_ignoring_case(around, word.as_bytes()))
}

/// Whether `needle` is in `hay`, ASCII case ignored.
pub fn contains_ignoring_case(hay: &[u8], needle: &[u8]) -> bool {
    let Some((&first, _)) = needle.split_first() else { return true };
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), hay)
        .any(|at| hay.get(at..at + needle.len()).is_some_and(|h| h.eq_ignore_ascii_case(needle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_within_its_lines_only() {
        let near = |lines| Near { any: vec!["api.acme.example".into()], lines };
        let text = b"host: API.acme.example\n\nkey";
        assert!(stands_near(text, 24..27, &near(2)));
        assert!(!stands_near(text, 24..27, &near(1)));
    }
}
