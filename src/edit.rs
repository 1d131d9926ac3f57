//! How one text was made from another: which ranges were copied, and so which were not.

use std::ops::Range;

/// A range of the new text that stands in the old one as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Its first byte in the old text.
    pub from: usize,
    /// Its first byte in the new text.
    pub to: usize,
    /// Bytes.
    pub len: usize,
}

/// The copied ranges of a new text, in its order; what lies between them was inserted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    copies: Vec<Copied>,
    old_len: usize,
    new_len: usize,
}

impl Edit {
    /// Forgets everything and starts on a new text, made from one of `old_len` bytes.
    pub fn restart(&mut self, old_len: usize) {
        self.copies.clear();
        (self.old_len, self.new_len) = (old_len, 0);
    }

    /// The new text goes on with `len` bytes of the old one.
    pub fn copy(&mut self, from: usize, len: usize) {
        let to = self.new_len;
        self.new_len += len;
        match self.copies.last_mut() {
            // Git writes a long copy as several: there is no seam between them.
            Some(last) if last.to + last.len == to && last.from + last.len == from => {
                last.len += len;
            }
            _ => self.copies.push(Copied { from, to, len }),
        }
    }

    /// The new text goes on with `len` bytes of its own.
    pub fn insert(&mut self, len: usize) {
        self.new_len += len;
    }

    /// The copied ranges.
    pub fn copies(&self) -> &[Copied] {
        &self.copies
    }

    /// Where the new text differs from the old one: inserted bytes, and places where two bytes meet
    /// (or a text begins or ends) that did not before, which are empty ranges. Changes less than
    /// `gap` bytes apart are one.
    pub fn changes(&self, gap: usize) -> Changes {
        let mut all = Vec::new();
        let mut add = |change: Range<usize>| match all.last_mut() {
            Some(Range { end, .. }) if change.start < *end + gap => *end = change.end,
            _ => all.push(change),
        };
        let (mut from, mut to) = (0, 0);
        for copied in &self.copies {
            if (copied.from, copied.to) != (from, to) {
                add(to..copied.to);
            }
            (from, to) = (copied.from + copied.len, copied.to + copied.len);
        }
        if (from, to) != (self.old_len, self.new_len) {
            add(to..self.new_len);
        }
        Changes(all)
    }
}

/// Ranges of a text, sorted and apart from each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes(Vec<Range<usize>>);

impl Changes {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// Whether one of them begins, ends or lies in `range` or at its borders.
    pub fn touch(&self, range: &Range<usize>) -> bool {
        let first = self.0.partition_point(|c| c.end < range.start);
        self.0.get(first).is_some_and(|c| c.start <= range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(old_len: usize, parts: &[(Option<usize>, usize)]) -> Vec<(usize, usize)> {
        let mut edit = Edit::default();
        edit.restart(old_len);
        for &(from, len) in parts {
            match from {
                Some(from) => edit.copy(from, len),
                None => edit.insert(len),
            }
        }
        edit.changes(1).iter().map(|c| (c.start, c.end)).collect()
    }

    #[test]
    fn only_what_was_not_copied_as_it_stood_is_a_change() {
        assert!(changes(9, &[(Some(0), 4), (Some(4), 5)]).is_empty());
        assert_eq!(changes(9, &[(Some(0), 4), (None, 2), (Some(4), 5)]), [(4, 6)]);
        assert_eq!(changes(9, &[(Some(0), 4), (Some(5), 4)]), [(4, 4)], "a seam");
        assert_eq!(changes(9, &[(Some(1), 8)]), [(0, 0)], "the old start is gone");
        assert_eq!(changes(9, &[(Some(0), 8)]), [(8, 8)], "the old end is gone");
        assert_eq!(changes(9, &[(Some(0), 9), (None, 3)]), [(9, 12)]);
        assert_eq!(changes(9, &[(None, 3)]), [(0, 3)]);
    }

    #[test]
    fn changes_touch_what_they_border_on() {
        let changes = Changes(vec![4..6, 9..9]);
        let touched = |range| changes.touch(&range);
        assert!(
            !touched(0..3) && touched(0..4) && touched(6..7) && !touched(7..8) && touched(9..12)
        );
        assert!(!touched(10..12));
    }
}
