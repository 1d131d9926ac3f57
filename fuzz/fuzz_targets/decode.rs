//! Decoders, one by one and in each other: no text makes them panic, every layer maps back into its text,
//! and a text that was edited is searched as if it were new.

#![no_main]

use std::{ops::Range, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use straykey::{
    blob::{Blob, Nature, Origin},
    content::{
        Budget, Limits,
        decode::{self, Seeds},
    },
    edit::Edit,
    engine::Engine,
    prefilter,
    rule::{RuleSet, load},
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::new(load::builtin()), 0));

fuzz_target!(|text: &[u8]| {
    let mut budget = Budget::new(Limits::default());
    layers(text, 3, &mut budget);
    let origin = Origin::nowhere();
    let sightings = ENGINE.sight(&Blob::whole(&origin, text, Nature::Text));
    ENGINE.findings(&sightings, &origin);
    edited(text);
});

fn layers(text: &[u8], depth: usize, budget: &mut Budget) {
    let mut seeds = Seeds::default();
    prefilter::add_seeds(text, 0..text.len(), &mut seeds);
    for zone in decode::zones(&seeds.sorted()) {
        let mut stopped = Vec::new();
        let Some(layer) = decode::layer(text, &zone, budget, &mut stopped) else { continue };
        let mut last = 0;
        for stretch in &layer.stretches {
            assert!(stretch.code.start >= last && stretch.code.end <= text.len());
            last = stretch.code.end;
        }
        for at in (0..layer.bytes.len()).step_by(7) {
            let code: Range<usize> = layer.code_of(&(at..at + 1));
            assert!(code.start < code.end && code.end <= text.len());
        }
        if depth > 0 {
            layers(&layer.bytes, depth - 1, budget);
        }
    }
}

/// The first byte says where the text is cut and put together in another order.
fn edited(text: &[u8]) {
    let Some((&at, text)) = text.split_first() else { return };
    let cut = text.len() * usize::from(at) / 256;
    let mut edit = Edit::default();
    edit.restart(text.len());
    edit.copy(0, cut);
    edit.insert(1);
    edit.copy(cut, text.len() - cut);
    let new = [&text[..cut], b"A", &text[cut..]].concat();
    let whole = ENGINE.read(&new);
    let changed = ENGINE.reread(&new, &ENGINE.read(text), &edit);
    let all = |memory| {
        let sightings = ENGINE.recall(&new, memory)?;
        Some(ENGINE.identities(&sightings, ""))
    };
    assert_eq!(all(&whole), all(&changed));
}
