//! Which rules are worth running on a text, and where: every keyword that a match could stand around.
//!
//! Two searches, each for what it is fast at:
//!
//! - **Grams.** Rare words (a provider's name, a prefix) are found by four of their bytes: a bitmap of
//!   hashed grams answers for every second position of the text, and nearly always says no.
//! - **Runs.** Everyday words (`key`, `token`) would hit on every page. Where the pattern's regex
//!   guarantees a run of letters and digits, the runs are found first, by jumping from one place
//!   that could be the end of a run to the next, and the words are searched only around them. Around
//!   long runs, which are rare, that goes for more words than around others.
//!
//! Which search a pattern uses changes no result: both find every keyword of every possible match.
//! Words that patterns ask for nearby are searched like rare ones. A pattern for a text that is nothing but
//! the secret has no keyword; it is run on texts that are as short.

mod dense;
mod grams;
mod runs;

use std::{collections::BTreeMap, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use self::grams::Grams;
pub use self::runs::has_run;
use crate::{
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
    /// By `Word`: those of the grams first, then those of each kind of run.
    meanings: Vec<Meaning>,
    rare: Vec<String>,
    /// The word of our own marks, which stands for no rule: one more among the rare ones costs nothing.
    mark: Word,
    grams: Grams,
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
    /// The `Word` of the automaton's first.
    first: usize,
    automaton: Option<AhoCorasick>,
    /// How far before and behind a run the word can be.
    before: usize,
    after: usize,
}

/// Words that source code is full of: worth a search of their own, as are words of three bytes or less.
const EVERYDAY: [&str; 12] = [
    "key", "token", "secret", "auth", "pass", "sign", "salt", "hash", "cred", "session", "cookie",
    "value",
];
const MAX_SHORT_BYTES: usize = 3;
/// Of longer words the beginning is searched: the less is looked at around a change, and windows get
/// wider only by what is missing.
const MAX_WORD_BYTES: usize = 16;

/// How a group's words are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Grams,
    /// Index into `Prefilter::around_runs`.
    Runs(usize),
}

impl Prefilter {
    /// For the rules of `set`.
    ///
    /// # Panics
    ///
    /// If the keywords exceed the automaton's limits, which takes millions of them.
    pub fn new(set: &RuleSet) -> Self {
        let ways: Vec<Way> = set.groups().iter().map(way_of).collect();
        let of_way = |way: Way| {
            let groups = (0..).zip(set.groups()).zip(&ways);
            groups.filter(move |(_, own)| **own == way).map(|(numbered, _)| numbered)
        };
        let mut rare = meanings(of_way(Way::Grams));
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
                automaton: (!words.is_empty()).then(|| automaton(&words, run)),
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
        let (mark, grams) = (Word(mark as u32), Grams::new(&rare));
        Self { grams, rare, mark, around_runs, whole, meanings: all }
    }

    /// Every keyword in `text` that a pattern could match around, in no particular order; every place where
    /// decoding may pay, as `seeds` finds them; and what stands in it that patterns ask for nearby.
    pub fn hits(
        &self,
        text: &[u8],
        mut found: impl FnMut(Hit),
        seed: impl FnMut(Range<usize>),
    ) -> Nearby {
        let mut nearby = Nearby::default();
        let word = |word, start| {
            let meaning = self.meaning(word);
            nearby.add(meaning.nearby);
            meaning.hits(start).for_each(&mut found);
        };
        self.words(text, word, seed);
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

    /// As `hits`, but each word once, and not once for each of its groups: the word and its first byte.
    pub fn words(
        &self,
        text: &[u8],
        mut found: impl FnMut(Word, usize),
        seed: impl FnMut(Range<usize>),
    ) {
        self.whole.find(text, &mut found);
        let everywhere = 0..text.len();
        self.grams.find(&self.rare, text, everywhere, |w, at| found(Word(w as u32), at));
        let mut regions = [const { None }; 2];
        dense::for_each(text, 0..text.len(), seed, |run| {
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
            self.grams.find(&self.rare, text, near, |word, start| {
                if start < change.end && start + self.rare[word].len() > change.start {
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
        let (Some(region), Some(automaton)) = (region, &self.automaton) else { return };
        let base = region.start;
        for m in automaton.find_overlapping_iter(&text[region]) {
            found(Word((self.first + m.pattern().as_usize()) as u32), base + m.start());
        }
    }
}

impl Meaning {
    /// A hit for each group, if the word stands at `start`.
    pub fn hits(&self, start: usize) -> impl Iterator<Item = Hit> + Clone + '_ {
        self.groups.iter().map(move |&group| Hit { group, start, end: start + self.len })
    }
}

/// Places where decoding may pay, as far as they lie in `view` or reach into it: runs of letters and digits,
/// and stretches of `text` that are full of escapes. In no particular order.
pub fn seeds(text: &[u8], view: Range<usize>) -> Vec<Range<usize>> {
    let mut seeds = Vec::new();
    dense::for_each(text, view, |seed| seeds.push(seed), |_| ());
    seeds
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

fn automaton(words: &[String], run: usize) -> AhoCorasick {
    // A DFA of the many words around long runs takes longer to make than a short scan to search.
    let kind = if run == LONG_RUN { AhoCorasickKind::ContiguousNFA } else { AhoCorasickKind::DFA };
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(kind))
        .build(words)
        .expect("a few dozen short words are within the automaton's limits")
}

/// `range` and so many bytes before and behind it, as far as `text` goes.
fn around(text: &[u8], range: &Range<usize>, (before, after): (usize, usize)) -> Range<usize> {
    range.start.saturating_sub(before)..text.len().min(range.end + after)
}

/// Words are searched around runs if the group has everyday words; or short ones, unless they may stand
/// behind the run, which would widen the search for all.
fn way_of(group: &Group) -> Way {
    let (kind, max_short) = match shape::searched_run(group.run) {
        // Long runs are so rare that looking around them costs nothing, whatever the word is.
        LONG_RUN => (1, usize::MAX),
        SEARCHED_RUN => (0, MAX_SHORT_BYTES),
        _ => return Way::Grams,
    };
    let is_short = |k: &str| k.len() < MAX_SHORT_BYTES || (group.run_last && k.len() <= max_short);
    let is_everyday = |k: &Text| EVERYDAY.contains(&k.as_str()) || is_short(k);
    if group.keywords.iter().any(is_everyday) { Way::Runs(kind) } else { Way::Grams }
}
