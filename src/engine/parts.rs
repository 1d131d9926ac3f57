//! What part of a document a sighting stands in. Nothing is asked of a text that holds none.

use super::sighting::Sighting;
use crate::{
    content::{
        Text,
        document::{self, Part, Parts},
    },
    route::{Encoding, Inside, Route, Step},
};

/// Puts the way to its part in front of what is known of each of `sightings` in `text`.
///
/// Only of a whole text: a piece of one does not tell what it is a piece of.
pub(super) fn add(text: &Text<'_>, sightings: &mut [Sighting]) {
    if sightings.is_empty() || !text.is_whole() || text.binary {
        return;
    }
    let places = |s: &Sighting| [&[s.span.start], s.stretches.as_slice()].concat();
    let mut places: Vec<usize> = sightings.iter().flat_map(places).collect();
    places.sort_unstable();
    places.dedup();
    let parts = document::parts(&text.bytes, &places);
    for sighting in sightings {
        if let Some(part) = parts.get(&sighting.span.start) {
            let inside = match sighting.inside.take() {
                None => Inside { route: Route(part.steps.clone()), place: part.place },
                Some(inside) => within(part, &parts, &sighting.stretches, *inside),
            };
            sighting.inside = Some(Box::new(inside));
        }
    }
}

/// The way to what is encoded in `part`, in `stretches` of the text.
fn within(part: &Part, parts: &Parts, stretches: &[usize], inside: Inside) -> Inside {
    let Inside { route: Route(mut steps), mut place } = inside;
    let mut begin = stretches.first();
    // Escapes are how the document writes its text, and no encoding in there.
    let is_written = matches!(steps[..], [Step::Decoded { encoding: Encoding::Escapes, .. }, ..]);
    if is_written && part.place.is_some() {
        steps.remove(0);
        begin = stretches.get(1);
    }
    match steps.first_mut() {
        None => place = part.place,
        Some(Step::Decoded { at, .. }) => {
            let begin = begin.and_then(|at| parts.get(at)).filter(|b| b.steps == part.steps);
            *at = begin.and_then(|begin| begin.place).unwrap_or(*at);
        }
        Some(Step::Member(_) | Step::Part { .. } | Step::Named(_) | Step::Original(_)) => {}
    }
    Inside { route: Route([part.steps.clone(), steps].concat()), place }
}
