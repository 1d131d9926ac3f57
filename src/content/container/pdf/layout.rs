//! From strings that stand somewhere on a page to lines of text: what stands on one line and close together is one
//! word, however many pieces it was cut into.

/// A place on a page.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A map of places (ISO 32000-1, section 8.3.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    pub(super) const SAME: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// This one first, and then `outer`.
    pub(super) fn then(self, outer: Self) -> Self {
        let Self([a, b, c, d, e, f]) = self;
        let ([x, y, z, w, ..], Point { x: e, y: f }) = (outer.0, outer.apply(Point { x: e, y: f }));
        Self([a * x + b * z, a * y + b * w, c * x + d * z, c * y + d * w, e, f])
    }

    pub(super) fn apply(self, Point { x, y }: Point) -> Point {
        let Self([a, b, c, d, e, f]) = self;
        Point { x: a * x + c * y + e, y: b * x + d * y + f }
    }

    pub(super) fn moved(self, x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y]).then(self)
    }
}

/// Wider gaps between glyphs are spaces: part of an em. The space of most fonts has a quarter of one, and glyphs are
/// moved together or apart by less than a tenth.
const SPACE: f64 = 0.17;
/// What stands higher or lower by so much of an em stands on another line.
const LINE: f64 = 0.5;

/// One piece of text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) start: Point,
    pub(super) end: Point,
    /// An em along the line.
    pub(super) em: Point,
    /// Whether `end` is no guess.
    pub(super) is_exact: bool,
}

/// The text of a page.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) text: String,
    last: Option<Piece>,
}

impl Layout {
    /// Adds `text`, which stands at `piece`.
    pub(super) fn add(&mut self, text: &str, piece: Piece) {
        if text.is_empty() {
            return;
        }
        let separator = self.last.and_then(|last| separator(last, piece));
        let needs_none = self.text.ends_with([' ', '\n']) || self.text.is_empty();
        match separator {
            Some(' ') if needs_none || text.starts_with(' ') => {}
            Some('\n') if self.text.ends_with('\n') || self.text.is_empty() => {}
            Some(separator) => self.text.push(separator),
            None => {}
        }
        self.text.push_str(text);
        self.last = Some(piece);
    }

    /// Ends the line.
    pub(super) fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.last = None;
    }
}

/// What stands between `last` and `next`.
fn separator(last: Piece, next: Piece) -> Option<char> {
    let size = |p: Point| p.x.hypot(p.y);
    let em = size(last.em).max(size(next.em)).max(f64::MIN_POSITIVE);
    let along = Point { x: last.em.x / em, y: last.em.y / em };
    let offset = |from: Point| {
        let (x, y) = ((next.start.x - from.x) / em, (next.start.y - from.y) / em);
        let unit = size(along).max(f64::MIN_POSITIVE);
        ((x * along.x + y * along.y) / unit, (y * along.x - x * along.y) / unit)
    };
    let (gap, rise) = offset(last.end);
    let (from_start, _) = offset(last.start);
    if rise.abs() > LINE || from_start < -LINE {
        return Some('\n');
    }
    match last.is_exact {
        true if gap < -1.0 => Some('\n'),
        true => (gap > SPACE).then_some(' '),
        // Where the last piece ends is not known, and only that the next one was put somewhere.
        false => (gap.abs() > SPACE).then_some(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(pieces: &[(&str, f64, f64)]) -> String {
        let mut layout = Layout::default();
        for &(text, x, y) in pieces {
            let end = Point { x: x + 5.0 * text.len() as f64, y };
            let em = Point { x: 10.0, y: 0.0 };
            layout.add(text, Piece { start: Point { x, y }, end, em, is_exact: true });
        }
        layout.text
    }

    #[test]
    fn gaps_are_spaces_and_other_heights_are_lines() {
        let key = [("AB", 0.0, 0.0), ("CD", 10.5, 0.2), ("EF", 19.4, 0.0)];
        assert_eq!(laid_out(&key), "ABCDEF");
        assert_eq!(laid_out(&[("a", 0.0, 0.0), ("b", 8.0, 0.0), ("c", 90.0, 2.0)]), "a b c");
        assert_eq!(laid_out(&[("a", 0.0, 0.0), ("b", 0.0, -12.0), ("c", -50.0, -12.0)]), "a\nb\nc");
        assert_eq!(laid_out(&[("a ", 0.0, 0.0), ("b", 50.0, 0.0), ("", 0.0, 90.0)]), "a b");
    }

    #[test]
    fn turned_text_has_lines_too() {
        let mut layout = Layout::default();
        for (text, at) in [("AB", 0.0), ("CD", 10.0), ("x", 30.0)] {
            let piece = Piece {
                start: Point { x: 3.0, y: at },
                end: Point { x: 3.0, y: at + 10.0 },
                em: Point { x: 0.0, y: 10.0 },
                is_exact: true,
            };
            layout.add(text, piece);
        }
        assert_eq!(layout.text, "ABCD x");
    }

    #[test]
    fn maps_follow_each_other() {
        let twice = Matrix([2.0, 0.0, 0.0, 2.0, 1.0, 0.0]);
        let moved = Matrix::SAME.moved(3.0, 4.0);
        assert_eq!(moved.then(twice).apply(Point { x: 1.0, y: 1.0 }), Point { x: 9.0, y: 10.0 });
    }
}
