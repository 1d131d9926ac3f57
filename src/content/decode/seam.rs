//! What stands between two pieces of a string: quotes and an operator, or a line's end that is none; in a
//! program, or in one that a string of JSON writes.

/// What stands between two pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seam {
    /// Bytes of it.
    pub(super) len: usize,
    /// Nothing but white space stands between two literals.
    pub(super) is_bare: bool,
    /// They stand in one line, or in one that goes on behind its breaks.
    pub(super) in_one_line: bool,
}

/// How languages put strings together, and methods that do; longer ones come before what they begin with.
const OPERATORS: [&[u8]; 12] =
    [b".concat(", b".append(", b"..", b"++", b"<<", b"<>", b"||", b"+", b".", b"&", b"^", b"~"];
/// Letters that say what sort of literal follows: `b"…"`, `u8"…"`, `$@"…"`.
const PREFIXES: &[u8] = b"bBfFrRuUL8@$";
const MAX_PREFIX_BYTES: usize = 3;

/// The seam that `text` begins with, right behind a piece.
pub(super) fn seam(text: &[u8]) -> Option<Seam> {
    let reader = Reader { text, at: 0, breaks: 0, continuations: 0 };
    let escapes = backslashes(text);
    match &text[escapes..] {
        // This is what follows nearly every literal that is all of its string.
        [quote, b',' | b';' | b':' | b'=' | b'>' | b']' | b'}', ..] if is_quote(*quote) => None,
        [quote, ..] if is_quote(*quote) => reader.between_literals(escapes),
        [_, ..] if escapes > 0 => reader.between_lines(),
        _ => None,
    }
}

pub(super) fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`')
}

/// How many backslashes `text` begins with.
fn backslashes(text: &[u8]) -> usize {
    text.iter().take_while(|b| **b == b'\\').count()
}

/// Whether so many backslashes before an `n` are a line break, and one more in front of it. Each string
/// of JSON around it doubles them.
pub(super) fn hides_break(escapes: usize) -> bool {
    escapes > 0 && escapes.is_multiple_of(3)
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    breaks: usize,
    /// Of the breaks, those that end no line.
    continuations: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    /// The quotes of both literals have as many backslashes in front, if they are the same: JSON escapes
    /// `"` and nothing else.
    fn between_literals(mut self, escapes: usize) -> Option<Seam> {
        let quote = self.text[escapes];
        self.at = escapes + 1;
        self.skip_blanks();
        // What closes a bracket belongs to a sum of what stands in brackets.
        let is_closed = self.skip(b")");
        self.skip_blanks();
        let is_bare = !self.skip_operator();
        if !is_bare {
            self.skip_blanks();
            self.skip(b"(");
        }
        self.skip_blanks();
        let (other_escapes, other) = self.skip_opening()?;
        let is_alike = quote != other || escapes == other_escapes;
        let in_one_line = self.breaks <= self.continuations;
        let len = self.at;
        (is_alike && !(is_bare && is_closed)).then_some(Seam { len, is_bare, in_one_line })
    }

    /// One backslash, the break that it hides, and what indents the next line.
    fn between_lines(mut self) -> Option<Seam> {
        self.skip_escape();
        while matches!(self.rest(), [b' ' | b'\t' | b'\r' | b'\n', ..]) || self.is_escaped_break() {
            self.skip_blank();
        }
        let is_hidden = self.continuations == 1 && self.breaks == 1;
        is_hidden.then_some(Seam { len: self.at, is_bare: false, in_one_line: true })
    }

    /// Whether the second half of `\r\n` comes next.
    fn is_escaped_break(&self) -> bool {
        self.breaks == 0 && self.rest().starts_with(b"\\n")
    }

    fn skip(&mut self, what: &[u8]) -> bool {
        let is_here = self.rest().starts_with(what);
        self.at += if is_here { what.len() } else { 0 };
        is_here
    }

    fn skip_operator(&mut self) -> bool {
        matches!(self.rest(), [b'.' | b'+' | b'<' | b'|' | b'&' | b'^' | b'~', ..])
            && OPERATORS.iter().any(|operator| self.skip(operator))
    }

    /// Skips what opens a literal; says how many backslashes its quote has, and what it is.
    fn skip_opening(&mut self) -> Option<(usize, u8)> {
        let prefix = self.rest().iter().take_while(|b| PREFIXES.contains(b)).count();
        self.at += if prefix <= MAX_PREFIX_BYTES { prefix } else { 0 };
        let escapes = backslashes(self.rest());
        let quote = *self.rest().get(escapes).filter(|b| is_quote(**b))?;
        self.at += escapes + 1;
        Some((escapes, quote))
    }

    fn skip_blanks(&mut self) {
        while self.skip_blank() {}
    }

    /// Skips white space or a comment, if one comes next.
    fn skip_blank(&mut self) -> bool {
        let len = match self.rest() {
            [b' ' | b'\t' | b'\r', ..] => Some(1),
            [b'\n', ..] => {
                self.breaks += 1;
                Some(1)
            }
            // Visual Basic and PowerShell go on in the next line.
            [b'_' | b'`', rest @ ..] if is_line_end(rest) => {
                self.continuations += 1;
                Some(1)
            }
            comment @ ([b'/', b'/', ..] | [b'#', ..]) => line_len(comment),
            comment @ [b'/', b'*', ..] => {
                memchr::memmem::find(&comment[2..], b"*/").map(|len| len + 4)
            }
            [b'\\', ..] => return self.skip_escape(),
            _ => None,
        };
        self.at += len.unwrap_or(0);
        len.is_some()
    }

    /// Skips backslashes and what they write, if that is white space.
    fn skip_escape(&mut self) -> bool {
        let escapes = backslashes(self.rest());
        let (len, is_break) = match &self.rest()[escapes..] {
            [b'\n', ..] | [b'\r', b'\n', ..] if escapes == 1 => {
                self.continuations += 1;
                (0, false)
            }
            [letter @ (b'n' | b'r' | b't'), ..] => {
                self.continuations += usize::from(hides_break(escapes));
                (1, *letter == b'n')
            }
            _ => return false,
        };
        self.at += escapes + len;
        if is_break {
            self.breaks += 1;
            self.skip_border();
        }
        true
    }

    /// Skips what stands between two lines of a notebook, each of which is a string in a list.
    fn skip_border(&mut self) {
        let Some(rest) = self.rest().strip_prefix(b"\"") else { return };
        let Some(rest) = rest.trim_ascii_start().strip_prefix(b",") else { return };
        if let Some(rest) = rest.trim_ascii_start().strip_prefix(b"\"") {
            self.at = self.text.len() - rest.len();
        }
    }
}

/// Whether nothing but spaces stands before a line break.
fn is_line_end(text: &[u8]) -> bool {
    let rest = text.trim_ascii_start();
    let is_break = text[..text.len() - rest.len()].contains(&b'\n');
    is_break || rest.strip_prefix(b"\\r").unwrap_or(rest).starts_with(b"\\n")
}

/// The length of the line that `text` begins with, in a program or in a string of one.
fn line_len(text: &[u8]) -> Option<usize> {
    let ends = |at: &usize| text[*at] == b'\n' || text[*at..].starts_with(b"\\n");
    memchr::memchr2_iter(b'\n', b'\\', text).find(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(text: &str) -> Option<usize> {
        seam(text.as_bytes()).map(|seam| seam.len)
    }

    #[test]
    fn languages_put_strings_together() {
        for text in [
            "\" + \"",
            "\" + // why\n  \"",
            "\" /* a */ + /* b */ \"",
            "\"  # why\n  b\"",
            "\" & _\r\n  \"",
            "\" + `\r\n \"",
            "' .. '",
            "' << '",
            "' || '",
            "\") + (\"",
            "\".concat(\"",
            "\").append(\"",
            "\" + $@\"",
            "\\\" +\\n  \\\"",
            "\\\" // why\\n + \\\"",
            "\\\" +\\n\",\n  \"  \\\"",
            "' +\\r\\n\", \" '",
            "\\\\\\\" +\\\\n\\\\\\\"",
            "\\\n  ",
            "\\\r\n",
            "\\\\\\n  ",
            "\\\\\\r\\n  ",
            "\\\\\\n\", \"  ",
        ] {
            assert_eq!(len(text), Some(text.len()), "{text}");
        }
    }

    #[test]
    fn other_signs_are_no_seam() {
        for text in [
            "\", \"",
            "\": \"",
            "\" + x + \"",
            "\" + + \"",
            "\") (\"",
            "\"); (\"",
            "\" == \"",
            "\\n\", \"",
            "\\\" + \"",
            "\" + \\\"",
            "\" // why \"",
            "\\\n \n",
            "\\",
            "\"",
            "",
            "\\n  ",
            "\\\\n  ",
        ] {
            assert!(len(text).is_none_or(|len| len < text.len()), "{text}");
        }
    }
}
