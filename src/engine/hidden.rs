//! What is encoded in a text: its zones, the layers below them, and what these hold.

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use super::{Engine, Searched, sighting::Sighting};
use crate::{
    blob::Before,
    content::{
        Budget, Text,
        decode::{self, Layer, Seeds, Zone},
    },
    coverage::Limit,
    matcher::{Candidate, NearCheck},
    route::{Encoding, Inside, Route, Step},
    span::{self, LineCol},
};

/// What one zone of a text holds in its layers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Opened {
    /// From the first byte of its first seed to the last of its last.
    pub(super) core: Range<usize>,
    /// Their spans are the code in the text; their lines and columns there are not known yet.
    pub(super) found: Vec<Sighting>,
    pub(super) stopped: Vec<Limit>,
    /// Bytes that it took of the budget.
    pub(super) spent: u64,
}

impl Opened {
    /// The same zone in a text that has it at `to` instead of `from`.
    pub(super) fn moved(&self, from: usize, to: usize) -> Self {
        let shift = |at: usize| at - from + to;
        let range = |r: &Range<usize>| shift(r.start)..shift(r.end);
        let mut opened = Self { core: range(&self.core), ..self.clone() };
        for sighting in &mut opened.found {
            sighting.stretches.iter_mut().for_each(|at| *at = shift(*at));
            sighting.span = range(&sighting.span);
        }
        opened
    }
}

/// The places of a text, each counted from the nearest one before it that was asked for.
#[derive(Debug)]
pub(super) struct Places<'t> {
    text: &'t [u8],
    known: RefCell<BTreeMap<usize, Before>>,
}

impl<'t> Places<'t> {
    /// Those of `text`, which has `before` in front of it.
    pub(super) fn new(text: &'t [u8], before: Before) -> Self {
        Self { text, known: RefCell::new(BTreeMap::from([(0, before)])) }
    }

    pub(super) fn at(&self, at: usize) -> LineCol {
        let mut known = self.known.borrow_mut();
        let (from, before) =
            known.range(..=at).next_back().map_or((0, Before::default()), |(from, b)| (*from, *b));
        let before = span::advance(&self.text[from..at], self.text.get(at).copied(), before);
        known.insert(at, before);
        LineCol { line: before.lines + 1, col: before.columns + 1 }
    }

    /// Byte `at`, counted from byte `from`.
    fn between(&self, from: usize, at: usize) -> LineCol {
        let (from, at) = (self.at(from.min(at)), self.at(at));
        let line = at.line - from.line + 1;
        LineCol { line, col: if line == 1 { at.col - from.col + 1 } else { at.col } }
    }
}

/// A layer, and those that it lies in.
struct Depth<'d> {
    layer: &'d Layer,
    places: Places<'d>,
    outer: Option<&'d Depth<'d>>,
}

impl Depth<'_> {
    /// How many layers there are.
    fn count(&self) -> usize {
        1 + self.outer.map_or(0, Self::count)
    }

    /// The code in the text itself that the bytes of `range` were made from.
    fn code_of(&self, range: &Range<usize>) -> Range<usize> {
        let code = self.layer.code_of(range);
        self.outer.map_or(code.clone(), |outer| outer.code_of(&code))
    }

    /// Whether anything in `range` was decoded for this layer.
    fn is_decoded(&self, range: &Range<usize>) -> bool {
        self.layer.code_of(range).len() != range.len()
    }

    /// The steps to what stands in `range`, and where the stretch of each begins in the text. The place of the
    /// first is left open.
    fn steps(&self, range: &Range<usize>) -> (Vec<Step>, Vec<usize>) {
        let code = self.layer.code_of(range);
        let (mut steps, mut stretches) =
            self.outer.map(|outer| outer.steps(&code)).unwrap_or_default();
        if let Some(stretch) = self.layer.stretch_in(range) {
            let (at, begin) = match self.outer {
                Some(outer) => {
                    let at = outer.place(&code, stretch.code.start);
                    (at, outer.code_of(&stretch.code).start)
                }
                None => (LineCol { line: 1, col: 1 }, stretch.code.start),
            };
            stretches.push(begin);
            steps.push(Step::Decoded { encoding: stretch.encoding, at });
        }
        (steps, stretches)
    }

    /// Byte `at`, counted from the stretch that `range` has a part of.
    fn place(&self, range: &Range<usize>, at: usize) -> LineCol {
        let from = self.layer.stretch_in(range).map_or(range.start, |s| s.meaning.start);
        self.places.between(from, at)
    }
}

impl Engine {
    /// As `open`; nothing is decoded in a binary text.
    pub(super) fn open_text(
        &self,
        text: &Text<'_>,
        seeds: Seeds,
        budget: &mut Budget,
    ) -> Vec<Opened> {
        if text.binary { Vec::new() } else { self.open(&text.bytes, &seeds.sorted(), budget) }
    }

    /// What the zones of `seeds`, which are sorted, hold in their layers in `text`, if anything.
    pub(super) fn open(
        &self,
        text: &[u8],
        seeds: &[Range<usize>],
        budget: &mut Budget,
    ) -> Vec<Opened> {
        let open = |zone: Zone<'_>| {
            let before = budget.spent();
            let core = zone.core.clone();
            let mut opened = Opened { core, found: Vec::new(), stopped: Vec::new(), spent: 0 };
            self.open_zone(text, &zone, None, budget, &mut opened);
            opened.spent = budget.spent() - before;
            (opened.spent > 0 || !opened.stopped.is_empty()).then_some(opened)
        };
        decode::zones(seeds).filter_map(open).collect()
    }

    fn open_zone(
        &self,
        text: &[u8],
        zone: &Zone<'_>,
        outer: Option<&Depth<'_>>,
        budget: &mut Budget,
        opened: &mut Opened,
    ) {
        if outer.map_or(0, Depth::count) >= budget.limits().max_decode_depth {
            if decode::is_encoded(text, zone) {
                opened.stopped.push(Limit::DecodeDepth);
            }
            return;
        }
        let Some(layer) = decode::layer(text, zone, budget, &mut opened.stopped) else { return };
        let places = Places::new(&layer.bytes, Before::default());
        let depth = Depth { layer: &layer, places, outer };
        let Searched { candidates, seeds, marks: _ } =
            self.search(&layer.bytes, false, NearCheck::First);
        self.add_hidden(&depth, candidates, opened);
        let mut seeds = seeds.sorted();
        seeds.retain(|seed| layer.is_news(seed));
        for zone in decode::zones(&seeds) {
            self.open_zone(&layer.bytes, &zone, Some(&depth), budget, opened);
        }
    }

    /// Whether a layer shows more of `candidate` than the text before it.
    fn is_new_in(&self, depth: &Depth<'_>, candidate: &Candidate) -> bool {
        let Candidate { rule, secret, whole, .. } = candidate;
        let is_general = self.rules.provider(self.rules.rule(*rule)).general;
        // A rule may ask what stands in front, as a line break does.
        let after_code = || depth.is_decoded(&(whole.start.saturating_sub(1)..whole.start));
        match depth.is_decoded(whole) {
            true => !is_general || depth.is_decoded(secret),
            false => after_code(),
        }
    }

    /// The sightings among `candidates` of a layer that it did not merely copy. What only its name speaks
    /// for must itself be decoded: a plain value was there to be found.
    fn add_hidden(&self, depth: &Depth<'_>, candidates: Vec<Candidate>, opened: &mut Opened) {
        let bytes = &depth.layer.bytes;
        let new: Vec<Candidate> =
            candidates.into_iter().filter(|c| self.is_new_in(depth, c)).collect();
        for judged in self.judge_text(bytes, new) {
            let Ok(evidence) = judged.verdict else { continue };
            let Candidate { whole, secret, .. } = &judged.candidate;
            let (steps, stretches) = depth.steps(whole);
            if steps.is_empty() {
                continue;
            }
            let place = depth.place(whole, secret.start);
            let nowhere = LineCol { line: 1, col: 1 };
            let mut sighting = self.sighting(bytes, &judged.candidate, evidence, nowhere..nowhere);
            sighting.span = depth.code_of(secret);
            sighting.is_decoded = sighting.span.len() != secret.len();
            sighting.stretches = stretches;
            // A plain value with an escape beside it stands where it is.
            let is_plain = !sighting.is_decoded && is_written(&steps);
            let inside = Inside { route: Route(steps), place: Some(place) };
            sighting.inside = (!is_plain).then(|| Box::new(inside));
            opened.found.push(sighting);
        }
    }
}

/// Whether `steps` do no more than write a text with escapes.
fn is_written(steps: &[Step]) -> bool {
    matches!(steps, [Step::Decoded { encoding: Encoding::Escapes, .. }])
}

/// The sightings of `opened` zones, at their places in the text.
pub(super) fn placed(places: &Places<'_>, opened: &[Opened]) -> Vec<Sighting> {
    let mut placed: Vec<Sighting> = opened.iter().flat_map(|o| &o.found).cloned().collect();
    placed.sort_by(|a, b| {
        (a.stretches.first(), a.span.start).cmp(&(b.stretches.first(), b.span.start))
    });
    for sighting in &mut placed {
        let first = sighting.inside.as_mut().and_then(|i| i.route.0.first_mut());
        if let (Some(Step::Decoded { at, .. }), Some(&begin)) = (first, sighting.stretches.first())
        {
            *at = places.at(begin);
        }
        sighting.start = places.at(sighting.span.start);
        sighting.end = places.at(sighting.span.end);
    }
    placed
}
