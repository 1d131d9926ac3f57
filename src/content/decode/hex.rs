//! Hex: digits in a row, and arrays of bytes as programming languages write them.

use std::ops::Range;

use super::{Decoded, MIN_DECODED_BYTES, Piece, text_len, word::hex};
use crate::route::Encoding;

/// The digits at `seed`, behind the `\x` that PostgreSQL begins bytes with, if they write text.
pub(super) fn escaped_digits(text: &[u8], seed: &Range<usize>) -> Option<Decoded> {
    let is_escaped = text[seed.clone()].starts_with(b"x") && text[..seed.start].ends_with(b"\\");
    if is_escaped { digits_behind(text, seed, 1) } else { None }
}

/// The digits at `seed`, a whole run of letters and digits, if they write text.
pub(super) fn digits(text: &[u8], seed: &Range<usize>) -> Option<Decoded> {
    digits_behind(text, seed, if text[seed.clone()].starts_with(b"0x") { 2 } else { 0 })
}

/// As `digits`, behind so many bytes.
fn digits_behind(text: &[u8], seed: &Range<usize>, sign: usize) -> Option<Decoded> {
    let digits = &text[seed.start + sign..seed.end];
    if digits.len() < 2 * MIN_DECODED_BYTES
        || !digits.len().is_multiple_of(2)
        || !starts_as_text(digits)
    {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        digits.chunks_exact(2).map(|pair| Some(hex(pair, 0, 2)? as u8)).collect();
    let bytes = bytes.filter(|bytes| text_len(bytes) == bytes.len())?;
    let code = seed.start + sign..seed.end;
    let pieces = vec![Piece { start: 0, code, rate: Some((1, 2)) }];
    Some(Decoded { encoding: Encoding::Hex, code: seed.clone(), bytes, pieces })
}

/// Nearly every hash fails here.
fn starts_as_text(digits: &[u8]) -> bool {
    let first = [0, 2, 4].map(|at| hex(digits, at, 2));
    first.iter().all(|byte| byte.is_some_and(|b| (0x20..0x7f).contains(&b) || b == 0x0a))
}

/// The first text in the array of bytes at `seed`: `0x41, 0x42, …`.
pub(super) fn array(text: &[u8], seed: &Range<usize>) -> Option<Decoded> {
    if text[seed.clone()].iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let (mut bytes, mut pieces) = (Vec::new(), Vec::<Piece>::new());
    // The `x` is the first sign of a stretch that an array is.
    let mut at = seed.start.saturating_sub(1);
    while let Some(found) = memchr::memmem::find(&text[at..seed.end], b"0x") {
        let start = at + found;
        let is_next = pieces.last().is_none_or(|last| is_separator(&text[last.code.end..start]));
        let byte = element(text, start).filter(|b| text_len(&[*b]) == 1);
        if !is_next || byte.is_none() {
            if bytes.len() >= MIN_DECODED_BYTES {
                break;
            }
            bytes.clear();
            pieces.clear();
        }
        if let Some(byte) = byte {
            let code = start..start + 4;
            pieces.push(Piece { start: bytes.len(), code, rate: Some((1, 4)) });
            bytes.push(byte);
        }
        at = start + 2;
    }
    if bytes.len() < MIN_DECODED_BYTES {
        return None;
    }
    let code = pieces.first()?.code.start..pieces.last()?.code.end;
    Some(Decoded { encoding: Encoding::Hex, code, bytes, pieces })
}

/// The byte that `0x41` at `at` writes.
fn element(text: &[u8], at: usize) -> Option<u8> {
    let ends = text.get(at + 4).is_none_or(|b| !b.is_ascii_alphanumeric());
    // In a string, the letter of a line break is no part of it.
    let begins = !text[..at].last().is_some_and(u8::is_ascii_alphanumeric)
        || text[..at].ends_with(b"\\n")
        || text[..at].ends_with(b"\\t");
    if ends && begins { hex(text, at + 2, 2).map(|n| n as u8) } else { None }
}

/// Spaces and line breaks, also as strings write them, and at most one comma or semicolon.
fn is_separator(between: &[u8]) -> bool {
    let (mut rest, mut signs) = (between, 0);
    while !rest.is_empty() {
        rest = match rest {
            [b'\\', b'n' | b'r' | b't', rest @ ..] => rest,
            [b',' | b';', rest @ ..] if signs == 0 => {
                signs += 1;
                rest
            }
            [space, rest @ ..] if space.is_ascii_whitespace() => rest,
            _ => return false,
        };
    }
    !between.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret;

    #[test]
    fn digits_that_write_text_are_read() {
        let code = format!("0x{}", secret::hex(b"what a text this is"));
        let decoded = digits(code.as_bytes(), &(0..code.len())).unwrap();
        assert_eq!(decoded.bytes, b"what a text this is");
        assert_eq!(decoded.code, 0..code.len());
        assert_eq!(decoded.pieces[0].code, 2..code.len());
        let hash = secret::sha256_hex(b"x");
        assert_eq!(digits(hash.as_bytes(), &(0..hash.len())), None);
    }

    #[test]
    fn an_array_is_read_from_its_first_letter() {
        let array_of = |bytes: &[u8]| {
            bytes.iter().map(|b| format!("0x{b:02X}")).collect::<Vec<_>>().join(",\n\t")
        };
        let code = array_of(b"\x00\x01what a text\x00");
        assert_eq!(array(code.as_bytes(), &(0..code.len())), None, "it is too short");
        let code = array_of(b"\x00\x01what a long text\x00\x02other");
        let decoded = array(code.as_bytes(), &(0..code.len())).unwrap();
        assert_eq!(decoded.bytes, b"what a long text");
        assert_eq!(decoded.code, 14..14 + 16 * 7 - 3);
        let numbers = code.replace(',', " +");
        assert_eq!(array(numbers.as_bytes(), &(0..numbers.len())), None);
    }
}
