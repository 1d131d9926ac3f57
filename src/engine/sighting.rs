//! What a text holds, whatever file it stands in; and how that becomes findings of one file.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    Engine,
    grade::Grade,
    hidden::{self, Opened, Places},
    parts,
};
use crate::{
    blob::Origin,
    content::Text,
    coverage::{Gap, Skip},
    exposure::{self, Exposure},
    filter::{self, Evidence},
    finding::Finding,
    mark::{Mark, Marks},
    matcher::Candidate,
    route::{Inside, Route, Step},
    rule::{Pair, RuleIndex},
    secret::{Fingerprint, Identity, Secret},
    span::{self, Cursor, LineCol},
};

/// What one text holds.
#[derive(Debug, Clone)]
pub struct Sightings {
    /// Sorted by place.
    all: Vec<Sighting>,
    /// Those of members of a container: each was weighed against the others of its own text and path.
    of_members: Vec<Sighting>,
    /// Only what begins here counts: the text is part of an input.
    owned: Range<usize>,
    /// What was left out.
    gaps: Vec<Gap>,
}

/// A secret that a text speaks for. The path of its file can still speak against it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sighting {
    /// What it is: the rule that found it, or that of its owner.
    rule: RuleIndex,
    /// What found it.
    pattern: usize,
    pub(super) span: Range<usize>,
    pub(super) start: LineCol,
    pub(super) end: LineCol,
    secret: Secret,
    identity: Identity,
    evidence: Evidence,
    exposure: Option<Exposure>,
    pub(super) inside: Option<Box<Inside>>,
    /// Its own bytes were encoded, and not only what stands around them.
    pub(super) is_decoded: bool,
    /// Where the stretches that it is encoded in begin in the text, the outermost first.
    pub(super) stretches: Vec<usize>,
    mark: Option<Box<Mark>>,
    /// For a rule of a pair: whether the other one matches nearby.
    counterpart: Option<bool>,
}

impl Sightings {
    /// Of a text that holds nothing.
    pub(super) fn none(owned: Range<usize>) -> Self {
        Self { all: Vec::new(), of_members: Vec::new(), owned, gaps: Vec::new() }
    }

    /// Whether the text holds nothing.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.of_members.is_empty() && self.gaps.is_empty()
    }

    /// Adds what another text of the same input holds that has no text of its own.
    pub(super) fn append(&mut self, other: Self) {
        self.of_members.extend(other.of_members);
        for gap in other.gaps {
            self.skipped(gap.why, gap.route);
        }
    }

    /// Puts other steps in the place of members, by their names.
    pub(super) fn rename(&mut self, steps: &HashMap<String, Step>) {
        let inside = self.of_members.iter_mut().filter_map(|s| s.inside.as_mut());
        let routes = inside.map(|inside| &mut inside.route);
        for route in routes.chain(self.gaps.iter_mut().map(|gap| &mut gap.route)) {
            let Some(first) = route.0.first_mut() else { continue };
            if let Step::Member(name) = first
                && let Some(step) = steps.get(name)
            {
                *first = step.clone();
            }
        }
    }

    /// Of secrets in members of the same path, keeps the first: later versions of a file have them, too.
    pub(super) fn keep_first(&mut self) {
        let mut seen = HashSet::new();
        self.of_members.retain(|s| {
            let path = s.inside.as_ref().map(|i| i.route.path_below("").into_owned());
            seen.insert((s.identity, path))
        });
    }

    /// Adds what the next piece of the same text holds; `part` leads to what was left out of it.
    pub(super) fn go_on(&mut self, piece: Self, part: &Step) {
        // Pieces overlap: what is before its own part, the last one has.
        let by = self.owned.end - piece.owned.start;
        self.owned.end += piece.owned.len();
        let own = piece.all.into_iter().filter(|s| piece.owned.contains(&s.span.start));
        self.all.extend(own.map(|mut sighting| {
            sighting.span = sighting.span.start + by..sighting.span.end + by;
            sighting
        }));
        for gap in piece.gaps {
            self.skipped(gap.why, Route::default().then(part.clone()));
        }
    }

    /// Notes that `why` left out what `route` leads to, or part of it.
    pub fn skipped(&mut self, why: Skip, route: Route) {
        /// Of the latest: an input with a million gaps shall not compare each with each.
        const COMPARED: usize = 8;
        let gap = Gap { why, route };
        if !self.gaps.iter().rev().take(COMPARED).any(|known| *known == gap) {
            self.gaps.push(gap);
        }
    }

    /// Whether a container could be opened, if it is one that holds this.
    pub fn is_opened(&self) -> bool {
        self.gaps.iter().all(|gap| !gap.route.0.is_empty())
    }

    /// What was left out of the text and of what it expands to.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

impl Engine {
    /// The sightings among `candidates` of `text`, and those in the layers of its zones.
    pub(super) fn sightings_of(
        &self,
        text: &Text<'_>,
        candidates: Vec<Candidate>,
        opened: &[Opened],
    ) -> Sightings {
        let mut sightings = Sightings::none(text.owned.clone());
        if candidates.is_empty() && opened.is_empty() {
            return sightings;
        }
        let mut cursor = Cursor::new(&text.bytes, text.before);
        let all = self.judge_text(&text.bytes, candidates).into_iter().filter_map(|j| {
            let secret = &j.candidate.secret;
            let evidence = j.verdict.ok()?;
            let place = cursor.at(secret.start)..cursor.ahead(secret.end);
            Some(self.sighting(&text.bytes, &j.candidate, evidence, place))
        });
        sightings.all = all.collect();
        let places = Places::new(&text.bytes, text.before);
        sightings.all.extend(hidden::placed(&places, opened));
        sightings.all.sort_by_key(|s| s.span.start);
        self.add_marks(text, &mut sightings.all);
        parts::add(text, &mut sightings.all);
        for limit in opened.iter().flat_map(|o| &o.stopped) {
            sightings.skipped(Skip::Stopped(*limit), Route::default());
        }
        sightings
    }

    /// Says of each of `sightings` in `text` which comment allows it.
    fn add_marks(&self, text: &Text<'_>, sightings: &mut [Sighting]) {
        if sightings.is_empty() {
            return;
        }
        let marks = Marks::of(&text.bytes);
        for s in sightings {
            let rule = &self.rules.rule(s.rule).id;
            s.mark = marks.allowing(rule, &s.span, s.start).map(Box::new);
        }
    }

    /// A `candidate` of `text` that stands at `place`.
    pub(super) fn sighting(
        &self,
        text: &[u8],
        candidate: &Candidate,
        evidence: Evidence,
        place: Range<LineCol>,
    ) -> Sighting {
        let span = candidate.secret.clone();
        let secret = Secret::new(&text[span.clone()]);
        let pair = self.rules.rule(candidate.rule).pair.as_ref();
        Sighting {
            rule: evidence.credential(&self.rules).unwrap_or(candidate.rule),
            pattern: candidate.pattern,
            start: place.start,
            end: place.end,
            identity: Identity::new(candidate.rule.0, &secret),
            secret,
            evidence,
            exposure: exposure::of_line(text, &span),
            inside: None,
            is_decoded: false,
            stretches: Vec::new(),
            mark: None,
            counterpart: pair.map(|pair| self.has_counterpart(text, candidate, pair)),
            span,
        }
    }

    /// Whether another rule of `pair` has a match near `candidate` that passes the filters: a placeholder
    /// beside a secret makes it no more usable.
    fn has_counterpart(&self, text: &[u8], candidate: &Candidate, pair: &Pair) -> bool {
        const MAX_SIDE_BYTES: usize = 4 << 10;
        let whole = candidate.whole.clone();
        let lines = span::lines_around(text, whole.clone(), pair.lines.into(), MAX_SIDE_BYTES);
        let block = span::block_around(text, whole, MAX_SIDE_BYTES);
        let around = lines.start.min(block.start)..lines.end.max(block.end);
        let mut found = false;
        for (index, pattern) in self.rules.patterns().iter().enumerate() {
            let rule = pattern.rule;
            if pair.with.iter().any(|with| self.rules.rule(rule).id == *with) {
                self.rules.matches(index, text, around.clone(), |whole, secret| {
                    let apart = secret.end <= candidate.secret.start
                        || secret.start >= candidate.secret.end;
                    let other = Candidate { rule, pattern: index, whole, secret };
                    found |= apart && filter::judge(&self.rules, text, &other, self.now).is_ok();
                });
            }
        }
        found
    }

    /// Adds what a member of the container holds, which is `step` inside of it. `outer` says where a place
    /// in the member stands in the container's own text; of a binary one, that is its beginning.
    pub fn add_member(
        &self,
        container: &mut Sightings,
        step: &Step,
        member: &Sightings,
        outer: impl Fn(LineCol) -> LineCol,
    ) {
        let first = Route::default().then(step.clone());
        let path = first.member().unwrap_or_default();
        for sighting in self.kept(member, path) {
            let mut sighting = sighting.clone();
            let route = |rest: &Route| Route([first.0.as_slice(), &rest.0].concat());
            sighting.inside = Some(Box::new(match &sighting.inside {
                None => Inside { route: first.clone(), place: Some(sighting.start) },
                Some(inside) => Inside {
                    route: route(&inside.route),
                    place: inside.place.or(Some(sighting.start)),
                },
            }));
            (sighting.start, sighting.end) = (outer(sighting.start), outer(sighting.end));
            container.of_members.push(sighting);
        }
        for gap in &member.gaps {
            container.skipped(gap.why, Route([first.0.as_slice(), &gap.route.0].concat()));
        }
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
            .filter(|s| filter::judge_path(&self.rules, self.finder(s), &s.evidence, path).is_ok())
            .collect();
        if kept.len() > 1 {
            let covered = self.covered(kept.iter().enumerate().map(|(n, s)| {
                (n, s.span.clone(), self.precision(s.pattern, &s.span, &s.evidence, s.is_decoded))
            }));
            let losers: HashSet<usize> = covered.into_iter().map(|(loser, _)| loser).collect();
            let mut n = 0..;
            kept.retain(|_| n.next().is_some_and(|n| !losers.contains(&n)));
        }
        kept.retain(|s| sightings.owned.contains(&s.span.start));
        if !sightings.of_members.is_empty() {
            kept.extend(&sightings.of_members);
            kept.sort_by_key(|s| s.start);
        }
        kept
    }

    /// The rule that found `sighting`.
    fn finder(&self, sighting: &Sighting) -> RuleIndex {
        self.rules.patterns()[sighting.pattern].rule
    }

    fn finding(&self, sighting: &Sighting, origin: &Origin) -> Finding {
        let rule = self.rules.rule(self.finder(sighting));
        let pattern = &self.rules.patterns()[sighting.pattern].spec;
        let guessable = rule.kind.guessable();
        let member = sighting.inside.as_ref().and_then(|i| i.route.member());
        let exposure =
            sighting.exposure.or_else(|| exposure::of_path(member.unwrap_or(&origin.path)));
        let path = match &sighting.inside {
            Some(inside) => inside.route.path_below(&origin.path),
            None => (&*origin.path).into(),
        };
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
            found_by: self.finder(sighting),
            public_len: filter::public_len(&pattern.prefixes, sighting.secret.expose()),
            fingerprint: Fingerprint::new(&rule.id, &path, &sighting.secret, guessable),
            secret: sighting.secret.clone(),
            severity: grade.severity,
            confidence: grade.confidence,
            exposure,
            reasons: grade.reasons,
            signed_token: sighting.evidence.signed_token,
            inside: sighting.inside.clone(),
            history: None,
            mark: sighting.mark.clone(),
            suppressed: None,
        }
    }
}
