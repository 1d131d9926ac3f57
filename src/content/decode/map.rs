//! From places in a decoded text to the code that they were made from.

use std::ops::Range;

/// A part of a decoded text whose bytes were all made in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first byte in the decoded text.
    pub(super) start: usize,
    /// The code that it was made from.
    pub(super) code: Range<usize>,
    /// How many bytes come from how many bytes of code; `None` if only all of it can be told.
    pub(super) rate: Option<(usize, usize)>,
}

/// The pieces of a decoded text, without gaps, sorted by place.
#[derive(Debug, Default)]
pub(super) struct Map(Vec<Piece>);

impl Map {
    /// The text goes on at byte `start` with a copy of `code`.
    pub(super) fn verbatim(&mut self, start: usize, code: Range<usize>) {
        if !code.is_empty() {
            self.0.push(Piece { start, code, rate: Some((1, 1)) });
        }
    }

    /// The text goes on at byte `start` with a stretch, whose pieces begin at 0.
    pub(super) fn add(&mut self, start: usize, pieces: Vec<Piece>) {
        self.0.extend(pieces.into_iter().map(|p| Piece { start: start + p.start, ..p }));
    }

    /// The code that the bytes of `range` were made from.
    pub(super) fn code_of(&self, range: &Range<usize>) -> Range<usize> {
        let (Some(first), Some(last)) =
            (self.piece(range.start), self.piece(range.end.max(range.start + 1) - 1))
        else {
            return 0..0;
        };
        let start = match first.rate {
            Some((bytes, code)) => first.code.start + (range.start - first.start) * code / bytes,
            None => first.code.start,
        };
        let end = match last.rate {
            Some((bytes, code)) => last
                .code
                .end
                .min(last.code.start + ((range.end - last.start) * code).div_ceil(bytes)),
            None => last.code.end,
        };
        start..end.max(start)
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        self.0.partition_point(|p| p.start <= at).checked_sub(1).map(|n| &self.0[n])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_mapped_by_its_piece() {
        let mut map = Map::default();
        map.verbatim(0, 100..104);
        let base64 = Piece { start: 0, code: 104..112, rate: Some((3, 4)) };
        let packed = Piece { start: 6, code: 112..120, rate: None };
        map.add(4, vec![base64, packed]);
        assert_eq!(map.code_of(&(1..3)), 101..103);
        assert_eq!(map.code_of(&(4..7)), 104..108);
        assert_eq!(map.code_of(&(5..6)), 105..107);
        assert_eq!(map.code_of(&(3..10)), 103..112);
        assert_eq!(map.code_of(&(11..12)), 112..120);
    }
}
