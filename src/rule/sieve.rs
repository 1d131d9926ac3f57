//! Automata that tell whether regexes can match, and no more than that, at a fraction of the price.
//!
//! An automaton that is built as it runs has a state for each set of places in its regexes that a text can bring
//! it to. Three things keep these few:
//!
//! - A sieve does not count how much there may be of something, only how much there must be: `[a-z_]{0,64}` in
//!   front of `[a-z]{12}` has thousands of states, `[a-z_]*` has one.
//! - Regexes are cut behind the name that they begin with. Where a name stands, what must follow it is asked for at
//!   this place and no other, and most often the next byte says no.
//! - Regexes that begin alike share the search for the name.

use std::{
    collections::BTreeSet,
    ops::Range,
    panic::{RefUnwindSafe, UnwindSafe},
};

use regex_automata::{
    Anchored, Input, MatchKind, PatternSet,
    hybrid::dfa::{Cache, DFA, OverlappingState},
    nfa::thompson::{self, WhichCaptures},
    util::pool::Pool,
};
use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

use super::{bytes::ByteSet, shape};

/// Repetitions that allow so many more than they need are counted.
const FEW: u32 = 4;

/// A name has so many bytes that are known up to their case.
const NAME_BYTES: usize = 3;

/// A sieve for some regexes.
#[derive(Debug)]
pub(super) struct Sieve {
    /// What the regexes begin with.
    heads: Automaton,
    /// The longest one, in bytes.
    head_bytes: usize,
    /// For each head, how they go on.
    rests: Vec<Rest>,
    /// The longest match, in bytes.
    max_bytes: usize,
}

/// How the regexes with the same head go on.
#[derive(Debug)]
struct Rest {
    automaton: Automaton,
    /// Which of the regexes each of its patterns is.
    regexes: Vec<usize>,
}

impl Sieve {
    /// For `regexes`, which parse, and match at most `max_bytes`. `None` if together they are too large.
    pub(super) fn new<'r>(
        regexes: impl Iterator<Item = &'r str>,
        max_bytes: usize,
    ) -> Option<Self> {
        let (mut heads, mut rests) = (Vec::new(), Vec::<(Vec<Hir>, Vec<usize>)>::new());
        let mut head_bytes = 0;
        for (n, regex) in regexes.enumerate() {
            let (head, rest) = cut(shape::parse(regex).ok()?);
            head_bytes = head_bytes.max(head.properties().maximum_len().unwrap_or(max_bytes));
            let head = widened(head);
            let same = heads.iter().position(|known| *known == head).unwrap_or_else(|| {
                heads.push(head);
                rests.push(Default::default());
                rests.len() - 1
            });
            rests[same].0.push(widened(rest));
            rests[same].1.push(n);
        }
        let rests = rests
            .into_iter()
            .map(|(hirs, regexes)| Some(Rest { automaton: Automaton::new(&hirs)?, regexes }));
        Some(Self {
            heads: Automaton::new(&heads)?,
            head_bytes,
            rests: rests.collect::<Option<_>>()?,
            max_bytes,
        })
    }

    /// Those of the regexes, by number, that can match in `within` and begin at byte `last` or before. There may be
    /// some that cannot.
    pub(super) fn possible(
        &self,
        text: &[u8],
        within: Range<usize>,
        last: usize,
    ) -> BTreeSet<usize> {
        let mut possible = BTreeSet::new();
        // Where names stand so close that each byte would be looked at over and over, the regexes
        // themselves are faster.
        let mut looks = LOOKS * (within.len() + self.max_bytes);
        let heads = within.start..within.end.min(last + self.head_bytes);
        self.heads.each_match(text, heads, |head, end| {
            let Rest { automaton, regexes } = &self.rests[head];
            let range = end..within.end.min(end + self.max_bytes);
            looks = looks.saturating_sub(range.len());
            if looks == 0 {
                possible = self.rests.iter().flat_map(|rest| &rest.regexes).copied().collect();
            } else if !regexes.iter().all(|n| possible.contains(n)) {
                automaton.matches_at_start(text, range, |n| {
                    possible.insert(regexes[n]);
                });
            }
            looks > 0
        });
        possible
    }
}

/// How often each byte of a text may be looked at, on the average.
const LOOKS: usize = 64;

/// Some regexes as one automaton.
#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    caches: Pool<Cache, MakeCache>,
}

/// No byte and no number of states is a reason to.
const NEVER_STOPS: &str = "the search runs to its end";

type MakeCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

impl Automaton {
    /// `None` if it would be too large.
    fn new(regexes: &[Hir]) -> Option<Self> {
        let compiler = thompson::Config::new()
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(super::NFA_BYTES))
            .utf8(false);
        let nfa =
            thompson::Compiler::new().configure(compiler).build_many_from_hir(regexes).ok()?;
        // All that can match, and not the first of them.
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .cache_capacity(8 << 20)
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let own = dfa.clone();
        Some(Self { dfa, caches: Pool::new(Box::new(move || own.create_cache())) })
    }

    /// Calls `found` with the number of each regex that matches in `within` and the end of the match, until it says
    /// `false`.
    fn each_match(
        &self,
        text: &[u8],
        within: Range<usize>,
        mut found: impl FnMut(usize, usize) -> bool,
    ) {
        let (mut cache, mut state) = (self.caches.get(), OverlappingState::start());
        let input = Input::new(text).range(within);
        // Most often there is none, and this search is the quicker one.
        let first = self.dfa.try_search_fwd(&mut cache, &input.clone().earliest(true));
        if first.expect(NEVER_STOPS).is_none() {
            return;
        }
        loop {
            self.dfa.try_search_overlapping_fwd(&mut cache, &input, &mut state).expect(NEVER_STOPS);
            let Some(end) = state.get_match() else { return };
            if !found(end.pattern().as_usize(), end.offset()) {
                return;
            }
        }
    }

    /// Calls `found` with the number of each regex that matches where `within` begins.
    fn matches_at_start(&self, text: &[u8], within: Range<usize>, found: impl FnMut(usize)) {
        let input = Input::new(text).range(within).anchored(Anchored::Yes);
        let mut cache = self.caches.get();
        let first =
            self.dfa.try_search_fwd(&mut cache, &input.clone().earliest(true)).expect(NEVER_STOPS);
        if first.is_some() {
            let mut matches = PatternSet::new(self.dfa.pattern_len());
            self.dfa
                .try_which_overlapping_matches(&mut cache, &input, &mut matches)
                .expect(NEVER_STOPS);
            matches.iter().map(|pattern| pattern.as_usize()).for_each(found);
        }
    }
}

/// What `hir` begins with, up to the end of a name, and the rest. Without a name, all of it is the head.
fn cut(hir: Hir) -> (Hir, Hir) {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    let known = parts.iter().scan(0, |known, part| {
        *known += name_bytes(part);
        Some(*known)
    });
    let before = known.take_while(|known| *known < NAME_BYTES).count();
    let rest = parts.split_off(parts.len().min(before + 1));
    (Hir::concat(parts), Hir::concat(rest))
}

/// Adds the parts that `hir` is a concatenation of to `parts`.
fn flatten(hir: Hir, parts: &mut Vec<Hir>) {
    if !matches!(hir.kind(), HirKind::Capture(_) | HirKind::Concat(_)) {
        parts.push(hir);
        return;
    }
    let kind = hir.into_kind();
    if let HirKind::Capture(Capture { sub, .. }) = kind {
        flatten(*sub, parts);
    } else if let HirKind::Concat(all) = kind {
        all.into_iter().for_each(|part| flatten(part, parts));
    }
}

/// How many bytes of every match of `hir` are known up to their case.
fn name_bytes(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len(),
        // A letter in both cases.
        HirKind::Class(class) => usize::from(ByteSet::of_class(class).count() <= 2),
        HirKind::Repetition(r) => name_bytes(&r.sub) * r.min as usize,
        HirKind::Capture(c) => name_bytes(&c.sub),
        HirKind::Concat(parts) => parts.iter().map(name_bytes).sum(),
        HirKind::Alternation(parts) => parts.iter().map(name_bytes).min().unwrap_or(0),
    }
}

/// A regex that matches somewhere in every text in which `hir` does.
fn widened(hir: Hir) -> Hir {
    let properties = hir.properties();
    let is_few = |(max, min): (usize, usize)| max - min <= FEW as usize;
    if properties.explicit_captures_len() == 0
        && properties.maximum_len().zip(properties.minimum_len()).is_some_and(is_few)
    {
        // Nothing in it is counted far, and putting parts together again costs more than looking.
        return hir;
    }
    match hir.into_kind() {
        HirKind::Capture(Capture { sub, .. }) => widened(*sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(widened).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(widened).collect()),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let max = max.filter(|max| max - min <= FEW);
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(widened(*sub)) })
        }
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(possible: BTreeSet<usize>) -> Vec<usize> {
        possible.into_iter().collect()
    }

    fn possible(regexes: &[&str], text: &str) -> Vec<usize> {
        let sieve = Sieve::new(regexes.iter().copied(), 64).expect("they are small");
        numbers(sieve.possible(text.as_bytes(), 0..text.len(), text.len()))
    }

    #[test]
    fn what_a_match_needs_is_asked_for_and_nothing_else() {
        let regexes = [r"key[a-z_]{0,9}=(?<secret>[0-9a-f]{8,20})\b", r"token.{3,5}end", "[^a]b"];
        assert_eq!(possible(&regexes, "key_of_a_very_long_name=0123456789abcdef0123456789"), [0]);
        assert_eq!(possible(&regexes, "key=0123456"), [0; 0]);
        assert_eq!(possible(&regexes, "key=01234567g"), [0; 0]);
        assert_eq!(possible(&regexes, "token12end"), [0; 0]);
        assert_eq!(possible(&regexes, "token123456end"), [0; 0]);
        assert_eq!(possible(&regexes, "token12345end cb key=01234567"), [0, 1, 2]);
    }

    #[test]
    fn names_are_looked_for_where_a_match_can_begin() {
        let sieve = Sieve::new([r"key=[0-9]{4}", "to[a-z]{1,3}=[0-9]"].into_iter(), 9).unwrap();
        let text = b"key=1234 token=5";
        let possible = |within, last| numbers(sieve.possible(text, within, last));
        assert_eq!(possible(0..text.len(), 1), [0]);
        assert_eq!(possible(0..text.len(), 9), [0, 1]);
        assert_eq!(possible(4..text.len(), 9), [1]);
        assert_eq!(possible(0..7, 7), [0; 0]);
    }

    #[test]
    fn where_names_are_crowded_all_is_possible() {
        let sieve = Sieve::new([r"key=[0-9a-z=]{0,4000}[0-9]", "token"].into_iter(), 4005).unwrap();
        let crowded = "key=".repeat(10_000);
        let possible = |end| numbers(sieve.possible(crowded.as_bytes(), 0..end, end));
        assert_eq!(possible(40_000), [0, 1]);
        assert_eq!(possible(40), [0; 0]);
    }
}
