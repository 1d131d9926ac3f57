//! Runs rules' regexes on the neighbourhood of their keywords. A window is as wide as the longest
//! match, and windows that touch are one: so nothing that a search of the whole text finds is lost.

use std::ops::Range;

use crate::{
    edit::{Changes, Copied, Edit},
    near,
    prefilter::Hit,
    rule::{Group, Nearby, RuleIndex, RuleSet},
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

/// The neighbourhoods of keywords, by group of patterns, joined where they touch.
///
/// A text may be nothing but keywords; so hits are joined as they come, and memory is bounded by the
/// length of the text over the width of a window.
#[derive(Debug)]
pub struct Windows<'r> {
    set: &'r RuleSet,
    len: usize,
    binary: bool,
    /// Group and range, in no order.
    all: Vec<(u32, Range<usize>)>,
    /// How many of `all` are already sorted and joined.
    joined: usize,
}

impl<'r> Windows<'r> {
    /// For a text of `len` bytes. Binary texts get only patterns whose secret starts with a documented
    /// literal, or is the whole text.
    pub fn new(set: &'r RuleSet, len: usize, binary: bool) -> Self {
        Self { set, len, binary, all: Vec::new(), joined: 0 }
    }

    /// Adds the neighbourhood of `hit`.
    pub fn add(&mut self, hit: Hit) {
        /// Joining costs a sort; it pays when there is much to join.
        const JOIN_AT: usize = 1 << 14;
        let group = &self.set.groups()[hit.group as usize];
        if self.binary && !group.applies_to_binary {
            return;
        }
        let window = neighbourhood(&hit, group, self.len);
        match self.all.last_mut() {
            Some((g, last))
                if *g == hit.group && last.start <= window.start && window.start <= last.end =>
            {
                last.end = last.end.max(window.end);
            }
            _ => self.all.push((hit.group, window)),
        }
        if self.all.len() >= JOIN_AT.max(2 * self.joined) {
            join(&mut self.all);
            self.joined = self.all.len();
        }
    }
}

/// Where a match of `group` can stand in which `hit` is the first keyword.
fn neighbourhood(hit: &Hit, group: &Group, len: usize) -> Range<usize> {
    hit.start.saturating_sub(group.lead)..len.min(hit.start + group.max_bytes)
}

/// Sorts windows by group and place, and joins those that touch.
fn join(windows: &mut Vec<(u32, Range<usize>)>) {
    windows.sort_unstable_by_key(|(group, window)| (*group, window.start));
    windows.dedup_by(|(g, next), (h, last)| {
        let touches = g == h && next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
}

/// When the words that a pattern wants nearby are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NearCheck {
    /// Before its regex runs, and is compiled, on a window that no such word is near: there can be no
    /// finding in it.
    First,
    /// Before its regex runs, but anywhere in the text: one that stands too far away is left to the
    /// filters.
    Anywhere,
    /// By the filters only, which can then say so.
    Later,
}

/// Every match in `windows` of `text`, in which the words of `nearby` stand.
pub fn find_candidates(
    set: &RuleSet,
    text: &[u8],
    windows: Windows<'_>,
    nearby: Nearby,
    near_check: NearCheck,
) -> Vec<Candidate> {
    let mut all = windows.all;
    if near_check != NearCheck::Later {
        all.retain(|(g, _)| set.groups()[*g as usize].is_asked_for(nearby));
    }
    join(&mut all);
    let mut found = Vec::new();
    for (index, window) in all {
        let group = &set.groups()[index as usize];
        if let (NearCheck::First, Some(near)) = (near_check, set.near(group))
            && !near::stands_near(text, window.clone(), near)
        {
            continue;
        }
        search(set, index as usize, text, window, &mut found);
    }
    found
}

/// A text that was made by an edit of another.
#[derive(Debug, Clone, Copy)]
pub struct Edited<'t> {
    /// Its bytes.
    pub text: &'t [u8],
    /// Whether only patterns whose secret starts with a documented literal apply.
    pub binary: bool,
    /// How it was made.
    pub edit: &'t Edit,
    /// Where it differs.
    pub changes: &'t Changes,
    /// What patterns ask for nearby and stood in the old text.
    pub nearby_before: Nearby,
    /// The same for the new one.
    pub nearby: Nearby,
}

/// Every match in a text that was made by an edit of another, whose matches are known.
///
/// `hits` are all keywords of the new text, `known` all matches of the old one. Only windows that the
/// edit can have touched are searched. What `NearCheck::Anywhere` leaves out is left out.
pub fn find_changed(
    set: &RuleSet,
    new: Edited<'_>,
    hits: impl Iterator<Item = Hit> + Clone,
    known: &[Candidate],
) -> Vec<Candidate> {
    let windows = touched_windows(set, new, hits, known);
    let group_of = |c: &Candidate| set.patterns()[c.pattern].group;
    let is_searched = |c: &Candidate| {
        let group = group_of(c) as u32;
        let next = windows.partition_point(|(g, w)| (*g, w.start) <= (group, c.whole.start));
        next.checked_sub(1)
            .map(|last| &windows[last])
            .is_some_and(|(g, w)| *g == group && c.whole.start < w.end)
    };
    let mut found = Vec::new();
    if !known.is_empty() {
        let copies = new.edit.copies().iter();
        let kept = copies.flat_map(|copied| known.iter().filter_map(|c| moved(c, copied)));
        found.extend(
            kept.filter(|c| set.groups()[group_of(c)].is_asked_for(new.nearby) && !is_searched(c)),
        );
    }
    for (group, window) in windows {
        search(set, group as usize, new.text, window, &mut found);
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

/// The joined windows, by group and place, that a change can have touched: those of keywords within a
/// match's length of it, or twice that length for groups of which a match was cut; and all windows of
/// groups that are asked for only now.
fn touched_windows(
    set: &RuleSet,
    new: Edited<'_>,
    hits: impl Iterator<Item = Hit> + Clone,
    known: &[Candidate],
) -> Vec<(u32, Range<usize>)> {
    // A match that was cut may have covered another: where it ended, the next one began.
    let cut: Vec<usize> = known
        .iter()
        .filter(|c| new.edit.copies().iter().any(|copied| cuts(copied, &c.whole)))
        .map(|c| set.patterns()[c.pattern].group)
        .collect();
    let searched = |hit: &Hit| {
        let group = &set.groups()[hit.group as usize];
        (!new.binary || group.applies_to_binary) && group.is_asked_for(new.nearby)
    };
    let is_touched = |hit: &Hit| {
        let group = &set.groups()[hit.group as usize];
        let mut reach = neighbourhood(hit, group, new.text.len());
        if cut.contains(&(hit.group as usize)) {
            reach = reach.start.saturating_sub(group.max_bytes)..reach.end + group.max_bytes;
        }
        searched(hit) && (new.changes.touch(&reach) || !group.is_asked_for(new.nearby_before))
    };
    let mut touched: Vec<Hit> = hits.clone().filter(is_touched).collect();
    if touched.is_empty() {
        return Vec::new();
    }
    let mut groups: Vec<u32> = touched.iter().map(|h| h.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let window = |hit: &Hit| {
        (hit.group, neighbourhood(hit, &set.groups()[hit.group as usize], new.text.len()))
    };
    let mut windows: Vec<_> =
        hits.filter(|h| groups.binary_search(&h.group).is_ok()).map(|h| window(&h)).collect();
    join(&mut windows);
    touched.sort_unstable_by_key(|h| (h.group, h.start));
    let mut touched = touched.iter().map(window).peekable();
    windows.retain(|(group, window)| {
        let mut any = false;
        while touched.next_if(|(g, t)| g == group && t.start <= window.end).is_some() {
            any = true;
        }
        any
    });
    windows
}

/// Whether `copied` holds some bytes of `range` and not all.
fn cuts(copied: &Copied, range: &Range<usize>) -> bool {
    let end = copied.from + copied.len;
    let apart = end <= range.start || range.end <= copied.from;
    let whole = copied.from <= range.start && range.end <= end;
    !apart && !whole
}

/// Every match of the patterns of `group` in `window`.
fn search(
    set: &RuleSet,
    group: usize,
    text: &[u8],
    window: Range<usize>,
    found: &mut Vec<Candidate>,
) {
    if !set.groups()[group].may_match(&text[window.clone()]) {
        return;
    }
    for pattern in set.possible(group, text, window.clone()) {
        let rule = set.patterns()[pattern].rule;
        set.matches(pattern, text, window.clone(), |whole, secret| {
            found.push(Candidate { rule, pattern, whole, secret });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_touch_are_one_and_bounded_in_number() {
        let set = RuleSet::new(crate::rule::load::builtin());
        let (lead, max) = (set.groups()[0].lead, set.groups()[0].max_bytes);
        let mut windows = Windows::new(&set, 100_000_000, false);
        let hit = |start| Hit { group: 0, start, end: start + 4 };
        for n in 0..100_000 {
            windows.add(hit(n * 4));
            windows.add(Hit { group: 1, ..hit(n * 4) });
            assert!(windows.all.len() <= 1 << 14);
        }
        windows.add(hit(50_000_000));
        join(&mut windows.all);
        let of_first: Vec<_> =
            windows.all.iter().filter(|(g, _)| *g == 0).map(|(_, w)| w.clone()).collect();
        assert_eq!(of_first, [0..399_996 + max, 50_000_000 - lead..50_000_000 + max]);
    }
}
