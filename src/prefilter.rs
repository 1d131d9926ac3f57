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

/// Which keyword of a `Prefilter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub u32);

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
    /// The longest keyword that is not everyday.
    max_rare_bytes: usize,
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
/// The longest keyword that a pattern with an everyday one may have.
const MAX_EVERYDAY_BYTES: usize = 64;

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
        let max_rare_bytes = rare.words.iter().map(String::len).max().unwrap_or(0);
        Self {
            grams: Grams::new(&rare.words),
            rare,
            everyday,
            automaton,
            before,
            after,
            max_rare_bytes,
        }
    }

    /// Every keyword in `text` that a pattern could match around, in no particular order.
    pub fn hits(&self, text: &[u8], mut found: impl FnMut(Hit)) {
        self.words(text, |word, start| {
            let (patterns, len) = self.word(word);
            patterns.iter().for_each(|&pattern| found(Hit { pattern, start, end: start + len }));
        });
    }

    /// The patterns that a word belongs to, and its length in bytes.
    ///
    /// # Panics
    ///
    /// If `word` comes from another `Prefilter`.
    pub fn word(&self, Word(word): Word) -> (&[u32], usize) {
        let word = word as usize;
        let rare = self.rare.words.len();
        let (list, word) =
            if word < rare { (&self.rare, word) } else { (&self.everyday, word - rare) };
        (&list.patterns[word], list.words[word].len())
    }

    /// As `hits`, but each word once, and not once for each of its patterns: the word and its first byte.
    pub fn words(&self, text: &[u8], mut found: impl FnMut(Word, usize)) {
        self.grams.find(&self.rare.words, text, |word, start| found(Word(word as u32), start));
        self.everyday_words(text, found);
    }

    /// The words of `text` that matches which touch `change` need, beyond those that the bytes on
    /// either side of it have by themselves.
    ///
    /// These are words that touch it; everyday words around a run that touches it; and everyday words
    /// on one side of it for a run on the other.
    pub fn words_around(
        &self,
        text: &[u8],
        change: &Range<usize>,
        mut found: impl FnMut(Word, usize),
    ) {
        let near = around(text, change, self.max_rare_bytes);
        self.grams.find(&self.rare.words, &text[near.clone()], |word, at| {
            let start = near.start + at;
            if start < change.end && start + self.rare.words[word].len() > change.start {
                found(Word(word as u32), start);
            }
        });
        // Runs whose surroundings reach the change; with room to see that they are long enough.
        let first = change.start.saturating_sub(self.after + MIN_RUN);
        let last = text.len().min(change.end + self.before + MIN_RUN);
        let mut region: Option<Range<usize>> = None;
        runs::for_each(&text[first..last], |run| {
            let run = first + run.start..first + run.end;
            let mut near = run.start.saturating_sub(self.before)..last.min(run.end + self.after);
            if run.start > change.end {
                near.end = near.end.min(change.end + MAX_EVERYDAY_BYTES);
            }
            if run.end < change.start {
                near.start = near.start.max(change.start.saturating_sub(MAX_EVERYDAY_BYTES));
            }
            if near.start < near.end {
                region = Some(
                    region
                        .take()
                        .map_or(near.clone(), |r| r.start.min(near.start)..r.end.max(near.end)),
                );
            }
        });
        if let Some(region) = region {
            self.search(text, region, &mut found);
        }
    }

    fn everyday_words(&self, text: &[u8], mut found: impl FnMut(Word, usize)) {
        let mut region: Option<Range<usize>> = None;
        runs::for_each(text, |run| {
            let near = run.start.saturating_sub(self.before)..text.len().min(run.end + self.after);
            match &mut region {
                Some(r) if near.start <= r.end => r.end = near.end,
                _ => {
                    if let Some(done) = region.replace(near) {
                        self.search(text, done, &mut found);
                    }
                }
            }
        });
        if let Some(region) = region {
            self.search(text, region, &mut found);
        }
    }

    /// The everyday words in `region` of `text`.
    fn search(&self, text: &[u8], region: Range<usize>, found: &mut impl FnMut(Word, usize)) {
        let Some(automaton) = &self.automaton else { return };
        let (rare, base) = (self.rare.words.len(), region.start);
        for m in automaton.find_overlapping_iter(&text[region]) {
            found(Word((rare + m.pattern().as_usize()) as u32), base + m.start());
        }
    }
}

/// `range` and `side` bytes before and behind it, as far as `text` goes.
fn around(text: &[u8], range: &Range<usize>, side: usize) -> Range<usize> {
    range.start.saturating_sub(side)..text.len().min(range.end + side)
}

/// Whether the pattern's words are searched around runs: if it has everyday words; or short ones, unless
/// they may stand behind the run, which would widen the search for all.
fn is_everyday(pattern: &Pattern) -> bool {
    let spec = &pattern.spec;
    let short =
        |k: &String| k.len() < MAX_SHORT_BYTES || (k.len() == MAX_SHORT_BYTES && spec.run_last);
    spec.keywords.iter().any(|k| EVERYDAY.contains(&k.as_str()) || short(k))
        && spec.keywords.iter().all(|k| k.len() <= MAX_EVERYDAY_BYTES)
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
}
