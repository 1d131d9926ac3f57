//! Backslashes in strings: what JSON, JavaScript, C, Python and shells agree on.

use super::word::{Unit, hex};

/// `\u0041`, `\u{41}`, `\U00000041`, `\x41`, `\101`, `\/`, `\n` … at `at`.
pub(super) fn unit(text: &[u8], at: usize) -> Option<Unit> {
    if text[at] != b'\\' {
        return None;
    }
    let char = |len, code| Some(Unit::char(len, char::from_u32(code)?));
    match text.get(at + 1)? {
        b'u' if text.get(at + 2) == Some(&b'{') => {
            let len =
                text[at + 3..].iter().take(7).position(|&b| b == b'}').filter(|&len| len > 0)?;
            char(len + 4, hex(text, at + 3, len)?)
        }
        b'u' => utf16(text, at),
        b'U' => char(10, hex(text, at + 2, 8)?),
        b'x' => Some(Unit::byte(4, hex(text, at + 2, 2)? as u8)),
        b'0'..=b'3' => octal(text, at + 1).map(|byte| Unit::byte(4, byte)),
        b'n' => char(2, 0x0a),
        b'r' => char(2, 0x0d),
        b't' => char(2, 0x09),
        b'\\' => char(2, 0x5c),
        &b @ (b'/' | b'"' | b'\'' | b'`') => Some(Unit::byte(2, b)),
        _ => None,
    }
}

/// One unit of UTF-16, or two for a character beyond its reach.
fn utf16(text: &[u8], at: usize) -> Option<Unit> {
    let high = hex(text, at + 2, 4)?;
    if let Some(char) = char::from_u32(high) {
        return Some(Unit::char(6, char));
    }
    let low = text[at + 6..].starts_with(b"\\u").then(|| hex(text, at + 8, 4))??;
    let mut chars = char::decode_utf16([high as u16, low as u16]);
    Some(Unit::char(12, chars.next()?.ok()?))
}

fn octal(text: &[u8], at: usize) -> Option<u8> {
    let digits = text.get(at..at + 3)?;
    digits.iter().try_fold(0, |n: u8, &b| Some(n << 3 | char::from(b).to_digit(8)? as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_character_is_read() {
        for code in ["\\u005f", "\\u{5f}", "\\U0000005f"] {
            assert_eq!(unit(code.as_bytes(), 0), Some(Unit::char(code.len(), '_')), "{code}");
        }
        for code in ["\\x5f", "\\137"] {
            assert_eq!(unit(code.as_bytes(), 0), Some(Unit::byte(4, b'_')), "{code}");
        }
        assert_eq!(unit(b"\\/", 0), Some(Unit::byte(2, b'/')));
        assert_eq!(unit(b"\\\\x41", 0), Some(Unit::char(2, '\\')));
        assert_eq!(unit(b"\\ud83d\\ude00", 0), Some(Unit::char(12, '😀')));
    }

    #[test]
    fn what_is_no_escape_is_none() {
        for code in
            ["\\", "\\u", "\\u00", "\\ud800", "\\ud800\\u0041", "\\x4", "\\u{}", "\\400", "\\d"]
        {
            assert_eq!(unit(code.as_bytes(), 0), None, "{code}");
        }
    }
}
