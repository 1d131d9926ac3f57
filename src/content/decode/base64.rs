//! Base64 (RFC 4648) in both alphabets, padded or not, in one line or many; of text, of UTF-16 and of what
//! gzip packed.

use std::{io::Read as _, ops::Range};

use base64::{Engine as _, engine::GeneralPurpose};
use flate2::bufread::MultiGzDecoder;

use super::{Budget, Decoded, MIN_DECODED_BYTES, Piece, text_len};
use crate::{
    content::alphabet::{STANDARD, URL_SAFE},
    coverage::Limit,
    route::Encoding,
};

/// Code of fewer digits is no code, unless padding says so.
const MIN_DIGITS: usize = 20;
const MIN_PADDED_DIGITS: usize = 16;
/// Where encoders break lines. After one line of another length, a shorter one is no code.
const WIDTHS: [usize; 6] = [60, 64, 68, 72, 76, 80];
/// So many digits are looked at before all of the code is: what is no text ends soon.
const FIRST_DIGITS: usize = 256;
/// More than this is not unpacked at once.
const MAX_UNPACKED_BYTES: u64 = 64 << 20;

/// The digits beyond letters and digits.
#[derive(Debug, Clone, Copy)]
enum Alphabet {
    Standard,
    UrlSafe,
}

impl Alphabet {
    fn engine(self) -> &'static GeneralPurpose {
        match self {
            Self::Standard => &STANDARD,
            Self::UrlSafe => &URL_SAFE,
        }
    }

    fn value(self, digit: u8) -> Option<u8> {
        let values = match self {
            Self::Standard => &STANDARD_VALUES,
            Self::UrlSafe => &URL_SAFE_VALUES,
        };
        Some(values[usize::from(digit)]).filter(|value| *value != NO_DIGIT)
    }
}

/// In tables of values: of a byte that is no digit.
const NO_DIGIT: u8 = 0xff;
// Tables, since this is asked of every byte around a seed.
const STANDARD_VALUES: [u8; 256] = values(b"+/");
const URL_SAFE_VALUES: [u8; 256] = values(b"-_");

const fn values(last: &[u8; 2]) -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut n = 0;
    while n < 26 {
        values[b'A' as usize + n] = n as u8;
        values[b'a' as usize + n] = n as u8 + 26;
        n += 1;
    }
    n = 0;
    while n < 10 {
        values[b'0' as usize + n] = n as u8 + 52;
        n += 1;
    }
    values[last[0] as usize] = 62;
    values[last[1] as usize] = 63;
    values
}

/// The code around `seed`, if it means text. Its beginning is where the alphabet's digits begin or, after
/// a path, where the seed does.
pub(super) fn decode(
    text: &[u8],
    seed: &Range<usize>,
    bounds: Range<usize>,
    budget: &mut Budget,
) -> Result<Option<Decoded>, Limit> {
    let near = |alphabet: Alphabet| {
        let is_digit = |b: &&u8| alphabet.value(**b).is_some();
        let before = text[bounds.start..seed.start].iter().rev().take_while(is_digit).count();
        let most = bounds.end.min(seed.end + FIRST_DIGITS);
        (before, before + text[seed.start..most].iter().take_while(is_digit).count())
    };
    let (standard, url_safe) = (near(Alphabet::Standard), near(Alphabet::UrlSafe));
    let mut ways = [(standard, Alphabet::Standard), (url_safe, Alphabet::UrlSafe)];
    // Signs of the other alphabet would cut the code.
    ways.sort_by_key(|((_, digits), _)| std::cmp::Reverse(*digits));
    // Without signs, both are the same.
    let ways = &ways[..if standard == url_safe { 1 } else { 2 }];
    for &((before, digits), alphabet) in ways {
        if digits < MIN_PADDED_DIGITS {
            break;
        }
        let first = seed.start - before;
        // Nobody knows which digit of its group the first one is, if more of them are out of sight.
        let in_group = if first == bounds.start { 0..4 } else { 0..1 };
        let starts = in_group.map(|n| first + n).chain((before > 0).then_some(seed.start));
        for start in starts {
            if looks_like_text(text, start..bounds.end, alphabet)
                && let Some(decoded) = from(text, start, &bounds, alphabet, budget)?
            {
                return Ok(Some(decoded));
            }
        }
    }
    Ok(None)
}

/// Whether the first digits mean text, UTF-16 or gzip. Nearly every identifier and every hash fails here.
fn looks_like_text(text: &[u8], code: Range<usize>, alphabet: Alphabet) -> bool {
    let mut head = [0; 6];
    // A group may begin behind the end of what may be looked at.
    let code = text.get(code).unwrap_or_default();
    let Some(digits) = code.first_chunk::<8>() else { return false };
    for (group, out) in digits.chunks_exact(4).zip(head.chunks_exact_mut(3)) {
        let mut bits = 0;
        for &digit in group {
            let Some(value) = alphabet.value(digit) else { return false };
            bits = bits << 6 | u32::from(value);
        }
        out.copy_from_slice(&bits.to_be_bytes()[1..]);
    }
    is_gzip(&head) || is_utf16(&head) || text_len(&head) >= 4
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

fn is_utf16(bytes: &[u8]) -> bool {
    let body = bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes);
    body.len() >= 4 && body[1] == 0 && body[3] == 0 && text_len(&[body[0], body[2]]) == 2
}

/// The code that begins at `start`.
fn from(
    text: &[u8],
    start: usize,
    bounds: &Range<usize>,
    alphabet: Alphabet,
    budget: &mut Budget,
) -> Result<Option<Decoded>, Limit> {
    let is_token = text[start..].starts_with(b"eyJ");
    let mut max_digits = FIRST_DIGITS;
    let (code, len) = loop {
        let code = Code::read(text, start, bounds, alphabet, max_digits);
        let is_all = code.digits < max_digits;
        let len = text_len(&code.bytes);
        if is_all || (len < code.bytes.len() && !is_gzip(&code.bytes) && !is_utf16(&code.bytes)) {
            break (code, len);
        }
        max_digits = max_digits.saturating_mul(4);
    };
    let min = if code.is_padded { MIN_PADDED_DIGITS } else { MIN_DIGITS };
    // A token of three such parts has a rule of its own, which reads them.
    let is_part =
        is_token && (text.get(code.end) == Some(&b'.') || start > 0 && text[start - 1] == b'.');
    if code.digits < min || is_part {
        return Ok(None);
    }
    if is_gzip(&code.bytes) {
        return unpacked(code, budget);
    }
    if is_utf16(&code.bytes) {
        return Ok(utf16(code));
    }
    // The code may be followed by digits that are none of it.
    let is_text = len == code.bytes.len() || len >= 2 * MIN_DECODED_BYTES;
    Ok((is_text && len >= MIN_DECODED_BYTES).then(|| code.cut(len)))
}

/// What some lines of code say.
struct Code {
    start: usize,
    end: usize,
    digits: usize,
    is_padded: bool,
    bytes: Vec<u8>,
    /// One a line.
    pieces: Vec<Piece>,
}

impl Code {
    /// Reads lines until there are `max_digits`, or no more.
    fn read(
        text: &[u8],
        start: usize,
        bounds: &Range<usize>,
        alphabet: Alphabet,
        max_digits: usize,
    ) -> Self {
        let text = &text[..bounds.end];
        let (mut digits, mut pieces) = (Vec::new(), Vec::new());
        let most = text.len().min(start.saturating_add(max_digits));
        let mut line = start..start + run_len(&text[start..most], alphabet);
        loop {
            pieces.push(Piece {
                start: digits.len() / 4 * 3,
                code: line.clone(),
                rate: Some((3, 4)),
            });
            digits.extend_from_slice(&text[line.clone()]);
            // All lines but the last are equally long.
            let is_known = pieces.len() > 1 || WIDTHS.contains(&line.len());
            match next_line(text, &line, alphabet) {
                Some(next)
                    if digits.len() < max_digits
                        && line.len() == pieces[0].code.len()
                        && (is_known || next.len() == line.len()) =>
                {
                    line = next;
                }
                _ => break,
            }
        }
        let missing = (4 - digits.len() % 4) % 4;
        let padding = text[line.end..].iter().take(missing).take_while(|b| **b == b'=').count();
        let is_padded = missing < 3 && padding == missing && missing > 0;
        // One digit alone is less than a byte.
        let whole = digits.len() - usize::from(missing == 3);
        Self {
            start,
            end: line.end + if is_padded { padding } else { 0 },
            digits: digits.len(),
            is_padded,
            bytes: alphabet.engine().decode(&digits[..whole]).unwrap_or_default(),
            pieces,
        }
    }

    fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its first `len` bytes, as they are; of a later line, all or nothing.
    fn cut(mut self, len: usize) -> Decoded {
        let mut len = len;
        if len < self.bytes.len() {
            let first = self.pieces.partition_point(|p| p.start <= len).saturating_sub(1).max(1);
            let later = self.pieces.split_off(first.min(self.pieces.len()));
            len = later.first().map_or(len, |line| len.min(line.start));
        }
        self.bytes.truncate(len);
        let last = &self.pieces[self.pieces.len() - 1];
        let end = last.code.end.min(last.code.start + ((len - last.start) * 4).div_ceil(3));
        // Padding belongs to the code if all of it was read.
        let end = if self.end - end <= 2 { self.end } else { end };
        Decoded {
            encoding: Encoding::Base64,
            code: self.start..end,
            bytes: self.bytes,
            pieces: self.pieces,
        }
    }
}

fn run_len(text: &[u8], alphabet: Alphabet) -> usize {
    text.iter().take_while(|b| alphabet.value(**b).is_some()).count()
}

/// The next line of the code that has `line`: behind a line break, real or escaped, and its indentation.
/// All lines but the last hold whole groups, and none is longer than the one before.
fn next_line(text: &[u8], line: &Range<usize>, alphabet: Alphabet) -> Option<Range<usize>> {
    if line.len() < MIN_DIGITS || !line.len().is_multiple_of(4) {
        return None;
    }
    let rest = &text[line.end..];
    let breaks: [&[u8]; 4] = [b"\r\n", b"\n", b"\\r\\n", b"\\n"];
    let seam = breaks.iter().find(|b| rest.starts_with(b))?.len();
    let indent = rest[seam..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let next = line.end + seam + indent;
    let len = run_len(&text[next..text.len().min(next + line.len() + 1)], alphabet);
    let is_word = || matches!(text.get(next + len), Some(b'_' | b'-' | b'.' | b':' | b'('));
    let is_last = len < line.len();
    (len > 0 && len <= line.len() && !(is_last && is_word())).then_some(next..next + len)
}

/// UTF-16, low byte first, as UTF-8.
fn utf16(code: Code) -> Option<Decoded> {
    let marked = code.bytes.starts_with(&[0xff, 0xfe]);
    let mut at = if marked { 2 } else { 0 };
    let units = code.bytes[at..].chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]]));
    let (mut text, mut runs) = (String::new(), Vec::<Utf16Run>::new());
    for char in char::decode_utf16(units) {
        let Ok(char) = char else { break };
        let next = at + 2 * char.len_utf16();
        match runs.last_mut() {
            Some(run) if run.is_ascii && char.is_ascii() => run.code.end = next,
            _ => {
                let is_ascii = char.is_ascii();
                runs.push(Utf16Run { start: text.len(), code: at..next, is_ascii });
            }
        }
        text.push(char);
        at = next;
    }
    let len = text_len(text.as_bytes());
    if len < MIN_DECODED_BYTES {
        return None;
    }
    text.truncate(text.floor_char_boundary(len));
    runs.retain(|run| run.start < text.len());
    Some(Decoded {
        encoding: Encoding::Base64Utf16,
        pieces: utf16_pieces(&code, &runs),
        code: code.range(),
        bytes: text.into_bytes(),
    })
}

/// ASCII characters in a row, or another one.
struct Utf16Run {
    /// Its first byte in UTF-8.
    start: usize,
    /// Its bytes in UTF-16.
    code: Range<usize>,
    is_ascii: bool,
}

/// Each line of code has pieces of its own only if there is but one; of several lines all is one piece.
fn utf16_pieces(code: &Code, runs: &[Utf16Run]) -> Vec<Piece> {
    let all = code.range();
    if code.pieces.len() > 1 {
        return vec![Piece { start: 0, code: all, rate: None }];
    }
    let piece = |run: &Utf16Run| {
        let (start, end) = (run.code.start * 4 / 3, (run.code.end * 4).div_ceil(3));
        Piece {
            start: run.start,
            code: all.start + start..all.end.min(all.start + end),
            // One byte of ASCII is two of UTF-16.
            rate: run.is_ascii.then_some((3, 8)),
        }
    };
    runs.iter().map(piece).collect()
}

/// What gzip packed.
fn unpacked(code: Code, budget: &mut Budget) -> Result<Option<Decoded>, Limit> {
    let packed = code.bytes.len();
    let room = budget.room(packed).min(MAX_UNPACKED_BYTES);
    let mut bytes = Vec::new();
    // What is damaged is read as far as it goes.
    let _ = MultiGzDecoder::new(code.bytes.as_slice()).take(room + 1).read_to_end(&mut bytes);
    budget.spend(packed, bytes.len().max(packed) as u64)?;
    if bytes.len() as u64 > room {
        return Err(Limit::ExpandedBytes);
    }
    if text_len(&bytes) < bytes.len() || bytes.len() < MIN_DECODED_BYTES {
        return Ok(None);
    }
    let pieces = vec![Piece { start: 0, code: code.range(), rate: None }];
    Ok(Some(Decoded { encoding: Encoding::Base64Gzip, code: code.range(), bytes, pieces }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::prelude::*;
    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::content::{Limits, decode::map::Map};

    const TEXT: &[u8] =
        b"a text that is long enough for three lines of code, and for a wrong end of it";

    fn read_from(code: &str, seed: Range<usize>) -> Option<Decoded> {
        let mut budget = Budget::new(Limits::default());
        decode(code.as_bytes(), &seed, 0..code.len(), &mut budget).unwrap()
    }

    fn read(code: &str) -> Option<Decoded> {
        read_from(code, 0..12)
    }

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        let text = "ä?>text~~?that>~has??>the?>other~~digits>>".as_bytes();
        for code in [
            BASE64_STANDARD.encode(text),
            BASE64_STANDARD_NO_PAD.encode(text),
            BASE64_URL_SAFE.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(text),
        ] {
            let decoded = read(&code).unwrap();
            assert_eq!((decoded.bytes.as_slice(), decoded.code), (text, 0..code.len()));
        }
    }

    #[test]
    fn lines_are_put_together() {
        let code = BASE64_STANDARD.encode(TEXT);
        for (len, seam) in [(40, "\n"), (48, "\r\n    "), (32, "\\n")] {
            let lines: Vec<&str> =
                code.as_bytes().chunks(len).map(|l| std::str::from_utf8(l).unwrap()).collect();
            let code = lines.join(seam);
            let decoded = read(&code).unwrap();
            assert_eq!(decoded.bytes, TEXT, "{code}");
            assert_eq!(decoded.code, 0..code.len());
        }
    }

    #[test]
    fn what_follows_the_code_is_no_part_of_it() {
        let code = BASE64_STANDARD_NO_PAD.encode(TEXT);
        for end in ["\nnext line", "/path/of/something\u{1}", ".part", "==x"] {
            let decoded = read(&format!("{code}{end}")).unwrap();
            assert_eq!(&decoded.bytes[..TEXT.len() - 2], &TEXT[..TEXT.len() - 2], "{end}");
        }
        let path = format!("/some/path/{code}");
        assert_eq!(read_from(&path, 11..path.len()).unwrap().bytes, TEXT);
    }

    #[test]
    fn code_whose_beginning_is_out_of_sight_is_read() {
        let code = BASE64_STANDARD.encode(TEXT);
        for cut in 0..8 {
            let decoded = read(&code[cut..]).unwrap();
            assert_eq!(decoded.bytes, TEXT[cut.div_ceil(4) * 3..], "{cut}");
        }
    }

    #[test]
    fn utf16_becomes_utf8() {
        let text = "Connect-Service -Key 'ä€' -Token x";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let decoded = read(&BASE64_STANDARD.encode(bytes)).unwrap();
        assert_eq!(decoded.bytes, text.as_bytes());
        assert_eq!(decoded.encoding, Encoding::Base64Utf16);
    }

    #[test]
    fn every_byte_of_utf16_has_its_code() {
        let text = "Key 'ä€' 𝕏𝕏 and 'ẞẞẞ";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let decoded = read(&BASE64_STANDARD.encode(bytes)).unwrap();
        let (mut map, all) = (Map::default(), decoded.code);
        map.add(0, decoded.pieces);
        for at in 0..text.len() {
            let code = map.code_of(&(at..at + 1));
            // One unit is 8 / 3 digits, and what lies in two digits is in both.
            assert!((3..=7).contains(&code.len()) && code.end <= all.end, "{at}: {code:?}");
        }
        assert_eq!(map.code_of(&(0..1)), 0..3);
        assert_eq!(map.code_of(&(text.len() - 1..text.len())), 56..59);
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn gzip_is_unpacked_as_far_as_the_budget_goes() {
        let decoded = read(&BASE64_STANDARD.encode(gzip(TEXT))).unwrap();
        assert_eq!((decoded.bytes.as_slice(), decoded.encoding), (TEXT, Encoding::Base64Gzip));
        let bomb = BASE64_STANDARD.encode(gzip(&vec![b' '; 1 << 22]));
        let all = 0..bomb.len();
        let read = |limits: Limits| {
            decode(bomb.as_bytes(), &(0..12), all.clone(), &mut Budget::new(limits)).map(|_| ())
        };
        assert_eq!(read(Limits { max_ratio: 10_000, ..Limits::default() }), Ok(()));
        assert_eq!(read(Limits::default()), Err(Limit::Ratio));
        let few = Limits { max_expanded_bytes: 1 << 20, max_ratio: 10_000, ..Limits::default() };
        assert_eq!(read(few), Err(Limit::ExpandedBytes));
    }

    #[test]
    fn look_alikes_are_none() {
        let png = BASE64_STANDARD.encode(b"\x89PNG\r\n\x1a\n and the rest of a picture, as text");
        let token =
            format!("{}.x", BASE64_URL_SAFE_NO_PAD.encode(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
        let texts = ["configurationManagerFactory", "abcdefghijklmnopqrstuvwxyz", &png, &token];
        for text in texts {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
