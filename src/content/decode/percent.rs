//! Percent encoding, as in URLs (RFC 3986, section 2.1).

use super::word::{Unit, hex};

/// `%41` at `at`.
pub(super) fn unit(text: &[u8], at: usize) -> Option<Unit> {
    if text[at] != b'%' {
        return None;
    }
    Some(Unit::byte(3, hex(text, at + 1, 2)? as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hex_digits_are_a_byte() {
        assert_eq!(unit(b"x%5F", 1), Some(Unit::byte(3, b'_')));
        for not in [b"%5".as_slice(), b"%5g", b"%%%", b"5F5"] {
            assert_eq!(unit(not, 0), None);
        }
    }
}
