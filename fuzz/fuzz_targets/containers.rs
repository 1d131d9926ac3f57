//! Any bytes as any container: `cargo +nightly fuzz run containers`. Seeds come from
//! `cargo test --test e2e write_seeds -- --ignored`.

#![no_main]

use std::{io::Cursor, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use straykey::{
    content::{Limits, container::Input},
    engine::Engine,
    rule::{RuleSet, load},
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let limits = Limits { max_expanded_bytes: 4 << 20, max_members: 1000, ..Limits::default() };
    Engine::new(RuleSet::new(load::builtin()), 0).with_limits(limits)
});

fuzz_target!(|bytes: &[u8]| {
    if let Some(kind) = ENGINE.container(bytes) {
        let stored = bytes.len() as u64;
        ENGINE.sight_container(kind, Input::Stream(&mut &*bytes), stored);
        ENGINE.sight_container(kind, Input::Seekable(&mut Cursor::new(bytes)), stored);
    }
});
