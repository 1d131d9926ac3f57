//! Where the objects of a file begin and end: it is searched for what each begins with, from front to back.

use std::ops::Range;

use super::{
    lexer::{Lexer, is_space},
    value::{Dict, Value, whole},
};

/// How many times its own length a file is read in search of objects that nothing closes.
const MAX_READINGS: usize = 8;

/// Searches `bytes`.
pub(super) struct Scan<'d> {
    bytes: &'d [u8],
    /// Where the last object ended.
    pub(super) at: usize,
    /// Bytes of values that were read.
    read: usize,
    /// Whether each stream so far has an end.
    pub(super) streams_end: bool,
}

/// An object of the file.
pub(super) struct Found<'d> {
    pub(super) number: u32,
    /// Where its number stands.
    pub(super) start: usize,
    pub(super) value: Range<usize>,
    pub(super) stream: Option<Range<usize>>,
    /// Its value, if that is a dictionary.
    pub(super) dict: Dict<'d>,
}

impl<'d> Scan<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self { bytes, at: 0, read: 0, streams_end: true }
    }

    /// Whether the file goes on to its end.
    pub(super) fn is_whole(&self) -> bool {
        let rest = &self.bytes[self.at..];
        let ends = [b"endobj".as_slice(), b"trailer", b"startxref", b"%%EOF"];
        self.streams_end && ends.iter().any(|end| memchr::memmem::find(rest, end).is_some())
    }

    /// The bytes of the stream that begin at `start`.
    fn stream(&mut self, start: usize, dict: Dict<'_>) -> Range<usize> {
        let stated =
            dict.number(b"Length").and_then(whole).map(|len| start.saturating_add(len as usize));
        let end = stated.filter(|&end| is_end_of_stream(self.bytes, end)).or_else(|| {
            // Where one has no end, none behind it has.
            let rest = self.bytes.get(start..).filter(|_| self.streams_end)?;
            memchr::memmem::find(rest, b"endstream").map(|len| start + len)
        });
        self.streams_end &= end.is_some();
        // What follows may be its rest or other objects: both are looked for.
        self.at = end.unwrap_or(start);
        start..end.unwrap_or(self.bytes.len())
    }
}

impl<'d> Iterator for Scan<'d> {
    type Item = Found<'d>;

    fn next(&mut self) -> Option<Found<'d>> {
        let (start, number, begin) = next_object(self.bytes, self.at)?;
        let mut lexer = Lexer::new(self.bytes);
        lexer.at = begin;
        let dict = match lexer.value() {
            Some(Value::Dict(dict)) => dict,
            Some(_) | None => Dict::default(),
        };
        let value = begin..lexer.at;
        self.read += value.len();
        // A string that is never closed hides all the rest.
        let is_lost = lexer.is_at_end() && self.read < MAX_READINGS * self.bytes.len();
        self.at = if is_lost { begin } else { value.end };
        let stream = stream_start(self.bytes, value.end).map(|start| self.stream(start, dict));
        Some(Found { number, start, value, stream, dict })
    }
}

/// Where the next object behind `at` begins, its number, and where its value begins: `7 0 obj`.
pub(super) fn next_object(bytes: &[u8], at: usize) -> Option<(usize, u32, usize)> {
    memchr::memmem::find_iter(&bytes[at..], b"obj").find_map(|found| {
        let word = at + found;
        let is_longer = bytes.get(word + 3).is_some_and(u8::is_ascii_alphanumeric);
        let (generation, _) = number_before(bytes, at, word).filter(|_| !is_longer)?;
        let (start, number) = number_before(bytes, at, generation)?;
        Some((start, number, word + 3))
    })
}

/// Files have fewer objects (ISO 32000-1, annex C).
const MAX_NUMBER: u32 = 1 << 30;

/// Where the number begins that stands before `end`, with white space between, and which it is.
fn number_before(bytes: &[u8], from: usize, end: usize) -> Option<(usize, u32)> {
    const MOST: usize = 24;
    let before = &bytes[from.max(end.saturating_sub(MOST))..end];
    let spaces = before.iter().rev().take_while(|&&b| is_space(b)).count();
    let before = &before[..before.len() - spaces];
    let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let digits = &before[before.len() - digits..];
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (spaces > 0 && number <= MAX_NUMBER).then_some((end - spaces - digits.len(), number))
}

/// Where the bytes of a stream begin whose dictionary ends at `at`.
fn stream_start(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at.min(bytes.len())..];
    let word = rest.trim_ascii_start().strip_prefix(b"stream")?;
    let len = match word {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    };
    Some(bytes.len() - word.len() + len)
}

fn is_end_of_stream(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|rest| {
        let space = rest.iter().take(4).take_while(|&&b| is_space(b)).count();
        rest[space..].starts_with(b"endstream")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, value and stream.
    type Object<'t> = (u32, &'t str, Option<&'t str>);

    fn found(text: &str) -> (Vec<Object<'_>>, bool) {
        let mut scan = Scan::new(text.as_bytes());
        let all = scan.by_ref().map(|o| (o.number, &text[o.value], o.stream.map(|s| &text[s])));
        (all.collect(), scan.is_whole())
    }

    #[test]
    fn objects_are_found_wherever_they_stand() {
        let (all, is_whole) = found(
            "%PDF-1.4\n1 0 obj<</A 2 0 R>>endobj 12 0 object 3\n0\nobj\n[(4 0 obj)]endobj\n\
             5 0 obj<</Length 7>>stream\n6 0 obj\nendstream endobj 7 0 obj 8 endobj",
        );
        let expected = [
            (1, "<</A 2 0 R>>", None),
            (3, "\n[(4 0 obj)]", None),
            (5, "<</Length 7>>", Some("6 0 obj")),
            (7, " 8", None),
        ];
        assert_eq!((&*all, is_whole), (&expected[..], true));
    }

    #[test]
    fn lengths_that_lie_are_not_believed() {
        let (all, is_whole) = found("1 0 obj<</Length 99>>stream\r\nabc\nendstream endobj");
        assert_eq!((&*all, is_whole), (&[(1, "<</Length 99>>", Some("abc\n"))][..], true));
    }

    #[test]
    fn what_is_not_closed_hides_nothing() {
        let (all, is_whole) = found("1 0 obj (open 2 0 obj<<>>stream\nabc 3 0 obj(x)");
        let numbers: Vec<u32> = all.iter().map(|(number, ..)| *number).collect();
        assert_eq!((numbers, is_whole), (vec![1, 2, 3], false));
        let text = "1 0 obj(".repeat(200_000);
        assert!(found(&text).0.len() < 20);
    }
}
