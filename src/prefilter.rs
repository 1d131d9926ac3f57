//! Which rules are worth running on a text, and where: every keyword that a match could stand around.
//!
//! Words are found by four of their bytes (`grams`): a bitmap answers for every second position of the text,
//! and nearly always says no. But everyday words (`key`, `token`) would hit on every page, and of a short
//! word four bytes say little. Where a pattern's regex guarantees a run of letters and digits, the runs are
//! found first (`runs`), sixty-four bytes at a time, and such words are searched only around them. Around long
//! runs, which are rare, that goes for all words.
//!
//! Where a pattern's words are searched changes no result: every keyword of every possible match is found.
//! Words that patterns ask for nearby are searched like rare ones. A pattern for a text that is nothing but
//! the secret has no keyword; it is run on texts that are as short.

mod common;
mod dense;
mod grams;
mod rows;
mod runs;
mod words;

use std::ops::Range;

use self::words::{AroundRuns, MAX_WORD_BYTES, Whole};
pub use self::words::{Meaning, Prefilter, Word};
use crate::{
    content::decode::Seeds,
    rule::{Nearby, RuleSet},
};

static BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/words.bin"));

/// A keyword of a group of patterns, or the beginning of a long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Index into `RuleSet::groups`.
    pub group: u32,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Prefilter {
    /// For the rules of `set`.
    ///
    /// # Panics
    ///
    /// If the binary was built wrongly.
    pub fn new(set: &RuleSet) -> Self {
        if set.has_builtin_groups() {
            postcard::from_bytes(BUILTIN).expect("build.rs wrote this blob from the same types")
        } else {
            Self::of(set.searched())
        }
    }

    /// Every keyword in `text` that a pattern could match around, in no particular order; and what stands in it
    /// that patterns ask for nearby.
    pub fn hits(&self, text: &[u8], mut found: impl FnMut(Hit)) -> Nearby {
        let mut nearby = Nearby::default();
        let word = |word, start| {
            let meaning = self.meaning(word);
            nearby.add(&meaning.nearby);
            meaning.hits(start).for_each(&mut found);
        };
        self.words(text, word, &mut Seeds::default());
        nearby
    }

    /// The word that our own marks begin with; a keyword of no rule.
    pub fn mark(&self) -> Word {
        self.mark
    }

    /// What `word` stands for.
    ///
    /// # Panics
    ///
    /// If `word` comes from another `Prefilter`.
    pub fn meaning(&self, Word(word): Word) -> &Meaning {
        &self.meanings[word as usize]
    }

    /// As `hits`, but each word once, and not once for each of its groups: the word and its first byte. Adds to
    /// `seeds` the places where decoding may pay, as `add_seeds` does.
    pub fn words(&self, text: &[u8], mut found: impl FnMut(Word, usize), seeds: &mut Seeds) {
        self.whole.find(text, &mut found);
        let everywhere = 0..text.len();
        self.grams.find(text, everywhere, |w, at| found(Word(w as u32), at));
        let mut regions = [const { None }; 2];
        dense::for_each(text, 0..text.len(), seeds, |run| {
            for (kind, region) in self.around_runs.iter().zip(&mut regions) {
                if run.len() >= kind.run {
                    kind.search_around(text, kind.around(run, text.len()), region, &mut found);
                }
            }
        });
        for (kind, region) in self.around_runs.iter().zip(regions) {
            kind.search(text, region, &mut found);
        }
    }

    /// The words of `text` that matches which touch one of `changes` need, beyond those that the bytes
    /// between the changes have by themselves. May find a word more than once.
    ///
    /// These are words that touch it; everyday words around a run that touches it; and everyday words
    /// on one side of it for a run on the other.
    pub fn words_around<'c>(
        &self,
        text: &[u8],
        changes: impl Iterator<Item = &'c Range<usize>>,
        mut found: impl FnMut(Word, usize),
    ) {
        self.whole.find(text, &mut found);
        let left = self.around_runs.iter().map(|k| k.after + k.run).max().unwrap_or(0);
        let right = self.around_runs.iter().map(|k| k.before + k.run).max().unwrap_or(0);
        let mut regions = [const { None }; 2];
        for change in changes {
            let near = around(text, change, (MAX_WORD_BYTES, MAX_WORD_BYTES));
            self.grams.find(text, near, |word, start| {
                if start < change.end && start + self.grams.reach(word) > change.start {
                    found(Word(word as u32), start);
                }
            });
            // Runs whose surroundings reach the change; with room to see that they are long enough.
            let view = around(text, change, (left, right));
            runs::for_each(
                &text[view.clone()],
                |_, _| (),
                |run| {
                    let run = view.start + run.start..view.start + run.end;
                    for (kind, region) in self.around_runs.iter().zip(&mut regions) {
                        if run.len() >= kind.run {
                            let mut near = kind.around(&run, view.end);
                            if run.start > change.end {
                                near.end = near.end.min(change.end + MAX_WORD_BYTES);
                            }
                            if run.end < change.start {
                                near.start =
                                    near.start.max(change.start.saturating_sub(MAX_WORD_BYTES));
                            }
                            kind.search_around(text, near, region, &mut found);
                        }
                    }
                },
            );
        }
        for (kind, region) in self.around_runs.iter().zip(regions) {
            kind.search(text, region, &mut found);
        }
    }
}

impl Whole {
    fn find(&self, text: &[u8], found: &mut impl FnMut(Word, usize)) {
        if self.max_bytes.is_some_and(|max| text.len() <= max) {
            found(self.word, 0);
        }
    }
}

impl AroundRuns {
    /// Where the words of `run` can stand, up to byte `end` of a text.
    fn around(&self, run: &Range<usize>, end: usize) -> Range<usize> {
        run.start.saturating_sub(self.before)..end.min(run.end + self.after)
    }

    /// Makes `near` a part of `region`; or searches `region`, if they are apart, and goes on with `near`.
    fn search_around(
        &self,
        text: &[u8],
        near: Range<usize>,
        region: &mut Option<Range<usize>>,
        found: &mut impl FnMut(Word, usize),
    ) {
        if near.start >= near.end {
            return;
        }
        match region {
            Some(r) if near.start <= r.end && r.start <= near.end => {
                *r = r.start.min(near.start)..r.end.max(near.end);
            }
            _ => self.search(text, region.replace(near), found),
        }
    }

    /// Finds the words in `region`.
    fn search(
        &self,
        text: &[u8],
        region: Option<Range<usize>>,
        found: &mut impl FnMut(Word, usize),
    ) {
        let Some(region) = region else { return };
        self.grams.find(text, region.clone(), |word, start| {
            if region.start <= start && start + self.grams.len(word) <= region.end {
                found(Word((self.first + word) as u32), start);
            }
        });
    }
}

impl Meaning {
    /// A hit for each group, if the word stands at `start`.
    pub fn hits(&self, start: usize) -> impl Iterator<Item = Hit> + Clone + '_ {
        self.groups.iter().map(move |&group| Hit { group, start, end: start + self.len })
    }
}

/// Adds to `seeds` the places where decoding may pay, as far as they lie in `view` or reach into it: runs of
/// letters and digits, and stretches of `text` that are full of escapes.
pub fn add_seeds(text: &[u8], view: Range<usize>, seeds: &mut Seeds) {
    dense::for_each(text, view, seeds, |_| ());
}

/// `range` and so many bytes before and behind it, as far as `text` goes.
fn around(text: &[u8], range: &Range<usize>, (before, after): (usize, usize)) -> Range<usize> {
    range.start.saturating_sub(before)..text.len().min(range.end + after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::load;

    #[test]
    fn the_words_that_the_build_found_are_those_that_a_run_finds() {
        let ready = Prefilter::new(&RuleSet::builtin());
        let made = Prefilter::new(&RuleSet::new(load::builtin()));
        assert!(ready == made, "a difference of megabytes says nothing");
    }
}
