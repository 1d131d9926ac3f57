//! Where a value ends that is longer than a regex cares to count: an opaque token of a thousand characters.

use std::ops::Range;

/// What a regex takes is no longer.
const MIN_BYTES: usize = 200;

/// Nobody issues longer tokens; it is data.
const MAX_BYTES: usize = 4096;

/// All of the value that begins with `head`, which is where a regex stopped. `None` if it is too short to have
/// stopped there, too long, or goes over into something else.
pub(super) fn whole(text: &[u8], head: &Range<usize>) -> Option<Range<usize>> {
    let rest = &text[head.start..text.len().min(head.start + MAX_BYTES + 1)];
    let len = rest.iter().position(|b| !is_of_value(b)).unwrap_or(rest.len());
    let ends = text.get(head.start + len).is_none_or(|b| {
        b.is_ascii_whitespace()
            || matches!(b, b'"' | b'\'' | b'`' | b'\\' | b'&' | b',' | b';' | b'<' | b')')
    });
    (ends && (MIN_BYTES..=MAX_BYTES).contains(&len)).then(|| head.start..head.start + len)
}

/// Whether the value at `secret` goes on behind it.
pub(super) fn goes_on(text: &[u8], secret: &Range<usize>) -> bool {
    text.get(secret.end).is_some_and(is_of_value)
}

fn is_of_value(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'/' | b'=' | b'.' | b'~' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_read_to_its_end() {
        let of = |text: &str| whole(text.as_bytes(), &(1..4)).map(|r| r.len());
        let long = "a1B_".repeat(100);
        assert_eq!(of(&format!("'{long}'")), Some(400));
        assert_eq!(of(&format!("={long}")), Some(400));
        assert_eq!(of(&format!("'{long}(x)'")), None, "a call");
        assert_eq!(of(&format!("'{}'", &long[..100])), None, "a regex takes all of it");
        assert_eq!(of(&format!("'{}'", long.repeat(11))), None, "data");
    }

    #[test]
    fn a_value_goes_on_where_its_characters_do() {
        assert!(goes_on(b"'abc'", &(1..3)));
        assert!(!goes_on(b"'abc'", &(1..4)));
        assert!(!goes_on(b"abc", &(0..3)));
    }
}
