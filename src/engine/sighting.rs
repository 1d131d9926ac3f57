//! What a text holds, whatever file it stands in; and how that becomes findings of one file.

use std::{collections::HashSet, ops::Range};

use super::{Engine, grade::Grade};
use crate::{
    blob::Origin,
    content::Text,
    exposure::{self, Exposure},
    filter::{self, Evidence},
    finding::Finding,
    mark::{Mark, Marks},
    matcher::Candidate,
    rule::{Pair, RuleIndex},
    secret::{Fingerprint, Identity, Secret},
    span::{self, Cursor, LineCol},
};

/// What one text holds.
#[derive(Debug, Clone)]
pub struct Sightings {
    /// Sorted by place.
    all: Vec<Sighting>,
    /// Only what begins here counts: the text is part of an input.
    owned: Range<usize>,
}

/// A secret that a text speaks for. The path of its file can still speak against it.
#[derive(Debug, Clone)]
struct Sighting {
    rule: RuleIndex,
    pattern: usize,
    span: Range<usize>,
    start: LineCol,
    end: LineCol,
    secret: Secret,
    identity: Identity,
    evidence: Evidence,
    exposure: Option<Exposure>,
    mark: Option<Box<Mark>>,
    /// For a rule of a pair: whether the other one matches nearby.
    counterpart: Option<bool>,
}

impl Sightings {
    /// Whether the text holds nothing.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Engine {
    /// The sightings among `candidates` of `text`.
    pub(super) fn sightings_of(&self, text: &Text<'_>, candidates: Vec<Candidate>) -> Sightings {
        let owned = text.owned.clone();
        if candidates.is_empty() {
            return Sightings { all: Vec::new(), owned };
        }
        let mut cursor = Cursor::new(&text.bytes, text.before);
        let mut all: Vec<Sighting> = self
            .judge_text(&text.bytes, candidates)
            .into_iter()
            .filter_map(|j| {
                Some(self.sighting(&text.bytes, &j.candidate, j.verdict.ok()?, &mut cursor))
            })
            .collect();
        if !all.is_empty() {
            let marks = Marks::of(&text.bytes);
            for s in &mut all {
                let rule = &self.rules.rule(s.rule).id;
                s.mark = marks.allowing(rule, &s.span, s.start).map(Box::new);
            }
        }
        Sightings { all, owned }
    }

    fn sighting(
        &self,
        text: &[u8],
        candidate: &Candidate,
        evidence: Evidence,
        cursor: &mut Cursor<'_>,
    ) -> Sighting {
        let span = candidate.secret.clone();
        let secret = Secret::new(&text[span.clone()]);
        let pair = self.rules.rule(candidate.rule).pair.as_ref();
        Sighting {
            rule: candidate.rule,
            pattern: candidate.pattern,
            start: cursor.at(span.start),
            end: cursor.ahead(span.end),
            identity: Identity::new(candidate.rule.0, &secret),
            secret,
            evidence,
            exposure: exposure::of_line(text, &span),
            mark: None,
            counterpart: pair.map(|pair| self.has_counterpart(text, candidate, pair)),
            span,
        }
    }

    /// Whether a match of the other rule of `pair` stands near `candidate`.
    fn has_counterpart(&self, text: &[u8], candidate: &Candidate, pair: &Pair) -> bool {
        const MAX_SIDE_BYTES: usize = 4 << 10;
        let around = span::lines_around(
            text,
            candidate.whole.clone(),
            usize::from(pair.lines),
            MAX_SIDE_BYTES,
        );
        let mut found = false;
        for pattern in self.rules.patterns() {
            if self.rules.rule(pattern.rule).id == pair.with {
                pattern.matches(text, around.clone(), |_, secret| {
                    found |= secret.end <= candidate.secret.start
                        || secret.start >= candidate.secret.end;
                });
            }
        }
        found
    }

    /// What the sightings of one text are worth in the file `origin`, sorted by place.
    pub fn findings(&self, sightings: &Sightings, origin: &Origin) -> Vec<Finding> {
        let kept = self.kept(sightings, &origin.path);
        kept.into_iter().map(|s| self.finding(s, origin)).collect()
    }

    /// Which secrets the findings of one text are in the file at `path`, sorted by place.
    pub fn identities(&self, sightings: &Sightings, path: &str) -> Vec<Identity> {
        self.kept(sightings, path).into_iter().map(|s| s.identity).collect()
    }

    /// The first finding of the secret `identity` in the file `origin` that no mark allows, or else the
    /// first: a comment speaks for its own line and not for the next.
    pub fn finding_of(
        &self,
        identity: Identity,
        sightings: &Sightings,
        origin: &Origin,
    ) -> Option<Finding> {
        let kept = self.kept(sightings, &origin.path);
        let own = kept.into_iter().filter(|s| s.identity == identity);
        // The first of those that are equal.
        own.min_by_key(|s| s.mark.is_some()).map(|s| self.finding(s, origin))
    }

    /// The sightings that the path of their file does not speak against.
    fn kept<'s>(&self, sightings: &'s Sightings, path: &str) -> Vec<&'s Sighting> {
        let mut kept: Vec<&Sighting> = sightings
            .all
            .iter()
            .filter(|s| {
                let rule = self.rules.rule(s.rule);
                filter::judge_path(&self.rules, rule, &s.evidence, path).is_ok()
            })
            .collect();
        if kept.len() > 1 {
            let covered = self.covered(kept.iter().enumerate().map(|(n, s)| {
                (n, s.span.clone(), self.precision(s.rule, s.pattern, &s.span, &s.evidence))
            }));
            let losers: HashSet<usize> = covered.into_iter().map(|(loser, _)| loser).collect();
            let mut n = 0..;
            kept.retain(|_| n.next().is_some_and(|n| !losers.contains(&n)));
        }
        kept.retain(|s| sightings.owned.contains(&s.span.start));
        kept
    }

    fn finding(&self, sighting: &Sighting, origin: &Origin) -> Finding {
        let rule = self.rules.rule(sighting.rule);
        let pattern = &self.rules.patterns()[sighting.pattern].spec;
        let guessable = rule.kind.guessable();
        let exposure = sighting.exposure.or_else(|| exposure::of_path(&origin.path));
        let mut grade = Grade::new(rule.severity, rule.confidence);
        grade.environment(rule.environment);
        if let (Some(pair), Some(present)) = (&rule.pair, sighting.counterpart) {
            grade.pair(pair, present);
        }
        grade.evidence(&sighting.evidence);
        if let Some(exposure) = exposure {
            grade.exposure(exposure);
        }
        Finding {
            origin: origin.clone(),
            start: sighting.start,
            end: sighting.end,
            rule: sighting.rule,
            public_len: filter::public_len(&pattern.prefixes, sighting.secret.expose()),
            fingerprint: Fingerprint::new(&rule.id, &origin.path, &sighting.secret, guessable),
            secret: sighting.secret.clone(),
            severity: grade.severity,
            confidence: grade.confidence,
            exposure,
            reasons: grade.reasons,
            signed_token: sighting.evidence.signed_token,
            history: None,
            mark: sighting.mark.clone(),
            suppressed: None,
        }
    }
}
