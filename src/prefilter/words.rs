//! Which words are searched for the patterns of a set of rules, where, and what each stands for.
//!
//! Plain data: for the built-in rules the build makes it, because making it takes longer than scanning a small
//! file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    common::Common,
    grams::{Grams, Sought},
};
use crate::{
    mark,
    rule::{
        Group, List, PatternSpec, Patterns,
        bytes::ByteSet,
        lead::MAX_SHORT_BYTES,
        shape::{self, LONG_RUN, SEARCHED_RUN},
        text::Text,
    },
};

/// Which word of a `Prefilter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Word(pub u32);

/// What a word stands for.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    /// Bytes.
    pub len: usize,
    /// The groups that it is a keyword of: indices into `RuleSet::groups`.
    pub groups: Vec<u32>,
    /// The lists that it is in, as a word that is asked for nearby.
    pub nearby: Vec<List>,
}

/// The words of all rules.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefilter {
    /// By `Word`: the rare ones first, then those of each kind of run.
    pub(super) meanings: Vec<Meaning>,
    /// The rare words.
    pub(super) grams: Grams,
    /// The word of our own marks, which stands for no rule: one more among the rare ones costs nothing.
    pub(super) mark: Word,
    pub(super) around_runs: [AroundRuns; 2],
    pub(super) whole: Whole,
}

/// Texts that may be nothing but a secret: patterns for these have no keyword.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whole {
    /// What stands at the beginning of such a text.
    pub(super) word: Word,
    /// Longer texts are none.
    pub(super) max_bytes: Option<usize>,
}

/// Words that are searched around runs.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AroundRuns {
    /// Shorter runs don't count.
    pub(super) run: usize,
    /// The `Word` of the first of its words.
    pub(super) first: usize,
    pub(super) grams: Grams,
    /// How far before and behind a run the word can be.
    pub(super) before: usize,
    pub(super) after: usize,
}

/// Words that source code is full of: worth a search of their own, as are short ones, of which the grams say little.
const EVERYDAY: [&str; 12] = [
    "key", "token", "secret", "auth", "pass", "sign", "salt", "hash", "cred", "session", "cookie",
    "value",
];
/// Of longer words the beginning is searched: the less is looked at around a change, and windows get
/// wider only by what is missing.
pub(super) const MAX_WORD_BYTES: usize = 16;

/// How a group's words are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Everywhere,
    /// Index into `Prefilter::around_runs`.
    Runs(usize),
}

/// A word that is going to be searched.
#[derive(Default)]
struct Entered {
    meaning: Meaning,
    /// What may stand behind it.
    followers: ByteSet,
}

/// A group that asks for words.
struct Asking<'p> {
    /// Index into `RuleSet::groups`.
    n: u32,
    group: &'p Group,
    /// Its patterns.
    members: Vec<&'p PatternSpec>,
    /// Says what words these are.
    first: &'p PatternSpec,
}

impl Prefilter {
    /// For `patterns`.
    pub fn of<'p>(patterns: &'p Patterns) -> Self {
        let numbered = (0..).zip(&patterns.groups);
        let asking = |(n, group): (u32, &'p Group)| {
            let members = group.members.iter().map(|&m| &patterns.all[m].spec).collect();
            Some(Asking { n, group, members, first: patterns.first(group)? })
        };
        let all: Vec<Asking<'_>> = numbered.filter_map(asking).collect();
        let ways: Vec<Way> = all.iter().map(way_of).collect();
        let of_way = |way: Way| {
            let of_each = all.iter().zip(&ways);
            of_each.filter(move |(_, own)| **own == way).map(|(asking, _)| asking)
        };
        let mut rare = meanings(of_way(Way::Everywhere));
        for Asking { group, first, .. } in &all {
            let (Some(list), Some(near)) = (group.asks, &first.near) else { continue };
            for word in &near.any {
                let lists = &mut entry(&mut rare, word, None).nearby;
                if !lists.contains(&list) {
                    lists.push(list);
                }
            }
        }
        entry(&mut rare, mark::OWN, None);
        let mark = rare.keys().position(|word| word == mark::OWN).expect("it was entered");
        let (rare, mut known) = sought(rare);
        let common = Common::new();
        let around_runs = [SEARCHED_RUN, LONG_RUN].into_iter().enumerate().map(|(n, run)| {
            let (words, meanings) = sought(meanings(of_way(Way::Runs(n))));
            let asking = || of_way(Way::Runs(n));
            let reach = |a: &Asking<'_>| a.group.run_reach - run;
            let searched = AroundRuns {
                run,
                first: known.len(),
                grams: Grams::new(words, &common),
                before: asking().map(reach).max().unwrap_or(0),
                after: asking().filter(|a| !a.first.run_last).map(reach).max().unwrap_or(0),
            };
            known.extend(meanings);
            searched
        });
        let around_runs: Vec<AroundRuns> = around_runs.collect();
        let around_runs = around_runs.try_into().expect("there are two kinds of runs");
        let wordless = || all.iter().filter(|a| a.first.keywords.is_empty());
        let whole = Whole {
            word: Word(known.len() as u32),
            max_bytes: wordless().map(|a| a.group.max_bytes).max(),
        };
        known.push(Meaning { groups: wordless().map(|a| a.n).collect(), ..Meaning::default() });
        let (mark, grams) = (Word(mark as u32), Grams::new(rare, &common));
        Self { grams, mark, around_runs, whole, meanings: known }
    }
}

/// The keywords of `groups`, and what they stand for.
fn meanings<'p>(groups: impl Iterator<Item = &'p Asking<'p>>) -> BTreeMap<String, Entered> {
    let mut all = BTreeMap::new();
    for Asking { n, members, first, .. } in groups {
        for (k, word) in first.keywords.iter().enumerate() {
            for member in members {
                let followers = member.followers.get(k).copied().flatten();
                let groups = &mut entry(&mut all, word, followers).groups;
                if groups.last() != Some(n) {
                    groups.push(*n);
                }
            }
        }
    }
    all
}

/// What `word`, which may stand in front of `followers` or else of anything, stands for.
fn entry<'m>(
    all: &'m mut BTreeMap<String, Entered>,
    word: &str,
    followers: Option<ByteSet>,
) -> &'m mut Meaning {
    let mut word = word.to_ascii_lowercase();
    word.truncate(word.floor_char_boundary(MAX_WORD_BYTES));
    let len = word.len();
    let entered = all.entry(word).or_default();
    entered.followers = entered.followers.or(followers.unwrap_or(ByteSet::ALL));
    entered.meaning.len = len;
    &mut entered.meaning
}

/// What is searched, in order, and what it stands for.
fn sought(entered: BTreeMap<String, Entered>) -> (Vec<Sought>, Vec<Meaning>) {
    let all = entered.into_iter();
    all.map(|(word, Entered { meaning, followers })| {
        let followers = (followers != ByteSet::ALL).then_some(followers);
        (Sought { word: word.into(), followers }, meaning)
    })
    .unzip()
}

/// Words are searched around runs if the group has everyday words or short ones, unless they may stand behind
/// the run, which would widen the search for all.
fn way_of(Asking { group, first, .. }: &Asking<'_>) -> Way {
    /// So near to a long run that looking there costs nothing, whatever the word is.
    const NEAR_BYTES: usize = 128;
    /// Every pair of bytes is everywhere.
    const PAIR_BYTES: usize = 2;
    let is_short = |k: &Text| k.len() <= MAX_SHORT_BYTES;
    let is_everyday = |k: &Text| EVERYDAY.contains(&k.as_str()) || k.len() <= PAIR_BYTES;
    let any = |is: &dyn Fn(&Text) -> bool| first.keywords.iter().any(is);
    match shape::searched_run(group.run) {
        LONG_RUN if first.run_last || any(&is_everyday) => Way::Runs(1),
        LONG_RUN if group.run_reach <= NEAR_BYTES && any(&is_short) => Way::Runs(1),
        SEARCHED_RUN if any(&is_everyday) || (first.run_last && any(&is_short)) => Way::Runs(0),
        _ => Way::Everywhere,
    }
}
