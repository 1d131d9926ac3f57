//! What sort of bytes an input holds, and UTF-16. Nothing is transcoded that need not be.

use std::{borrow::Cow, ops::Range};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use crate::blob::Nature;

/// How many bytes at the start of an input decide what it is.
const PROBE_BYTES: usize = 8 << 10;

/// Decides by the first bytes: a byte-order mark, zeros in every second place, any zero, or none.
pub fn nature(head: &[u8]) -> Nature {
    match head {
        [0xff, 0xfe, ..] if !head.starts_with(&[0xff, 0xfe, 0, 0]) => return Nature::Utf16Le,
        [0xfe, 0xff, ..] => return Nature::Utf16Be,
        _ => {}
    }
    let probe = &head[..head.len().min(PROBE_BYTES)];
    if memchr::memchr(0, probe).is_none() {
        return Nature::Text;
    }
    let (mut even, mut odd) = (0, 0);
    let pairs = probe.chunks_exact(2);
    let count = pairs.len();
    for pair in pairs {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    // Text in a Latin script has its zeros on one side only; 70 % leaves room for other scripts.
    if count >= 2 && odd * 10 >= count * 7 && even * 20 <= count {
        Nature::Utf16Le
    } else if count >= 2 && even * 10 >= count * 7 && odd * 20 <= count {
        Nature::Utf16Be
    } else {
        Nature::Binary
    }
}

/// UTF-8 for UTF-16, and the same `owned` range in it. Unpaired surrogates become U+FFFD.
pub(super) fn from_utf16(
    bytes: &[u8],
    owned: &Range<usize>,
    nature: Nature,
) -> (Cow<'static, [u8]>, Range<usize>) {
    let encoding = if nature == Nature::Utf16Be { UTF_16BE } else { UTF_16LE };
    // Three parts, so that the borders of `owned` are known afterwards; they lie between code units.
    let mut out = String::with_capacity(bytes.len() / 2 + 16);
    out.push_str(&decode(encoding, &bytes[..owned.start]));
    let start = out.len();
    out.push_str(&decode(encoding, &bytes[owned.clone()]));
    let end = out.len();
    out.push_str(&decode(encoding, &bytes[owned.end..]));
    (Cow::Owned(out.into_bytes()), start..end)
}

fn decode<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Cow<'b, str> {
    encoding.decode_with_bom_removal(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16le(s: &str) -> Vec<u8> {
        s.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn utf16_is_known_with_and_without_its_mark() {
        let le = utf16le("key = 'value'\n");
        let be: Vec<u8> = "key = 'value'\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(nature(&le), Nature::Utf16Le);
        assert_eq!(nature(&be), Nature::Utf16Be);
        assert_eq!(nature(&[&[0xff, 0xfe], le.as_slice()].concat()), Nature::Utf16Le);
        assert_eq!(nature(&[&[0xfe, 0xff], be.as_slice()].concat()), Nature::Utf16Be);
    }

    #[test]
    fn zeros_without_a_pattern_are_binary() {
        assert_eq!(nature(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"), Nature::Binary);
        assert_eq!(nature(b"plain"), Nature::Text);
        assert_eq!(nature(b""), Nature::Text);
    }

    #[test]
    fn the_owned_range_follows_its_characters() {
        let bytes = utf16le("aä€b");
        let (text, owned) = from_utf16(&bytes, &(2..6), Nature::Utf16Le);
        assert_eq!(&text[owned], "ä€".as_bytes());
    }
}
