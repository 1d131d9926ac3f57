//! Which rules are worth running on a text, and where: keywords, found in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use crate::rule::RuleSet;

/// A keyword of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Index into `RuleSet::patterns`.
    pub pattern: u32,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// The keywords of all rules as one automaton.
#[derive(Debug)]
pub struct Prefilter {
    automaton: AhoCorasick,
    /// For each keyword, the patterns that it belongs to.
    patterns: Vec<Vec<u32>>,
}

impl Prefilter {
    /// For the rules of `set`.
    pub fn new(set: &RuleSet) -> Self {
        let mut words: Vec<(&str, u32)> = Vec::new();
        for (n, pattern) in set.patterns().iter().enumerate() {
            words.extend(pattern.spec.keywords.iter().map(|k| (k.as_str(), n as u32)));
        }
        words.sort_unstable();
        words.dedup();
        let mut keywords: Vec<&str> = Vec::new();
        let mut patterns: Vec<Vec<u32>> = Vec::new();
        for (word, pattern) in words {
            if keywords.last() != Some(&word) {
                keywords.push(word);
                patterns.push(Vec::new());
            }
            patterns.last_mut().expect("pushed with its keyword").push(pattern);
        }
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&keywords)
            .expect("a few thousand short words are within the automaton's limits");
        Self { automaton, patterns }
    }

    /// Every keyword in `text` that a pattern could match around.
    pub fn hits(&self, text: &[u8], out: &mut Vec<Hit>) {
        for m in self.automaton.find_overlapping_iter(text) {
            for &pattern in &self.patterns[m.pattern().as_usize()] {
                out.push(Hit { pattern, start: m.start(), end: m.end() });
            }
        }
    }
}
