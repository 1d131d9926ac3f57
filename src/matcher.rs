//! Runs a rule's regex on the neighbourhood of its keywords. A window is as wide as the longest
//! match, and windows that touch are one: so nothing that a search of the whole text finds is lost.

use std::ops::Range;

use crate::{
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

/// Every match around `hits`, which is sorted here. Binary texts get only patterns whose secret
/// starts with a documented literal.
pub fn find_candidates(
    set: &RuleSet,
    text: &[u8],
    binary: bool,
    hits: &mut [Hit],
) -> Vec<Candidate> {
    hits.sort_unstable();
    let mut found = Vec::new();
    for hits in hits.chunk_by(|a, b| a.pattern == b.pattern) {
        let index = hits[0].pattern as usize;
        let pattern = &set.patterns()[index];
        if binary && !applies_to_binary(pattern) {
            continue;
        }
        for window in windows(hits, pattern.spec.max_bytes, text.len()) {
            pattern.matches(text, window, |whole, secret| {
                found.push(Candidate { rule: pattern.rule, pattern: index, whole, secret });
            });
        }
    }
    found
}

/// Whether the pattern's secret has a prefix that is worth looking for among arbitrary bytes.
pub fn applies_to_binary(pattern: &crate::rule::Pattern) -> bool {
    !pattern.spec.prefixes.is_empty() && pattern.spec.near.is_none()
}

/// The neighbourhoods of `hits`, joined where they touch.
fn windows(hits: &[Hit], max_bytes: usize, len: usize) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for hit in hits {
        let window = hit.end.saturating_sub(max_bytes)..len.min(hit.start + max_bytes);
        match windows.last_mut() {
            Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
            _ => windows.push(window),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_touch_are_one() {
        let hits = [10, 30, 100].map(|start| Hit { pattern: 0, start, end: start + 4 });
        assert_eq!(windows(&hits, 16, 110), [0..46, 88..110]);
    }
}
