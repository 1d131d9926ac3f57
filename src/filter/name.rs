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

/// The word in the name of the value at `secret` that says so. The match at `whole` may begin in the
/// middle of the name.
pub(super) fn harmless(
    text: &[u8],
    whole: &Range<usize>,
    secret: &Range<usize>,
) -> Option<&'static str> {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let before = text[whole.start.saturating_sub(MAX_BYTES)..whole.start].iter().rev();
    let start = whole.start - before.take_while(|b| is_name(b)).count();
    let name = text[start..secret.start].split(|b| !is_name(b)).next().unwrap_or_default();
    HARMLESS.iter().find(|word| contains_ignoring_case(name, word.as_bytes())).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<&'static str> {
        let whole = line.to_ascii_lowercase().find("token").unwrap()..line.len();
        harmless(line.as_bytes(), &whole, &(line.len() - 4..line.len()))
    }

    #[test]
    fn the_whole_name_is_read() {
        assert_eq!(of("Version=1, PublicKeyToken=b77a"), Some("publickey"));
        assert_eq!(of("\"next_page_token\": \"b77a"), Some("next_page"));
        assert_eq!(of("publicKey, accessToken=b77a"), None);
        assert_eq!(of("republic_token=b77a"), None);
    }
}
