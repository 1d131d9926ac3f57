//! Any bytes as a PDF, and as the content of a page: `cargo +nightly fuzz run pdf`. Seeds come from
//! `cargo test --test e2e write_seeds -- --ignored`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use straykey::{
    content::{
        Limits,
        container::{Input, Kind},
    },
    engine::Engine,
    rule::{RuleSet, load},
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let limits = Limits { max_expanded_bytes: 4 << 20, max_members: 1000, ..Limits::default() };
    Engine::new(RuleSet::new(load::builtin()), 0).with_limits(limits)
});

/// What a page needs to show the content behind it.
const PAGE: &[u8] = b"1 0 obj<</Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]>>endobj 3 0 obj<</Contents 4 0 R\
    /Resources<</Font<</F1<</Subtype/Type0/ToUnicode 4 0 R>>>>/XObject<</X 4 0 R>>>>>>endobj \
    trailer<</Root 1 0 R>>4 0 obj<</Subtype/Form>>stream\n";

fuzz_target!(|bytes: &[u8]| {
    for file in [bytes, &[PAGE, bytes, b"\nendstream"].concat()] {
        let stored = file.len() as u64;
        ENGINE.sight_container(Kind::Pdf, Input::Stream(&mut &*file), stored);
    }
});
