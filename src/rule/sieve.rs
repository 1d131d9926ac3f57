//! Regexes that tell whether others can match, and no more than that, at a fraction of the price.
//!
//! An automaton that is built as it runs has a state for each set of counts that a text can bring a regex to,
//! and `[a-z_]{0,64}` in front of `[a-z]{12}` has thousands of them. So a sieve does not count how much there
//! may be of something, only how much there must be.

use regex_automata::{Input, MatchKind, PatternSet, meta::Regex, nfa::thompson::WhichCaptures};
use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

use super::shape;

/// Repetitions that allow so many more than they need are counted.
const FEW: u32 = 4;

/// A sieve for some regexes.
#[derive(Debug)]
pub(super) struct Sieve(Regex);

impl Sieve {
    /// For `regexes`, which parse. `None` if together they are too large.
    pub(super) fn new<'r>(regexes: impl Iterator<Item = &'r str>) -> Option<Self> {
        let wide: Option<Vec<Hir>> =
            regexes.map(|regex| shape::parse(regex).ok().map(widened)).collect();
        Regex::builder()
            .configure(
                super::limits()
                    // All that can match, and not the first of them.
                    .match_kind(MatchKind::All)
                    .which_captures(WhichCaptures::None)
                    .hybrid_cache_capacity(8 << 20),
            )
            .build_many_from_hir(&wide?)
            .ok()
            .map(Self)
    }

    /// Those of the regexes, by number, that can match in `input`. There may be some that cannot.
    pub(super) fn possible(&self, input: &Input<'_>) -> Vec<usize> {
        if !self.0.is_match(input.clone()) {
            return Vec::new();
        }
        let mut possible = PatternSet::new(self.0.pattern_len());
        self.0.which_overlapping_matches(input, &mut possible);
        possible.iter().map(|pattern| pattern.as_usize()).collect()
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

    fn possible(regexes: &[&str], text: &str) -> Vec<usize> {
        let sieve = Sieve::new(regexes.iter().copied()).expect("they are small");
        sieve.possible(&Input::new(text))
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
}
