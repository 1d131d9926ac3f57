//! Base32 (RFC 4648, section 6).

use std::ops::Range;

use super::{Decoded, MIN_DECODED_BYTES, Piece, text_len};
use crate::route::Encoding;

/// The code at `seed`, a whole run of letters and digits, if it means text.
pub(super) fn decode(text: &[u8], seed: &Range<usize>, bounds: &Range<usize>) -> Option<Decoded> {
    let digits = &text[seed.clone()];
    if digits.len() * 5 / 8 < MIN_DECODED_BYTES {
        return None;
    }
    let bytes = bytes(digits)?;
    if text_len(&bytes) < bytes.len() {
        return None;
    }
    let padding = text[seed.end..bounds.end].iter().take(6).take_while(|b| **b == b'=').count();
    let code = seed.start..seed.end + padding;
    let pieces = vec![Piece { start: 0, code: seed.clone(), rate: Some((5, 8)) }];
    Some(Decoded { encoding: Encoding::Base32, code, bytes, pieces })
}

fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for &digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            // The first byte of a word in capitals is rarely one of a text.
            if !(0x20..0x7f).contains(&bytes[0]) {
                return None;
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_with_and_without_padding() {
        // The vectors of RFC 4648, section 10, are too short; this is one of them three times.
        let read = |code: &str| {
            let seed = 0..code.trim_end_matches('=').len();
            decode(code.as_bytes(), &seed, &(0..code.len())).map(|d| (d.bytes, d.code))
        };
        let expected = b"foobafoobafooba".to_vec();
        assert_eq!(read("MZXW6YTBMZXW6YTBMZXW6YTB"), Some((expected, 0..24)));
        let padded = read("MZXW6YTBMZXW6YTBMZXW6YTBMZXW6YQ=").unwrap();
        assert_eq!((padded.0.as_slice(), padded.1), (b"foobafoobafoobafoob".as_slice(), 0..32));
        assert_eq!(read("MZXW6YTBMZXW6YTB"), None, "it is too short");
        assert_eq!(read("CONFIGURATIONSETTINGSARENOTCODE"), None);
    }
}
