//! Strings in several pieces: `"sk_" + "live"`, literals beside each other, and lines that end in a
//! backslash.

use std::ops::Range;

use super::{Decoded, is_value_byte, word};
use crate::route::Encoding;

/// Between two pieces stands no more.
const MAX_SEAM_BYTES: usize = 80;

/// The piece on one side of another, within bounds.
type Neighbour = fn(&[u8], &Range<usize>, &Range<usize>) -> Option<Range<usize>>;

/// The value that `word` is a piece of, put together.
pub(super) fn pieces(text: &[u8], word: &Range<usize>, bounds: &Range<usize>) -> Option<Decoded> {
    let step = |next: Neighbour| {
        std::iter::successors(next(text, word, bounds), move |part| next(text, part, bounds))
    };
    let mut parts: Vec<Range<usize>> = step(before).collect();
    parts.extend(step(after));
    if parts.is_empty() {
        return None;
    }
    parts.push(word.clone());
    parts.sort_unstable_by_key(|part| part.start);
    let code = parts[0].start..parts[parts.len() - 1].end;
    let (mut bytes, mut pieces) = (Vec::with_capacity(code.len()), Vec::new());
    for part in parts {
        word::copy(text, without_backslash(text, part), &mut bytes, &mut pieces);
    }
    Some(Decoded { encoding: Encoding::Concatenation, code, bytes, pieces })
}

/// The piece that follows the one at `part`.
fn after(text: &[u8], part: &Range<usize>, bounds: &Range<usize>) -> Option<Range<usize>> {
    let end = bounds.end.min(part.end + MAX_SEAM_BYTES);
    let seam = seam(text[part.end..end].iter().copied(), last(text, part)?)?;
    let start = part.end + seam.len;
    if start >= bounds.end || !is_value_byte(text[start]) {
        return None;
    }
    let next = word::around(text, &(start..start + 1), &(start..bounds.end));
    seam.joins(text, part, &next).then_some(next)
}

/// The piece before the one at `part`.
fn before(text: &[u8], part: &Range<usize>, bounds: &Range<usize>) -> Option<Range<usize>> {
    let start = bounds.start.max(part.start.saturating_sub(MAX_SEAM_BYTES));
    let first = text.get(part.start).copied().filter(|b| is_value_byte(*b) && !part.is_empty())?;
    let seam = seam(text[start..part.start].iter().rev().copied(), first)?;
    let end = part.start - seam.len;
    // A line's backslash belongs to the piece before it.
    let last = end.checked_sub(1).filter(|&at| at >= bounds.start)?;
    let is_value = match text[last] {
        b'\\' => last > bounds.start && is_value_byte(text[last - 1]),
        b => is_value_byte(b),
    };
    if !is_value {
        return None;
    }
    let previous = word::around(text, &(last..end), &(bounds.start..end));
    seam.joins(text, &previous, part).then_some(previous)
}

/// The last byte of a piece, if it is one of a value or a line's backslash.
fn last(text: &[u8], part: &Range<usize>) -> Option<u8> {
    let part = &text[part.clone()];
    match part {
        [.., b, b'\\'] if is_value_byte(*b) => Some(b'\\'),
        [.., b] if is_value_byte(*b) => Some(*b),
        _ => None,
    }
}

fn without_backslash(text: &[u8], part: Range<usize>) -> Range<usize> {
    let len = text[part.clone()].strip_suffix(b"\\").map_or(part.len(), <[u8]>::len);
    part.start..part.start + len
}

/// What stands between two pieces.
struct Seam {
    len: usize,
    /// Nothing but white space stands between two literals.
    is_bare: bool,
    /// They stand in one line, or in one that backslashes break.
    in_one_line: bool,
}

impl Seam {
    /// Whether the pieces are one string. Literals in one line may be words of a shell, too: then only whole ones
    /// join, and neither an address nor an option follows what comes before it.
    fn joins(&self, text: &[u8], first: &Range<usize>, second: &Range<usize>) -> bool {
        let second_text = &text[second.clone()];
        let follows = || {
            !second_text.starts_with(b"-") && memchr::memmem::find(second_text, b"://").is_none()
        };
        let is_quote = |at: Option<usize>| {
            at.and_then(|at| text.get(at)).is_some_and(|b| matches!(b, b'"' | b'\'' | b'`'))
        };
        let are_whole = || is_quote(first.start.checked_sub(1)) && is_quote(Some(second.end));
        !self.is_bare || follows() && (!self.in_one_line || are_whole())
    }
}

/// What stands between two pieces, read from one end; `edge` is the byte of the piece at that end. Either
/// a quote, at most one operator and a quote, with spaces, line breaks and backslashes around; or, beside a
/// backslash, a line break and spaces.
fn seam(bytes: impl Iterator<Item = u8>, edge: u8) -> Option<Seam> {
    let (mut quotes, mut operators, mut breaks, mut backslashes) = (0, 0, 0, 0);
    for (n, byte) in bytes.enumerate() {
        match byte {
            b'"' | b'\'' | b'`' => {
                quotes += 1;
                if quotes == 2 && n > 0 {
                    let (is_bare, in_one_line) = (operators == 0, breaks <= backslashes);
                    return (operators <= 1).then_some(Seam { len: n + 1, is_bare, in_one_line });
                }
            }
            // The seam begins with a quote, or with the line break that a backslash hides.
            // Without quotes it is a line break after a backslash, which is a piece's last byte.
            _ if quotes == 0 && !byte.is_ascii_whitespace() => {
                let is_continued = edge == b'\\' || byte == b'\\';
                let seam = Seam { len: n, is_bare: false, in_one_line: true };
                return (is_continued && breaks == 1).then_some(seam);
            }
            b'+' | b'.' | b'&' if quotes == 1 => operators += 1,
            b'\n' => breaks += 1,
            b'\\' => backslashes += 1,
            b' ' | b'\t' | b'\r' => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Option<String> {
        let all = 0..text.len();
        let seed = text.find("value").unwrap();
        let word = word::around(text.as_bytes(), &(seed..seed + 5), &all);
        pieces(text.as_bytes(), &word, &all).map(|d| String::from_utf8(d.bytes).unwrap())
    }

    #[test]
    fn pieces_are_put_together_from_either_side() {
        for text in [
            "x = \"sk_\" + \"value\" + \"_z\";",
            "x = \"sk_\"\n    \"value\"\n    \"_z\"",
            "x = 'sk_' . 'value' .\n 'z_z'".replace("z_z", "_z").as_str(),
            "x = \"sk_\" & _\n \"value\""
                .replace("& _", "&")
                .replace("value\"", "value\" \\\n \"_z\"")
                .as_str(),
            "x = sk_\\\nvalue\\\n  _z",
        ] {
            assert_eq!(joined(text).as_deref(), Some("sk_value_z"), "{text}");
        }
    }

    #[test]
    fn other_neighbours_stay_apart() {
        for text in [
            "[\"sk_\", \"value\"]",
            "\"text \" \"value\"",
            "\"value\" + name + \"z\"",
            "f(\"value\");\n\"next\"",
            "value\nnext",
            "#define value \\\n  next",
            "\"value\" == \"z\"",
            "\"value\": \"z\"",
            "-H \"X-Key: value\" \"Accept: z\"",
            "-H \"X-Key: value\" \\\n  \"https://z.test/v1\"",
            "for key in \"value\" \"--verbose\"",
        ] {
            assert_eq!(joined(text), None, "{text}");
        }
    }
}
