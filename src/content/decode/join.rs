//! Strings in several pieces: `"sk_" + "live"`, literals beside each other, and lines that end in a
//! backslash. A piece of JSON may write the program that has them.

use std::ops::Range;

use super::{
    Decoded, is_value_byte,
    seam::{self, Seam, is_quote},
    word,
};
use crate::route::Encoding;

/// Between two pieces stands no more.
const MAX_SEAM_BYTES: usize = 80;

/// In front of a quote, as strings of JSON in each other write it, stand no more backslashes.
const MAX_ESCAPES: usize = 15;

/// The piece on one side of another, within bounds.
type Neighbour = fn(&[u8], &Range<usize>, &Range<usize>) -> Option<Range<usize>>;

/// The value that `word` is a piece of, put together.
pub(super) fn pieces(text: &[u8], word: &Range<usize>, bounds: &Range<usize>) -> Option<Decoded> {
    let word = &without_tail(text, word);
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
        word::copy(text, part, &mut bytes, &mut pieces);
    }
    Some(Decoded { encoding: Encoding::Concatenation, code, bytes, pieces })
}

/// The piece that follows the one at `part`.
fn after(text: &[u8], part: &Range<usize>, bounds: &Range<usize>) -> Option<Range<usize>> {
    text[part.clone()].last().filter(|b| is_value_byte(**b))?;
    let end = bounds.end.min(part.end + MAX_SEAM_BYTES);
    let seam = seam::seam(&text[part.end..end])?;
    let start = part.end + seam.len;
    if start >= bounds.end || !is_value_byte(text[start]) {
        return None;
    }
    let next = word::around(text, &(start..start + 1), &(start..bounds.end));
    let next = without_tail(text, &next);
    joins(seam, text, part, &next).then_some(next)
}

/// The piece before the one at `part`.
fn before(text: &[u8], part: &Range<usize>, bounds: &Range<usize>) -> Option<Range<usize>> {
    text[part.clone()].first().filter(|b| is_value_byte(**b))?;
    let start = bounds.start.max(part.start.saturating_sub(MAX_SEAM_BYTES));
    let front = &text[start..part.start];
    let quotes = match front {
        // Nearly every literal that is all of its string begins like this.
        [.., b'=' | b':' | b'[' | b'{', quote] if is_quote(*quote) => return None,
        [.., quote] if is_quote(*quote) => front,
        [.., space] if space.is_ascii_whitespace() => b"",
        _ => return None,
    };
    let quotes = memchr::memrchr3_iter(b'"', b'\'', b'`', quotes);
    let begins = quotes.chain(memchr::memrchr_iter(b'\\', front));
    let behind_value = |at: &usize| at.checked_sub(1).is_some_and(|at| is_value_byte(front[at]));
    let (end, seam) = begins.filter(behind_value).find_map(|at| {
        let seam = seam::seam(&front[at..])?;
        (seam.len == front.len() - at).then_some((start + at, seam))
    })?;
    let previous = word::around(text, &(end - 1..end), &(bounds.start..end));
    joins(seam, text, &previous, part).then_some(previous)
}

/// `word` without the backslashes at its end: they belong to the quote or the line break behind it.
fn without_tail(text: &[u8], word: &Range<usize>) -> Range<usize> {
    let bytes = &text[word.clone()];
    let backslashes = |bytes: &[u8]| bytes.iter().rev().take_while(|b| **b == b'\\').count();
    let hidden_break = || {
        let line = bytes.strip_suffix(b"n")?;
        let line = line.strip_suffix(b"r\\").unwrap_or(line);
        let escapes = backslashes(line);
        seam::hides_break(escapes).then_some(line.len() - escapes)
    };
    word.start..word.start + hidden_break().unwrap_or(bytes.len() - backslashes(bytes))
}

/// Whether the pieces on both sides of `seam` are one string. Literals in one line may be words of a shell, too:
/// then only whole ones join, and neither an address nor an option follows what comes before it.
fn joins(seam: Seam, text: &[u8], first: &Range<usize>, second: &Range<usize>) -> bool {
    let second_text = &text[second.clone()];
    let follows =
        || !second_text.starts_with(b"-") && memchr::memmem::find(second_text, b"://").is_none();
    let is_closed = || {
        let mut rest = text[second.end..].iter().take(MAX_ESCAPES + 1);
        rest.find(|b| **b != b'\\').copied().is_some_and(is_quote)
    };
    let are_whole = || {
        let opening = first.start.checked_sub(1).and_then(|at| text.get(at));
        opening.copied().is_some_and(is_quote) && is_closed()
    };
    !seam.is_bare || follows() && (!seam.in_one_line || are_whole())
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
