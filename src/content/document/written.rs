//! Places in a text that strings of JSON write.

use crate::span::LineCol;

/// Says of each of `places`, given in their order, where it stands in the text that `value` writes: a
/// string, or an array of them, each of which begins a line. `value` begins at byte `start`.
pub(super) fn places(
    value: &str,
    start: usize,
    places: &[usize],
    mut found: impl FnMut(usize, LineCol),
) {
    let bytes = value.as_bytes();
    let mut pen = Pen { place: LineCol { line: 1, col: 1 }, in_string: false };
    let mut at = 0;
    for &place in places {
        while start + at < place && at < bytes.len() {
            at += pen.write(&bytes[at..]);
        }
        found(place, pen.place);
    }
}

/// Where the next character will stand.
struct Pen {
    place: LineCol,
    in_string: bool,
}

impl Pen {
    /// Writes what `code` begins with, and says how many bytes that takes.
    fn write(&mut self, code: &[u8]) -> usize {
        match (self.in_string, code) {
            (true, [b'\\', escape, rest @ ..]) => self.write_escape(*escape, rest),
            (_, [b'"', ..]) => {
                self.in_string = !self.in_string;
                if self.in_string && self.place.col > 1 {
                    self.break_line();
                }
                1
            }
            (true, [first, ..]) => {
                let is_continued = first & 0xc0 == 0x80;
                self.place.col += usize::from(!is_continued);
                1
            }
            (false, _) | (true, []) => 1,
        }
    }

    fn write_escape(&mut self, escape: u8, rest: &[u8]) -> usize {
        let hex = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match escape {
            b'n' => self.break_line(),
            // With the line feed that follows it is one break.
            b'r' if rest.starts_with(b"\\n") => {}
            b'r' => self.break_line(),
            b'u' => {
                let is_second_half = rest
                    .get(..4)
                    .and_then(hex)
                    .is_some_and(|code| (0xdc00..0xe000).contains(&code));
                self.place.col += usize::from(!is_second_half);
                return 6;
            }
            _ => self.place.col += 1,
        }
        2
    }

    fn break_line(&mut self) {
        self.place = LineCol { line: self.place.line + 1, col: 1 };
    }
}
