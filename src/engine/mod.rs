//! Text -> findings: the only place that names all stages before it.
//!
//! It comes in two halves. A blob in a repository's history may stand at many paths, so its text is
//! searched and judged first, into `Sighting`s; with a path, these become findings.

mod grade;
mod hidden;
mod memory;
mod parts;
mod sighting;
mod unpack;

use std::{collections::BTreeMap, ops::Range, sync::Mutex};

pub use memory::Memory;
pub use sighting::Sightings;

use crate::{
    blob::Blob,
    content::{Budget, Limits, Text, decode::Seeds},
    filter::{self, Dropped, Evidence},
    finding::Finding,
    mark::{self, Mark},
    matcher::{self, Candidate, NearCheck, Windows},
    prefilter::{Hit, Prefilter},
    rule::{Confidence, Kind, Nearby, Pattern, RuleSet},
    span,
};

/// Everything that a scan needs and never changes. Shared by all threads.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    prefilter: Prefilter,
    limits: Limits,
    /// Whoever holds a large container in memory.
    turn: Mutex<()>,
    now: i64,
}

/// A candidate and what became of it.
#[derive(Debug)]
pub struct Judged {
    /// What a regex matched. Its secret ends where its structure says.
    pub candidate: Candidate,
    /// What speaks for it, or the reason against it.
    pub verdict: Result<Evidence, Dropped>,
}

/// What one pass over a text finds.
struct Searched {
    /// What the regexes match.
    candidates: Vec<Candidate>,
    /// Where decoding may pay.
    seeds: Seeds,
    /// Where the word of our own marks stands.
    marks: Vec<usize>,
}

impl Engine {
    /// An engine for `rules`. `now` is in seconds since 1970, for expiry dates.
    pub fn new(rules: RuleSet, now: i64) -> Self {
        let prefilter = Prefilter::new(&rules);
        Self { rules, prefilter, limits: Limits::default(), turn: Mutex::default(), now }
    }

    /// The same engine, with other limits for what one input expands to.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The time that expiry dates are compared with, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The rules it looks for.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The findings in `blob`, sorted by place.
    pub fn scan(&self, blob: &Blob<'_>) -> Vec<Finding> {
        self.findings(&self.sight(blob), blob.origin)
    }

    /// As `sight`; and our own marks in `blob`, whether or not they allow anything, with their lines.
    pub fn sight_with_marks(&self, blob: &Blob<'_>) -> (Sightings, Vec<(usize, Mark)>) {
        let text = Text::of(blob);
        let (sightings, marks) = self.sight_text(&text, &mut Budget::new(self.limits));
        let placed = marks.into_iter().filter(|at| text.owned.contains(at)).filter_map(|at| {
            let line = span::line_col(&text.bytes, at, text.before).line;
            Some((line, mark::own_at(&text.bytes, at)?))
        });
        (sightings, placed.collect())
    }

    /// What the text of `blob` holds, whatever file it stands in.
    pub fn sight(&self, blob: &Blob<'_>) -> Sightings {
        self.sight_within(blob, &mut Budget::new(self.limits))
    }

    /// As `sight`, at the expense of `budget`: that of the input whose member `blob` is.
    pub fn sight_within(&self, blob: &Blob<'_>, budget: &mut Budget) -> Sightings {
        self.sight_text(&Text::of(blob), budget).0
    }

    /// What `text` holds, and where the word of our own marks stands in it.
    fn sight_text(&self, text: &Text<'_>, budget: &mut Budget) -> (Sightings, Vec<usize>) {
        let Searched { candidates, seeds, marks } =
            self.search(&text.bytes, text.binary, NearCheck::First);
        let opened = self.open_text(text, seeds, budget);
        (self.sightings_of(text, candidates, &opened), marks)
    }

    /// The keywords in `text`, in no particular order.
    pub fn hits(&self, text: &Text<'_>, found: impl FnMut(Hit)) {
        self.prefilter.hits(&text.bytes, found);
    }

    /// What the regexes match in `text`.
    pub fn candidates(&self, text: &Text<'_>, near_check: NearCheck) -> Vec<Candidate> {
        self.search(&text.bytes, text.binary, near_check).candidates
    }

    fn search(&self, text: &[u8], binary: bool, near_check: NearCheck) -> Searched {
        let mut windows = Windows::new(&self.rules, text.len(), binary);
        let (mut nearby, mut marks, mut seeds) = (Nearby::default(), Vec::new(), Seeds::default());
        let word = |word, start| {
            let meaning = self.prefilter.meaning(word);
            nearby.add(&meaning.nearby);
            meaning.hits(start).for_each(|hit| windows.add(hit));
            if word == self.prefilter.mark() {
                marks.push(start);
            }
        };
        self.prefilter.words(text, word, &mut seeds);
        let candidates = matcher::find_candidates(&self.rules, text, windows, nearby, near_check);
        Searched { candidates, seeds, marks }
    }

    /// Passes `candidates` of `text` through all filters. Sorted by place and rule.
    pub fn judge(&self, text: &Text<'_>, candidates: Vec<Candidate>) -> Vec<Judged> {
        let mut judged = self.judge_text(&text.bytes, candidates);
        for j in &mut judged {
            let rule = j.candidate.rule;
            if let Ok(evidence) = &j.verdict
                && let Err(dropped) = filter::judge_path(&self.rules, rule, evidence, text.path)
            {
                j.verdict = Err(dropped);
            }
        }
        let covered = self.covered(judged.iter().enumerate().filter_map(|(n, j)| {
            let Candidate { pattern, secret, .. } = &j.candidate;
            let evidence = j.verdict.as_ref().ok()?;
            Some((n, secret.clone(), self.precision(*pattern, secret, evidence, false)))
        }));
        for (loser, winner) in covered {
            let by = self.rules.rule(judged[winner].candidate.rule).id.to_string();
            judged[loser].verdict = Err(Dropped::Covered { by });
        }
        judged
    }

    /// Passes `candidates` through the filters that need no path.
    fn judge_text(&self, text: &[u8], candidates: Vec<Candidate>) -> Vec<Judged> {
        let mut judged: Vec<Judged> = candidates
            .into_iter()
            .map(|mut candidate| {
                let verdict = filter::judge(&self.rules, text, &candidate, self.now);
                if let Some(end) = verdict.as_ref().ok().and_then(|e| e.end) {
                    candidate.secret.end = end;
                }
                Judged { candidate, verdict }
            })
            .collect();
        judged.sort_by_key(|j| {
            (
                j.candidate.secret.start,
                j.candidate.secret.end,
                j.candidate.rule,
                j.verdict.is_err(),
                j.candidate.pattern,
            )
        });
        judged.dedup_by(|b, a| {
            a.candidate.rule == b.candidate.rule
                && a.candidate.secret == b.candidate.secret
                && a.verdict.is_ok() == b.verdict.is_ok()
        });
        judged
    }

    /// Of secrets that share bytes, the most precise one stays: pairs of a number that loses and the
    /// number that it loses to. What comes in is sorted by place.
    fn covered<P: Ord>(
        &self,
        kept: impl Iterator<Item = (usize, Range<usize>, P)>,
    ) -> Vec<(usize, usize)> {
        let mut kept: Vec<_> = kept.collect();
        kept.sort_by(|(_, _, a), (_, _, b)| b.cmp(a));
        // Winners share no bytes, so only the last one that begins before a span's end can touch it.
        let mut winners: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut losers = Vec::new();
        for (n, Range { start, end }, _) in kept {
            match winners.range(..end).next_back() {
                Some((_, &(winner_end, winner))) if winner_end > start => losers.push((n, winner)),
                _ => {
                    winners.insert(start, (end, n));
                }
            }
        }
        losers
    }

    /// What decides between two rules for the same bytes: whether the format is somebody's own, then
    /// whether it knows the code as such or else says what was encoded, then what they state, with the
    /// evidence, then the longer secret, then the rule that is first by name.
    fn precision(
        &self,
        pattern: usize,
        secret: &Range<usize>,
        evidence: &Evidence,
        is_decoded: bool,
    ) -> impl Ord + use<> {
        let Pattern { rule: index, spec, .. } = &self.rules.patterns()[pattern];
        let rule = self.rules.rule(*index);
        let has_prefix = !spec.prefixes.is_empty();
        let knows_code = !is_decoded && (has_prefix || rule.structure.is_some());
        let code = (!self.rules.provider(rule).general, knows_code, is_decoded);
        let stated = self.stated_precision(pattern, Some(evidence));
        (code, stated, secret.len(), std::cmp::Reverse(*index))
    }

    /// What the rule of `pattern` states that makes it more precise than another: whether the format is somebody's own,
    /// and opens anything; then confidence, as far as `evidence` confirms it; then a documented prefix, then
    /// what stands nearby.
    pub(crate) fn stated_precision(
        &self,
        pattern: usize,
        evidence: Option<&Evidence>,
    ) -> impl Ord + use<> {
        let Pattern { rule, spec, .. } = &self.rules.patterns()[pattern];
        let rule = self.rules.rule(*rule);
        let verified = evidence.is_some_and(|e| e.verified);
        (
            !self.rules.provider(rule).general,
            rule.kind != Kind::Id,
            if verified { Confidence::High } else { rule.confidence },
            !spec.prefixes.is_empty(),
            spec.near.is_some(),
        )
    }
}
