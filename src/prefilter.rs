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

mod dense;
mod grams;
mod runs;

use std::{collections::BTreeMap, ops::Range};

use self::grams::Grams;
use crate::{
    content::decode::Seeds,
    mark,
    rule::{
        Group, Nearby, RuleSet,
        shape::{self, LONG_RUN, SEARCHED_RUN},
        text::Text,
    },
};

/// Which word of a `Prefilter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub u32);

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

/// What a word stands for.
#[derive(Debug, Default)]
pub struct Meaning {
    /// Bytes.
    pub len: usize,
    /// The groups that it is a keyword of: indices into `RuleSet::groups`.
    pub groups: Vec<u32>,
    /// What it is asked for as a word nearby.
    pub nearby: Nearby,
}

/// The words of all rules.
#[derive(Debug)]
pub struct Prefilter {
    /// By `Word`: the rare ones first, then those of each kind of run.
    meanings: Vec<Meaning>,
    /// The rare words.
    grams: Grams,
    /// The word of our own marks, which stands for no rule: one more among the rare ones costs nothing.
    mark: Word,
    around_runs: [AroundRuns; 2],
    whole: Whole,
}

/// Texts that may be nothing but a secret: patterns for these have no keyword.
#[derive(Debug)]
struct Whole {
    /// What stands at the beginning of such a text.
    word: Word,
    /// Longer texts are none.
    max_bytes: Option<usize>,
}

/// Words that are searched around runs.
#[derive(Debug)]
struct AroundRuns {
    /// Shorter runs don't count.
    run: usize,
    /// The `Word` of the first of its words.
    first: usize,
    grams: Grams,
    /// How far before and behind a run the word can be.
    before: usize,
    after: usize,
}

/// Words that source code is full of: worth a search of their own, as are short ones: of four bytes or less the
/// grams say little.
const EVERYDAY: [&str; 12] = [
    "key", "token", "secret", "auth", "pass", "sign", "salt", "hash", "cred", "session", "cookie",
    "value",
];
const MAX_SHORT_BYTES: usize = 4;
/// Of longer words the beginning is searched: the less is looked at around a change, and windows get
/// wider only by what is missing.
const MAX_WORD_BYTES: usize = 16;

/// How a group's words are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Everywhere,
    /// Index into `Prefilter::around_runs`.
    Runs(usize),
}

impl Prefilter {
    /// For the rules of `set`.
    pub fn new(set: &RuleSet) -> Self {
        let ways: Vec<Way> = set.groups().iter().map(way_of).collect();
        let of_way = |way: Way| {
            let groups = (0..).zip(set.groups()).zip(&ways);
            groups.filter(move |(_, own)| **own == way).map(|(numbered, _)| numbered)
        };
        let mut rare = meanings(of_way(Way::Everywhere));
        for group in set.groups() {
            for word in
                group.near.iter().flat_map(|n| &n.any).filter(|_| group.asks != Nearby::default())
            {
                entry(&mut rare, word).nearby.add(group.asks);
            }
        }
        entry(&mut rare, mark::OWN);
        let (rare, mut all): (Vec<String>, Vec<Meaning>) = rare.into_iter().unzip();
        let mark = rare.binary_search_by(|w| w.as_str().cmp(mark::OWN)).expect("it was entered");
        let around_runs = [SEARCHED_RUN, LONG_RUN].into_iter().enumerate().map(|(n, run)| {
            let (words, meanings): (Vec<String>, Vec<Meaning>) =
                meanings(of_way(Way::Runs(n))).into_iter().unzip();
            let groups = || of_way(Way::Runs(n)).map(|(_, g)| g);
            let reach = |g: &Group| g.run_reach - run;
            let searched = AroundRuns {
                run,
                first: all.len(),
                grams: Grams::new(words),
                before: groups().map(reach).max().unwrap_or(0),
                after: groups().filter(|g| !g.run_last).map(reach).max().unwrap_or(0),
            };
            all.extend(meanings);
            searched
        });
        let around_runs: Vec<AroundRuns> = around_runs.collect();
        let around_runs = around_runs.try_into().expect("there are two kinds of runs");
        let wordless = || (0..).zip(set.groups()).filter(|(_, g)| g.keywords.is_empty());
        let whole = Whole {
            word: Word(all.len() as u32),
            max_bytes: wordless().map(|(_, g)| g.max_bytes).max(),
        };
        all.push(Meaning { groups: wordless().map(|(n, _)| n).collect(), ..Meaning::default() });
        let (mark, grams) = (Word(mark as u32), Grams::new(rare));
        Self { grams, mark, around_runs, whole, meanings: all }
    }

    /// Every keyword in `text` that a pattern could match around, in no particular order; and what stands in it
    /// that patterns ask for nearby.
    pub fn hits(&self, text: &[u8], mut found: impl FnMut(Hit)) -> Nearby {
        let mut nearby = Nearby::default();
        let word = |word, start| {
            let meaning = self.meaning(word);
            nearby.add(meaning.nearby);
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
                if start < change.end && start + self.grams.words()[word].len() > change.start {
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
            if region.start <= start && start + self.grams.words()[word].len() <= region.end {
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

/// The words of `groups`, and what they stand for.
fn meanings<'g>(groups: impl Iterator<Item = (u32, &'g Group)>) -> BTreeMap<String, Meaning> {
    let mut all = BTreeMap::new();
    for (n, group) in groups {
        for word in &group.keywords {
            let groups = &mut entry(&mut all, word).groups;
            if groups.last() != Some(&n) {
                groups.push(n);
            }
        }
    }
    all
}

fn entry<'m>(all: &'m mut BTreeMap<String, Meaning>, word: &str) -> &'m mut Meaning {
    let mut word = word.to_ascii_lowercase();
    word.truncate(word.floor_char_boundary(MAX_WORD_BYTES));
    let len = word.len();
    let meaning = all.entry(word).or_default();
    meaning.len = len;
    meaning
}

/// `range` and so many bytes before and behind it, as far as `text` goes.
fn around(text: &[u8], range: &Range<usize>, (before, after): (usize, usize)) -> Range<usize> {
    range.start.saturating_sub(before)..text.len().min(range.end + after)
}

/// Words are searched around runs if the group has everyday words or short ones, unless they may stand behind
/// the run, which would widen the search for all.
fn way_of(group: &Group) -> Way {
    /// So near to a long run that looking there costs nothing, whatever the word is.
    const NEAR_BYTES: usize = 128;
    /// Every pair of bytes is everywhere.
    const PAIR_BYTES: usize = 2;
    let is_short = |k: &Text| k.len() <= MAX_SHORT_BYTES;
    let is_everyday = |k: &Text| EVERYDAY.contains(&k.as_str()) || k.len() <= PAIR_BYTES;
    let any = |is: &dyn Fn(&Text) -> bool| group.keywords.iter().any(is);
    match shape::searched_run(group.run) {
        LONG_RUN if group.run_last || any(&is_everyday) => Way::Runs(1),
        LONG_RUN if group.run_reach <= NEAR_BYTES && any(&is_short) => Way::Runs(1),
        SEARCHED_RUN if any(&is_everyday) || (group.run_last && any(&is_short)) => Way::Runs(0),
        _ => Way::Everywhere,
    }
}
