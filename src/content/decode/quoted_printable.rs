//! Quoted-printable, as in mail (RFC 2045, section 6.7): `=41`, and a line break after `=` that is none.

use std::ops::Range;

use super::{
    is_value_byte,
    word::{self, Unit, hex},
};

/// Encoders break lines at 76 characters, some a little earlier; a shorter line that ends in `=` is
/// something else.
const LINE_BYTES: Range<usize> = 70..77;

/// `=41` or a soft line break at `at`.
pub(super) fn unit(text: &[u8], at: usize) -> Option<Unit> {
    if text[at] != b'=' {
        return None;
    }
    match soft_break(text, at) {
        Some(len) => Some(Unit { len, meaning: None }),
        None => Some(Unit::byte(3, hex(text, at + 1, 2)? as u8)),
    }
}

/// Whether `word` has an encoded `=`, or a soft break at one of its ends.
pub(super) fn is_in(text: &[u8], word: &Range<usize>, bounds: &Range<usize>) -> bool {
    let text_of_word = &text[word.clone()];
    memchr::memchr_iter(b'=', text_of_word).any(|at| text_of_word[at..].starts_with(b"=3D"))
        || goes_on(text, word.end, bounds).is_some()
        || came_from(text, word.start, bounds).is_some()
}

/// The word that `word` is a part of, past soft breaks.
pub(super) fn whole(text: &[u8], word: &Range<usize>, bounds: &Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = *word;
    while let Some(next) = goes_on(text, end, bounds) {
        end = word::around(text, &(next..next + 1), &(next..bounds.end)).end;
    }
    while let Some(last) = came_from(text, start, bounds) {
        start = word::around(text, &(last - 1..last), &(bounds.start..last)).start;
    }
    start..end
}

/// The end of the line before a soft break, if `start` is a word's first byte after one.
fn came_from(text: &[u8], start: usize, bounds: &Range<usize>) -> Option<usize> {
    let before = &text[bounds.start..start];
    let line = before.strip_suffix(b"\r\n").or_else(|| before.strip_suffix(b"\n"))?;
    let end = bounds.start + line.len();
    (goes_on(text, end, bounds) == Some(start)).then_some(end)
}

/// Where the line after a soft break goes on, if `end` is a word's end at such a break.
fn goes_on(text: &[u8], end: usize, bounds: &Range<usize>) -> Option<usize> {
    let sign = end.checked_sub(1).filter(|&at| at > bounds.start && text[at] == b'=')?;
    let next = sign + soft_break(&text[..bounds.end], sign)?;
    let line = text[bounds.start..sign].iter().rposition(|&b| b == b'\n');
    let line = bounds.start + line.map_or(0, |at| at + 1);
    let is_soft = LINE_BYTES.contains(&(end - line))
        && is_encoded(&text[line..sign])
        && is_value_byte(text[sign - 1])
        && text.get(next).copied().is_some_and(is_value_byte)
        && next < bounds.end;
    is_soft.then_some(next)
}

/// Whether all `=` in `line` are encoded: one that is not ends no line softly either.
fn is_encoded(line: &[u8]) -> bool {
    memchr::memchr_iter(b'=', line).all(|at| hex(line, at + 1, 2).is_some())
}

fn soft_break(text: &[u8], at: usize) -> Option<usize> {
    match text[at + 1..] {
        [b'\n', ..] => Some(2),
        [b'\r', b'\n', ..] => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_break_joins_long_lines_only() {
        let read = |before: usize| {
            let text = format!("{} key_va=\r\nlue= x", "x".repeat(before));
            let word = before + 1..before + 8;
            let all = 0..text.len();
            let rest = word.end + 2..text.len() - 2;
            [word, rest].map(|word| {
                let is_in = is_in(text.as_bytes(), &word, &all);
                (is_in, whole(text.as_bytes(), &word, &all))
            })
        };
        assert_eq!(read(68), [(true, 69..82), (true, 69..82)]);
        assert_eq!(read(40), [(false, 41..48), (false, 50..54)]);
    }

    #[test]
    fn a_line_with_a_plain_equals_sign_has_no_soft_break() {
        let line = |sign: &str| format!("key{sign}{}=\nrun()", "x".repeat(68));
        let next = |text: String| goes_on(text.as_bytes(), text.len() - 6, &(0..text.len()));
        assert_eq!((next(line("=3D")), next(line("="))), (Some(76), None));
    }
}
