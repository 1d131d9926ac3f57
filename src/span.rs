//! Lines and columns. Offsets are bytes from 0; lines and columns are counted from 1.

use crate::blob::Before;

/// A place for people and for SARIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineCol {
    /// 1-based.
    pub line: usize,
    /// 1-based, in Unicode scalar values; bytes that are not UTF-8 count as they would print.
    pub col: usize,
}

/// Where byte `at` of `text` stands, in an input that has `before` in front of `text`.
///
/// A line ends at `\n`, at `\r\n` or at a lone `\r`, as editors and SARIF viewers count them. A
/// column counts Unicode scalar values, which is what reports declare (`columnKind:
/// unicodeCodePoints`, SARIF 2.1.0 §3.14.17).
///
/// # Panics
///
/// If `at` is past the end of `text`. A span always comes from the same text, so a larger offset is
/// our bug and not the user's.
pub fn line_col(text: &[u8], at: usize, before: Before) -> LineCol {
    let Before { lines, columns } = advance(&text[..at], text.get(at).copied(), before);
    LineCol { line: lines + 1, col: columns + 1 }
}

/// Lines and columns of one text, asked for in order: each byte is counted once.
#[derive(Debug)]
pub struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
    before: Before,
}

impl<'t> Cursor<'t> {
    /// At the start of `text`, which has `before` in front of it.
    pub fn new(text: &'t [u8], before: Before) -> Self {
        Self { text, at: 0, before }
    }

    /// Moves on to byte `at` and says where it stands.
    ///
    /// # Panics
    ///
    /// If `at` is behind the cursor or past the end of the text.
    pub fn at(&mut self, at: usize) -> LineCol {
        self.before = advance(&self.text[self.at..at], self.text.get(at).copied(), self.before);
        self.at = at;
        LineCol { line: self.before.lines + 1, col: self.before.columns + 1 }
    }

    /// Where byte `at` stands; the cursor stays.
    ///
    /// # Panics
    ///
    /// As for `at`.
    pub fn ahead(&self, at: usize) -> LineCol {
        line_col(&self.text[self.at..], at - self.at, self.before)
    }
}

/// What lies before the byte that follows `text`, which is `next` if it is known.
pub fn advance(text: &[u8], next: Option<u8>, before: Before) -> Before {
    let breaks = line_breaks(text, next);
    match breaks.last {
        None => {
            // A byte-order mark is no character of the first line: no editor shows one.
            let mark = before == Before::default() && text.starts_with("\u{feff}".as_bytes());
            let columns = before.columns + characters(text) - usize::from(mark);
            Before { lines: before.lines, columns }
        }
        Some(end) => {
            Before { lines: before.lines + breaks.count, columns: characters(&text[end..]) }
        }
    }
}

struct Breaks {
    count: usize,
    /// The byte after the last of them.
    last: Option<usize>,
}

fn line_breaks(text: &[u8], next: Option<u8>) -> Breaks {
    let mut breaks = Breaks { count: 0, last: None };
    for at in memchr::memchr2_iter(b'\n', b'\r', text) {
        let following =
            text.get(at + 1).copied().or(if at + 1 == text.len() { next } else { None });
        if text[at] == b'\r' && following == Some(b'\n') {
            continue;
        }
        breaks.count += 1;
        breaks.last = Some(at + 1);
    }
    breaks
}

fn characters(line: &[u8]) -> usize {
    match std::str::from_utf8(line) {
        Ok(s) => s.chars().count(),
        Err(_) => String::from_utf8_lossy(line).chars().count(),
    }
}

/// The bytes of a line, from 1, with its break; empty if the text has fewer lines.
pub fn bytes_of_line(text: &[u8], line: usize) -> std::ops::Range<usize> {
    let mut cursor = Cursor::new(text, Before::default());
    let mut start = 0;
    let breaks = memchr::memchr2_iter(b'\n', b'\r', text).map(|at| at + 1).chain([text.len()]);
    let mut current = 1;
    for at in breaks {
        let next = cursor.at(at).line;
        if current == line && (next > line || at == text.len()) {
            return start..at;
        }
        if next > current {
            (current, start) = (next, at);
        }
    }
    text.len()..text.len()
}

/// The bytes of the line around `span` and of `lines` lines above and below it.
///
/// At most `max_bytes` on either side are looked at, so that a file without line breaks costs no
/// more than another.
pub fn lines_around(
    text: &[u8],
    span: std::ops::Range<usize>,
    lines: usize,
    max_bytes: usize,
) -> std::ops::Range<usize> {
    let floor = span.start.saturating_sub(max_bytes);
    let ceiling = text.len().min(span.end + max_bytes);
    let start = memchr::memrchr_iter(b'\n', &text[floor..span.start])
        .nth(lines)
        .map_or(floor, |at| floor + at + 1);
    let end = memchr::memchr_iter(b'\n', &text[span.end..ceiling])
        .nth(lines)
        .map_or(ceiling, |at| span.end + at);
    start..end
}

/// The block around `span`: between the braces that enclose it, or, where there are none, between the
/// empty lines and the section headers (`[name]`) around it, as in TOML, INI, YAML and `.env` files.
///
/// At most `max_bytes` on either side are looked at.
pub fn block_around(
    text: &[u8],
    span: std::ops::Range<usize>,
    max_bytes: usize,
) -> std::ops::Range<usize> {
    let floor = span.start.saturating_sub(max_bytes);
    let ceiling = text.len().min(span.end + max_bytes);
    let (before, after) = (&text[floor..span.start], &text[span.end..ceiling]);
    let braces = (unclosed(before.iter().rev(), b'{', b'}'), unclosed(after.iter(), b'}', b'{'));
    if let (Some(up), Some(down)) = braces {
        return span.start - up..span.end + down;
    }
    // The last part of `before` and the first of `after` belong to the lines that `span` stands in.
    let up = before.split(|&b| b == b'\n').rev().scan(0, |n, line| {
        *n += line.len() + 1;
        Some((*n - 1, line))
    });
    let above = up.skip(1).take_while(|(_, line)| !parts_blocks(line)).map(|(n, _)| n).last();
    let down = after.split(|&b| b == b'\n').scan(0, |n, line| {
        *n += line.len() + 1;
        Some((*n - 1, line))
    });
    let below = down.skip(1).take_while(|(_, line)| !parts_blocks(line)).map(|(n, _)| n).last();
    span.start - above.unwrap_or(0)..span.end + below.unwrap_or(0)
}

/// How many of `bytes` come before the first `outer` brace that has no `inner` one among them.
fn unclosed<'b>(bytes: impl Iterator<Item = &'b u8>, outer: u8, inner: u8) -> Option<usize> {
    let mut open = 0_usize;
    for (n, &b) in bytes.enumerate() {
        match b {
            b if b == outer && open == 0 => return Some(n),
            b if b == outer => open -= 1,
            b if b == inner => open += 1,
            _ => {}
        }
    }
    None
}

fn parts_blocks(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || line.starts_with(b"[") || line == b"---"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, at: usize) -> (usize, usize) {
        let LineCol { line, col } = line_col(text.as_bytes(), at, Before::default());
        (line, col)
    }

    #[test]
    fn a_column_counts_letters_and_not_bytes() {
        assert_eq!(place("äö=x", 5), (1, 4));
        assert_eq!(line_col(b"\xff\xfe=x", 3, Before::default()), LineCol { line: 1, col: 4 });
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(place("\u{feff}a=x", 5), (1, 3));
        assert_eq!(place("a\u{feff}=x", 4), (1, 3));
    }

    #[test]
    fn a_line_ends_at_any_kind_of_break() {
        assert_eq!(place("a\nb", 2), (2, 1));
        assert_eq!(place("a\r\nb", 3), (2, 1));
        assert_eq!(place("a\r\nb", 2), (1, 3), "the break itself still belongs to its line");
        assert_eq!(place("a\rb", 2), (2, 1));
    }

    #[test]
    fn a_text_counts_on_from_what_lies_before_it() {
        let before = Before { lines: 4, columns: 7 };
        assert_eq!(line_col(b"ab\ncd", 1, before), LineCol { line: 5, col: 9 });
        assert_eq!(line_col(b"ab\ncd", 4, before), LineCol { line: 6, col: 2 });
    }

    #[test]
    fn a_cursor_agrees_with_counting_from_the_start() {
        let text = "a\r\nbä\n\rc\r\n".as_bytes();
        let mut cursor = Cursor::new(text, Before { lines: 2, columns: 5 });
        for at in (0..text.len()).filter(|&at| text[at] & 0xc0 != 0x80) {
            let expected = line_col(text, at, Before { lines: 2, columns: 5 });
            assert_eq!(cursor.ahead(at), expected);
            assert_eq!(cursor.at(at), expected);
        }
    }

    #[test]
    fn a_line_has_its_bytes() {
        let text = b"a\r\nbb\n\nc";
        assert_eq!([1, 2, 3, 4, 5].map(|n| bytes_of_line(text, n)), [0..3, 3..6, 6..7, 7..8, 8..8]);
    }

    #[test]
    fn a_block_ends_at_its_braces_or_at_an_empty_line() {
        let block = |text: &str| {
            let at = text.find('@').unwrap();
            text[block_around(text.as_bytes(), at..at + 1, 100)].to_owned()
        };
        assert_eq!(block("{a: 1, b: {c: {}, d: @, e: 2}}"), "c: {}, d: @, e: 2");
        assert_eq!(block("[x]\na = 1\n\n[y]\nb = 2\nc = @\nd = 3\n\ne = 4"), "b = 2\nc = @\nd = 3");
        assert_eq!(block("a=1\nb=@"), "a=1\nb=@");
        assert_eq!(block("@"), "@");
    }

    #[test]
    fn lines_around_stop_at_the_limit() {
        assert_eq!(lines_around(b"a\nbb\ncc\ndd\ne", 5..6, 1, 100), 2..10);
        assert_eq!(lines_around(b"xxxxxxxxxx", 5..6, 1, 2), 3..8);
    }
}
