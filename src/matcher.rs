//! Runs a rule's regex on the neighbourhood of its keywords. A window is as wide as the longest
//! match, and windows that touch are one: so nothing that a search of the whole text finds is lost.

use std::ops::Range;

use crate::{
    edit::{Changes, Copied, Edit},
    near,
    prefilter::Hit,
    rule::{RuleIndex, RuleSet},
};

/// What a regex matched; nobody has judged it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Whose shape it has.
    pub rule: RuleIndex,
    /// Which shape: index into `RuleSet::patterns`.
    pub pattern: usize,
    /// The bytes of the whole match.
    pub whole: Range<usize>,
    /// The bytes of the secret.
    pub secret: Range<usize>,
}

/// The neighbourhoods of keywords, by pattern, joined where they touch.
///
/// A text may be nothing but keywords; so hits are joined as they come, and memory is bounded by the
/// length of the text over the width of a window.
#[derive(Debug)]
pub struct Windows<'r> {
    set: &'r RuleSet,
    len: usize,
    binary: bool,
    /// Pattern and range, in no order.
    all: Vec<(u32, Range<usize>)>,
    /// How many of `all` are already sorted and joined.
    joined: usize,
}

impl<'r> Windows<'r> {
    /// For a text of `len` bytes. Binary texts get only patterns whose secret starts with a documented
    /// literal.
    pub fn new(set: &'r RuleSet, len: usize, binary: bool) -> Self {
        Self { set, len, binary, all: Vec::new(), joined: 0 }
    }

    /// Adds the neighbourhood of `hit`.
    pub fn add(&mut self, hit: Hit) {
        /// Joining costs a sort; it pays when there is much to join.
        const JOIN_AT: usize = 1 << 14;
        let pattern = &self.set.patterns()[hit.pattern as usize];
        if self.binary && !applies_to_binary(pattern) {
            return;
        }
        let max = pattern.spec.max_bytes;
        let window = hit.end.saturating_sub(max)..self.len.min(hit.start + max);
        match self.all.last_mut() {
            Some((p, last))
                if *p == hit.pattern && last.start <= window.start && window.start <= last.end =>
            {
                last.end = last.end.max(window.end);
            }
            _ => self.all.push((hit.pattern, window)),
        }
        if self.all.len() >= JOIN_AT.max(2 * self.joined) {
            self.join();
        }
    }

    fn join(&mut self) {
        self.all.sort_unstable_by_key(|(pattern, window)| (*pattern, window.start));
        self.all.dedup_by(|(p, next), (q, last)| {
            let touches = p == q && next.start <= last.end;
            if touches {
                last.end = last.end.max(next.end);
            }
            touches
        });
        self.joined = self.all.len();
    }
}

/// When the words that a pattern wants nearby are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NearCheck {
    /// Before its regex runs, and is compiled, on a window that no such word is near: there can be no
    /// finding in it.
    First,
    /// By the filters only, which can then say so.
    Later,
}

/// Every match in `windows` of `text`.
pub fn find_candidates(
    set: &RuleSet,
    text: &[u8],
    mut windows: Windows<'_>,
    near_check: NearCheck,
) -> Vec<Candidate> {
    windows.join();
    let mut found = Vec::new();
    for (index, window) in windows.all {
        let index = index as usize;
        let pattern = &set.patterns()[index];
        if let (NearCheck::First, Some(near)) = (near_check, &pattern.spec.near)
            && !near::stands_near(text, window.clone(), near)
        {
            continue;
        }
        search(set, index, text, window, &mut found);
    }
    found
}

/// Every match in a text that was made by an edit of another, whose matches are known.
///
/// `hits` are all keywords of the new text, `known` all matches of the old one. Only windows that the
/// edit can have touched are searched.
pub fn find_changed(
    set: &RuleSet,
    text: &[u8],
    binary: bool,
    hits: impl Iterator<Item = Hit>,
    edit: &Edit,
    changes: &Changes,
    known: &[Candidate],
) -> Vec<Candidate> {
    // An old match that is gone may have covered another: where it ended, the next one began.
    let is_gone = |c: &&Candidate| edit.copies().iter().all(|copied| moved(c, copied).is_none());
    let gone: Vec<usize> = known.iter().filter(is_gone).map(|c| c.pattern).collect();
    let windows = touched_windows(set, text.len(), binary, hits, changes, &gone);
    let is_searched = |c: &Candidate| {
        let pattern = c.pattern as u32;
        let next = windows.partition_point(|(p, w)| (*p, w.start) <= (pattern, c.whole.start));
        next.checked_sub(1)
            .map(|last| &windows[last])
            .is_some_and(|(p, w)| *p == pattern && c.whole.start < w.end)
    };
    let mut found: Vec<Candidate> = edit
        .copies()
        .iter()
        .flat_map(|copied| known.iter().filter_map(|c| moved(c, copied)))
        .filter(|c| !is_searched(c))
        .collect();
    for (index, window) in windows {
        search(set, index as usize, text, window, &mut found);
    }
    found
}

/// A match of the old text at its new place, if `copied` holds all of it.
fn moved(candidate: &Candidate, copied: &Copied) -> Option<Candidate> {
    let end = copied.from + copied.len;
    let shift = |at: usize| at - copied.from + copied.to;
    let inside = copied.from <= candidate.whole.start && candidate.whole.end <= end;
    inside.then(|| Candidate {
        whole: shift(candidate.whole.start)..shift(candidate.whole.end),
        secret: shift(candidate.secret.start)..shift(candidate.secret.end),
        ..candidate.clone()
    })
}

/// The joined windows, by pattern and place, that a change can have touched: those of keywords within a
/// match's length of it, or twice that length for patterns of which a match is gone.
fn touched_windows(
    set: &RuleSet,
    len: usize,
    binary: bool,
    hits: impl Iterator<Item = Hit>,
    changes: &Changes,
    gone: &[usize],
) -> Vec<(u32, Range<usize>)> {
    let mut all: Vec<(u32, Range<usize>, bool)> = Vec::new();
    for hit in hits {
        let pattern = &set.patterns()[hit.pattern as usize];
        if binary && !applies_to_binary(pattern) {
            continue;
        }
        let max = pattern.spec.max_bytes;
        let within = |bytes: usize| hit.end.saturating_sub(bytes)..len.min(hit.start + bytes);
        let far = if gone.contains(&(hit.pattern as usize)) { 2 } else { 1 };
        all.push((hit.pattern, within(max), changes.touch(&within(far * max))));
    }
    all.sort_unstable_by_key(|(pattern, window, _)| (*pattern, window.start));
    all.dedup_by(|(p, next, next_touched), (q, last, touched)| {
        let joins = p == q && next.start <= last.end;
        if joins {
            last.end = last.end.max(next.end);
            *touched |= *next_touched;
        }
        joins
    });
    all.into_iter().filter(|(_, _, touched)| *touched).map(|(p, w, _)| (p, w)).collect()
}

fn search(
    set: &RuleSet,
    index: usize,
    text: &[u8],
    window: Range<usize>,
    found: &mut Vec<Candidate>,
) {
    let pattern = &set.patterns()[index];
    pattern.matches(text, window, |whole, secret| {
        found.push(Candidate { rule: pattern.rule, pattern: index, whole, secret });
    });
}

/// Whether the pattern's secret has a prefix that is worth looking for among arbitrary bytes.
pub fn applies_to_binary(pattern: &crate::rule::Pattern) -> bool {
    !pattern.spec.prefixes.is_empty() && pattern.spec.near.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_touch_are_one_and_bounded_in_number() {
        let set = RuleSet::new(crate::rule::load::builtin());
        let max = set.patterns()[0].spec.max_bytes;
        let mut windows = Windows::new(&set, 100_000_000, false);
        let hit = |start| Hit { pattern: 0, start, end: start + 4 };
        for n in 0..100_000 {
            windows.add(hit(n * 4));
            windows.add(Hit { pattern: 1, ..hit(n * 4) });
            assert!(windows.all.len() <= 1 << 14);
        }
        windows.add(hit(50_000_000));
        windows.join();
        let of_first: Vec<_> =
            windows.all.iter().filter(|(p, _)| *p == 0).map(|(_, w)| w.clone()).collect();
        assert_eq!(of_first, [0..399_996 + max, 50_000_004 - max..50_000_000 + max]);
    }
}
