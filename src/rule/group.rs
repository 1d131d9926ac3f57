//! Patterns that are searched together, because they have the same keywords and ask for the same words
//! nearby: one hit names them all, and one sieve tells which of them can match.
//!
//! Plain data: for the built-in rules the build makes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    shape,
    spec::{PatternSpec, RuleSpec},
    streak::Streak,
    text::Text,
};

/// Which rule of a `RuleSet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleIndex(pub usize);

/// One shape of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// Whose shape it is.
    pub rule: RuleIndex,
    /// As checked.
    pub spec: PatternSpec,
    /// Index into `RuleSet::groups`.
    pub group: usize,
}

/// Every shape of every rule, by rule, and the groups that they are searched in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patterns {
    /// By rule.
    pub all: Vec<Pattern>,
    /// What is searched together.
    pub groups: Vec<Group>,
}

impl Patterns {
    /// Takes the patterns of `rules` out of them.
    pub fn take(rules: &mut [RuleSpec]) -> Self {
        let of_rule = |(r, rule): (usize, &mut RuleSpec)| {
            let specs = std::mem::take(&mut rule.patterns);
            specs.into_iter().map(move |spec| Pattern { rule: RuleIndex(r), spec, group: 0 })
        };
        let mut all: Vec<Pattern> = rules.iter_mut().enumerate().flat_map(of_rule).collect();
        let groups = make(&mut all);
        Self { all, groups }
    }

    /// The first pattern of `group`, if it has any; all of them have the same keywords, the same words nearby and
    /// the same `run_last`.
    pub fn first(&self, group: &Group) -> Option<&PatternSpec> {
        group.members.first().map(|&n| &self.all[n].spec)
    }

    /// Takes out what belongs to rules that are not `kept`, and numbers the others anew. The groups stay, even
    /// without members: so the words that are searched for them are still the right ones.
    pub fn keep(&mut self, kept: &[bool]) {
        let rules = numbers(kept.iter().copied());
        let patterns = numbers(self.all.iter().map(|p| kept[p.rule.0]));
        self.all.retain(|pattern| kept[pattern.rule.0]);
        for pattern in &mut self.all {
            pattern.rule = RuleIndex(rules[pattern.rule.0].expect("the others are gone"));
        }
        for group in &mut self.groups {
            group.members = group.members.iter().filter_map(|&n| patterns[n]).collect();
            if group.members.is_empty() {
                group.streaks.clear();
            }
        }
    }

    /// Gives each of `rules` its own again.
    pub fn give_back(self, rules: &mut [RuleSpec]) {
        for pattern in self.all {
            rules[pattern.rule.0].patterns.push(pattern.spec);
        }
    }
}

/// Patterns with the same keywords and the same words nearby: see `Patterns::first` for these. Knows what else
/// holds for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Indices into `RuleSet::patterns`, ascending.
    pub members: Vec<usize>,
    /// The list of the words nearby, if they are worth a search.
    pub asks: Option<List>,
    /// The longest match, in bytes.
    pub max_bytes: usize,
    /// Within so many bytes every match has begun a keyword.
    pub lead: usize,
    /// Every match has a run of at least this many ASCII letters and digits.
    pub run: usize,
    /// As in `PatternSpec`, for a run of `shape::searched_run(run)`.
    pub run_reach: usize,
    /// Every secret has one of these.
    pub streaks: Vec<Streak>,
    /// Whether the secrets have a prefix that is worth looking for among arbitrary bytes, or are whole texts.
    pub applies_to_binary: bool,
}

/// A list of words that patterns ask for nearby.
///
/// Two lists may share a number, if there are very many: then some windows are searched in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct List(u16);

/// Of a text, the lists of which a word stands in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nearby([u64; Self::WORDS]);

impl Nearby {
    const WORDS: usize = 16;
    const LISTS: usize = 64 * Self::WORDS;

    /// Adds `lists`.
    pub fn add(&mut self, lists: &[List]) {
        for List(n) in lists {
            self.0[usize::from(n / 64)] |= 1 << (n % 64);
        }
    }

    fn has(&self, List(n): List) -> bool {
        self.0[usize::from(n / 64)] >> (n % 64) & 1 == 1
    }
}

/// What tells groups apart: keywords, words nearby, and what the prefilter must know of the run.
type Key<'p> = (&'p [Text], Option<(&'p [Text], u16)>, usize, bool, bool);

/// Puts `patterns` into groups, and tells each its own.
fn make(patterns: &mut [Pattern]) -> Vec<Group> {
    let mut homes: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (n, pattern) in patterns.iter().enumerate() {
        homes.entry(key(pattern)).or_default().push(n);
    }
    let mut lists: BTreeMap<&[Text], usize> = BTreeMap::new();
    let groups: Vec<Group> = homes
        .into_values()
        .map(|members| {
            let count = lists.len();
            let asks = match &patterns[members[0]].spec.near {
                Some(near) if near.any.iter().all(|w| w.len() >= MIN_WORD_BYTES) => {
                    let number = *lists.entry(&near.any).or_insert(count);
                    Some(List((number % Nearby::LISTS) as u16))
                }
                _ => None,
            };
            Group::of(patterns, members, asks)
        })
        .collect();
    for (n, group) in groups.iter().enumerate() {
        group.members.iter().for_each(|&m| patterns[m].group = n);
    }
    groups
}

/// A search for shorter words would hit too often to pay.
const MIN_WORD_BYTES: usize = 5;

fn key(pattern: &Pattern) -> Key<'_> {
    let spec = &pattern.spec;
    let near = spec.near.as_ref().map(|n| (n.any.as_slice(), n.lines));
    let run = shape::searched_run(spec.run);
    (&spec.keywords, near, run, spec.run_last, applies_to_binary(pattern))
}

fn applies_to_binary(pattern: &Pattern) -> bool {
    let is_whole = pattern.spec.keywords.is_empty();
    is_whole || (!pattern.spec.prefixes.is_empty() && pattern.spec.near.is_none())
}

impl Group {
    fn of(patterns: &[Pattern], members: Vec<usize>, asks: Option<List>) -> Self {
        let first = &patterns[members[0]];
        let specs = || members.iter().map(|&m| &patterns[m].spec);
        Self {
            asks,
            max_bytes: specs().map(|s| s.max_bytes).max().unwrap_or(0),
            lead: specs().map(|s| s.lead).max().unwrap_or(0),
            run: specs().map(|s| s.run).min().unwrap_or(0),
            run_reach: specs().map(|s| s.run_reach).max().unwrap_or(0),
            streaks: distinct(specs().map(|s| s.streak)),
            applies_to_binary: applies_to_binary(first),
            members,
        }
    }

    /// Whether a secret can stand in `window`, by its streaks.
    pub fn may_match(&self, window: &[u8]) -> bool {
        self.streaks.iter().any(|streak| streak.stands_in(window))
    }

    /// Whether a text in which `nearby` stands has a word that this group asks for.
    pub fn is_asked_for(&self, nearby: Nearby) -> bool {
        self.asks.is_none_or(|list| nearby.has(list))
    }
}

/// Of each that is kept, its number among these.
fn numbers(kept: impl Iterator<Item = bool>) -> Vec<Option<usize>> {
    let number = |next: &mut usize, is_kept: bool| {
        let number = is_kept.then_some(*next);
        *next += usize::from(is_kept);
        Some(number)
    };
    kept.scan(0, number).collect()
}

fn distinct(streaks: impl Iterator<Item = Streak>) -> Vec<Streak> {
    let mut distinct = Vec::new();
    for streak in streaks {
        if !distinct.contains(&streak) {
            distinct.push(streak);
        }
    }
    distinct
}
