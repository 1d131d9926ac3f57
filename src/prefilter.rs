//! Which rules are worth running on a text, and where: every keyword that a match could stand around.
//!
//! Two searches, each for what it is fast at:
//!
//! - **Grams.** Rare words (a provider's name, a prefix) are found by four of their bytes: a bitmap of
//!   hashed grams answers for every second position of the text, and nearly always says no.
//! - **Runs.** Everyday words (`key`, `token`) would hit on every page. Where the pattern's regex
//!   guarantees a run of letters and digits, the runs are found first, by jumping from one place
//!   that could be the end of a run to the next, and the words are searched only around them.
//!
//! Which search a pattern uses changes no result: both find every keyword of every possible match.

mod grams;
mod runs;

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use self::{grams::Grams, runs::MIN_RUN};
use crate::rule::{Pattern, RuleSet};

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

/// The keywords of all rules.
#[derive(Debug)]
pub struct Prefilter {
    rare: Keywords,
    grams: Grams,
    everyday: Keywords,
    automaton: Option<AhoCorasick>,
    /// How far before and behind a run the keyword of an everyday pattern can be.
    before: usize,
    after: usize,
}

/// Words, and for each the patterns that it belongs to.
#[derive(Debug, Default)]
struct Keywords {
    words: Vec<String>,
    patterns: Vec<Vec<u32>>,
}

/// Words that source code is full of: worth a search of their own, as are words of three bytes or less.
const EVERYDAY: [&str; 12] = [
    "key", "token", "secret", "auth", "pass", "sign", "salt", "hash", "cred", "session", "cookie",
    "value",
];
const MAX_SHORT_BYTES: usize = 3;

impl Prefilter {
    /// For the rules of `set`.
    ///
    /// # Panics
    ///
    /// If the keywords exceed the automaton's limits, which takes millions of them.
    pub fn new(set: &RuleSet) -> Self {
        let mut rare = Vec::new();
        let mut everyday = Vec::new();
        let (mut before, mut after) = (0, 0);
        for (n, pattern) in set.patterns().iter().enumerate() {
            let around_runs = is_everyday(pattern) && pattern.spec.run >= MIN_RUN;
            if around_runs {
                before = before.max(pattern.spec.run_reach - MIN_RUN);
                if !pattern.spec.run_last {
                    after = after.max(pattern.spec.run_reach - MIN_RUN);
                }
            }
            let list = if around_runs { &mut everyday } else { &mut rare };
            list.extend(pattern.spec.keywords.iter().map(|k| (k.clone(), n as u32)));
        }
        let rare = Keywords::new(rare);
        let everyday = Keywords::new(everyday);
        let automaton = (!everyday.words.is_empty()).then(|| {
            AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::DFA))
                .build(&everyday.words)
                .expect("a few dozen short words are within the automaton's limits")
        });
        Self { grams: Grams::new(&rare.words), rare, everyday, automaton, before, after }
    }

    /// Every keyword in `text` that a pattern could match around, in no particular order.
    pub fn hits(&self, text: &[u8], mut found: impl FnMut(Hit)) {
        self.grams
            .find(&self.rare.words, text, |word, start| self.rare.hits(word, start, &mut found));
        let Some(automaton) = &self.automaton else { return };
        let mut region: Option<Range<usize>> = None;
        let mut search = |region: Range<usize>| {
            let base = region.start;
            for m in automaton.find_overlapping_iter(&text[region]) {
                self.everyday.hits(m.pattern().as_usize(), base + m.start(), &mut found);
            }
        };
        runs::for_each(text, |run| {
            let near = run.start.saturating_sub(self.before)..text.len().min(run.end + self.after);
            match &mut region {
                Some(r) if near.start <= r.end => r.end = near.end,
                _ => {
                    if let Some(done) = region.replace(near) {
                        search(done);
                    }
                }
            }
        });
        region.into_iter().for_each(search);
    }
}

/// Whether the pattern's words are searched around runs: if it has everyday words; or short ones, unless
/// they may stand behind the run, which would widen the search for all.
fn is_everyday(pattern: &Pattern) -> bool {
    let spec = &pattern.spec;
    let short =
        |k: &String| k.len() < MAX_SHORT_BYTES || (k.len() == MAX_SHORT_BYTES && spec.run_last);
    spec.keywords.iter().any(|k| EVERYDAY.contains(&k.as_str()) || short(k))
}

impl Keywords {
    fn new(mut pairs: Vec<(String, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut all = Self::default();
        for (word, pattern) in pairs {
            if all.words.last() != Some(&word) {
                all.words.push(word);
                all.patterns.push(Vec::new());
            }
            all.patterns.last_mut().expect("pushed with its word").push(pattern);
        }
        all
    }

    fn hits(&self, word: usize, start: usize, found: &mut impl FnMut(Hit)) {
        let end = start + self.words[word].len();
        self.patterns[word].iter().for_each(|&pattern| found(Hit { pattern, start, end }));
    }
}
