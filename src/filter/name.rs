//! Names that say of their value that it is no secret: `PublicKeyToken`, `nextPageToken`.

use std::ops::Range;

use crate::near::contains_ignoring_case;

/// What such names contain. A cursor goes to everybody who asks for a page, a public key to everybody.
const HARMLESS: [&str; 9] = [
    "publickey",
    "public_key",
    "public-key",
    "nextpage",
    "next_page",
    "pagetoken",
    "page_token",
    "continuation",
    // RFC 6455: drawn anew for each connection, and sent in clear.
    "websocket",
];

/// Longest part of a name that is looked at.
const MAX_BYTES: usize = 40;

/// The word in `name` that says that its value is no secret.
pub(super) fn harmless(name: &[u8]) -> Option<&'static str> {
    HARMLESS.iter().find(|word| contains_ignoring_case(name, word.as_bytes())).copied()
}

/// The name of the value at `secret`. The match at `whole` may begin in the middle of it.
pub(super) fn of<'t>(text: &'t [u8], whole: &Range<usize>, secret: &Range<usize>) -> &'t [u8] {
    let before = &text[whole.start.saturating_sub(MAX_BYTES)..whole.start];
    let start = whole.start - last(before).len();
    text[start..secret.start].split(|b| !is_part(b)).next().unwrap_or_default()
}

/// The name that `text` ends with; empty, if it ends with something else.
pub(super) fn last(text: &[u8]) -> &[u8] {
    &text[text.iter().rposition(|b| !is_part(b)).map_or(0, |at| at + 1)..]
}

fn is_part(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harmless_in(line: &str) -> Option<&'static str> {
        let whole = line.to_ascii_lowercase().find("token").unwrap()..line.len();
        harmless(of(line.as_bytes(), &whole, &(line.len() - 4..line.len())))
    }

    #[test]
    fn the_whole_name_is_read() {
        assert_eq!(harmless_in("Version=1, PublicKeyToken=b77a"), Some("publickey"));
        assert_eq!(harmless_in("\"next_page_token\": \"b77a"), Some("next_page"));
        assert_eq!(harmless_in("publicKey, accessToken=b77a"), None);
        assert_eq!(harmless_in("republic_token=b77a"), None);
    }
}
