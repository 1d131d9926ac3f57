//! Whether a value stands in the address of a badge: the token there opens the picture for everybody who reads
//! the page, and nothing else. <https://shields.io/badges/codecov-with-branch>

use std::ops::Range;

use crate::near::contains_ignoring_case;

/// What the addresses of badges have before their query: pictures as SVG, or a service that makes them.
const SIGNS: [&str; 2] = [".svg?", "//img.shields.io/"];

/// Whether `secret` stands in the query of a badge's address.
pub(super) fn is_in_address(text: &[u8], secret: &Range<usize>) -> bool {
    /// The rest of a longer address is not looked at.
    const MAX_QUERY_BYTES: usize = 120;
    let before = &text[secret.start.saturating_sub(MAX_QUERY_BYTES)..secret.start];
    let is_address =
        |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>');
    let start = before.iter().rposition(|b| !is_address(b)).map_or(0, |at| at + 1);
    SIGNS.iter().any(|sign| contains_ignoring_case(&before[start..], sign.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_badge_is_told_by_its_address() {
        let of = |line: &str| {
            let at = line.find("q8Zt").unwrap();
            is_in_address(line.as_bytes(), &(at..at + 4))
        };
        assert!(of("[![x](https://ci.acme.test/a/badge.svg?branch=main&token=q8Zt)](x)"));
        assert!(of("src=\"https://img.shields.io/codecov/c/github/a/b?token=q8Zt\""));
        assert!(!of("https://ci.acme.test/a.svg token=q8Zt"), "another word");
        assert!(!of("https://ci.acme.test/a.svg#token=q8Zt"), "no query");
    }
}
