//! Words with escapes in them: percent, character references, backslashes, quoted-printable.

use std::ops::Range;

use super::{Decoded, Piece, entities, escapes, is_value_byte, percent, quoted_printable};
use crate::route::Encoding;

/// An escape at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// Bytes of code.
    pub(super) len: usize,
    /// What it means; nothing, if it only breaks a line.
    pub(super) meaning: Option<Meaning>,
}

/// What an escape means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A byte, perhaps a part of a character.
    Byte(u8),
    /// A character.
    Char(char),
}

impl Unit {
    pub(super) fn byte(len: usize, byte: u8) -> Self {
        Self { len, meaning: Some(Meaning::Byte(byte)) }
    }

    pub(super) fn char(len: usize, char: char) -> Self {
        Self { len, meaning: Some(Meaning::Char(char)) }
    }

    /// Whether it hides a part of a value or, with the byte after it, another escape. An escaped quote or bracket
    /// ends a value as well as a plain one, and hides nothing.
    fn hides(self, next: Option<&u8>) -> bool {
        let hides = |b: u8| is_value_byte(b) || matches!(b, b'%' | b'&' | b'\\' | b'@');
        match self.meaning {
            None => true,
            Some(Meaning::Char('&')) => next == Some(&b'#'),
            Some(Meaning::Char('\\')) => {
                next.is_some_and(|b| matches!(b, b'x' | b'u' | b'U' | b'0'..=b'3'))
            }
            Some(Meaning::Byte(b)) => hides(b),
            Some(Meaning::Char(c)) => u8::try_from(c).is_ok_and(hides),
        }
    }

    /// Whether it breaks a line, so that its letter seems to belong to what the next line begins with.
    fn touches(self, next: Option<&u8>) -> bool {
        let is_break = match self.meaning {
            Some(Meaning::Byte(b)) => matches!(b, b'\n' | b'\r' | b'\t'),
            Some(Meaning::Char(c)) => matches!(c, '\n' | '\r' | '\t'),
            None => false,
        };
        is_break && next.is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'_')
    }

    fn write(self, out: &mut Vec<u8>) {
        match self.meaning {
            None => {}
            Some(Meaning::Byte(b)) => out.push(b),
            Some(Meaning::Char(c)) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// The bytes that end a word, as a table: this is asked of every byte around a seed.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let bytes = b" \t\n\r\x0c\"'`<>()[],";
    let mut at = 0;
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};

/// The word that `seed` is part of: as far as no space, quote, bracket or comma stands, in `bounds`.
pub(super) fn around(text: &[u8], seed: &Range<usize>, bounds: &Range<usize>) -> Range<usize> {
    let ends = |b: &u8| ENDS[usize::from(*b)];
    let start = text[bounds.start..seed.start].iter().rposition(ends);
    let end = text[seed.end..bounds.end].iter().position(ends);
    start.map_or(bounds.start, |at| bounds.start + at + 1)
        ..end.map_or(bounds.end, |at| seed.end + at)
}

/// `word` without its escapes, if they hide anything.
pub(super) fn unescaped(
    text: &[u8],
    word: &Range<usize>,
    bounds: &Range<usize>,
) -> Option<Decoded> {
    let kind = match kind_in(text, word, bounds, Unit::hides) {
        Some(kind) => kind,
        None => quoted_printable::is_in(text, word, bounds)
            .then_some((Encoding::QuotedPrintable, quoted_printable::unit as UnitAt))?,
    };
    let word = match kind.0 {
        Encoding::QuotedPrintable => quoted_printable::whole(text, word, bounds),
        _ => word.clone(),
    };
    let decoded = decode(text, word, kind);
    (decoded.bytes.len() < decoded.code.len()).then_some(decoded)
}

/// `word` without its escapes, if one is a line break that touches what follows.
pub(super) fn in_lines(text: &[u8], word: &Range<usize>, bounds: &Range<usize>) -> Option<Decoded> {
    let kind = kind_in(text, word, bounds, Unit::touches)?;
    Some(decode(text, word.clone(), kind))
}

/// The escape at a place of a text, if there is one.
type UnitAt = fn(&[u8], usize) -> Option<Unit>;

/// What kind of escapes `word` has, if one `counts`: an escape and the byte after it.
fn kind_in(
    text: &[u8],
    word: &Range<usize>,
    bounds: &Range<usize>,
    counts: fn(Unit, Option<&u8>) -> bool,
) -> Option<(Encoding, UnitAt)> {
    let text = &text[..bounds.end];
    memchr::memchr3_iter(b'%', b'&', b'\\', &text[word.clone()]).find_map(|at| {
        let at = word.start + at;
        let kind: (Encoding, UnitAt) = match text[at] {
            b'%' => (Encoding::Percent, percent::unit),
            b'&' => (Encoding::Entities, entities::unit),
            _ => (Encoding::Escapes, escapes::unit),
        };
        let unit = kind.1(text, at)?;
        counts(unit, text.get(at + unit.len)).then_some(kind)
    })
}

fn decode(text: &[u8], code: Range<usize>, (encoding, unit_at): (Encoding, UnitAt)) -> Decoded {
    let (mut bytes, mut pieces, mut at) = (Vec::with_capacity(code.len()), Vec::new(), code.start);
    let mut plain_from = code.start;
    while at < code.end {
        match unit_at(&text[..code.end], at) {
            None => at += 1,
            Some(unit) => {
                copy(text, plain_from..at, &mut bytes, &mut pieces);
                let start = bytes.len();
                unit.write(&mut bytes);
                let rate = Some((bytes.len() - start, unit.len));
                if bytes.len() > start {
                    pieces.push(Piece { start, code: at..at + unit.len, rate });
                }
                at += unit.len;
                plain_from = at;
            }
        }
    }
    copy(text, plain_from..code.end, &mut bytes, &mut pieces);
    Decoded { encoding, code, bytes, pieces }
}

/// Goes on with a copy of `code`.
pub(super) fn copy(text: &[u8], code: Range<usize>, bytes: &mut Vec<u8>, pieces: &mut Vec<Piece>) {
    if !code.is_empty() {
        let start = bytes.len();
        bytes.extend_from_slice(&text[code.clone()]);
        pieces.push(Piece { start, code, rate: Some((1, 1)) });
    }
}

/// The number that `digits` hex digits at `at` write.
pub(super) fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    digits.iter().try_fold(0, |n, &b| Some(n << 4 | char::from(b).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Encoding, String)> {
        let all = 0..text.len();
        let seed = text.find("value").unwrap();
        let word = around(text.as_bytes(), &(seed..seed + 5), &all);
        let decoded = unescaped(text.as_bytes(), &word, &all)?;
        Some((decoded.encoding, String::from_utf8(decoded.bytes).unwrap()))
    }

    #[test]
    fn a_word_is_read_as_its_first_escape_says() {
        let is = |encoding, text: &str| Some((encoding, text.to_owned()));
        assert_eq!(read("x key%3Dvalue%2F%20y z"), is(Encoding::Percent, "key=value/ y"));
        assert_eq!(read("a%253Dvalue"), is(Encoding::Percent, "a%3Dvalue"));
        assert_eq!(read("\"sk&#95;value&quot;"), is(Encoding::Entities, "sk_value\""));
        assert_eq!(read("\"sk\\u005fvalue\\n\""), is(Encoding::Escapes, "sk_value\n"));
        assert_eq!(read("key=3Dvalue"), is(Encoding::QuotedPrintable, "key=value"));
        assert_eq!(read("\"sk\\\\x5fvalue\""), is(Encoding::Escapes, "sk\\x5fvalue"));
    }

    #[test]
    fn a_line_break_is_no_letter_of_the_next_line() {
        let read = |text: &str| {
            let decoded = in_lines(text.as_bytes(), &(0..text.len()), &(0..text.len()))?;
            Some(String::from_utf8(decoded.bytes).unwrap())
        };
        assert_eq!(read("a\\nvalue\\n").as_deref(), Some("a\nvalue\n"));
        assert_eq!(read("a%0Avalue").as_deref(), Some("a\nvalue"));
        assert_eq!(read("a\\n-value\\n"), None);
    }

    #[test]
    fn escapes_that_hide_nothing_are_left_alone() {
        for text in [
            "a%20value",
            "100%value",
            "&lt;value&gt;",
            "a\\nvalue",
            "a\\\\value",
            "AT&Tvalue;",
            "\\\"value",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
