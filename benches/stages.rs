//! The speed of single stages, on text made from a seed: `cargo bench`.
//!
//! Compare the lines of one run with each other, not runs with runs: machines differ and are noisy.

use divan::{Bencher, black_box, counter::BytesCount};
use straykey::{
    content::Text,
    engine::Engine,
    matcher::{self, NearCheck, Windows},
    prefilter::Prefilter,
    rule::{RuleSet, load},
};

fn main() {
    divan::main();
}

/// A megabyte that looks like source code, without keys: words, operators, numbers, indentation.
fn source() -> Vec<u8> {
    const WORDS: [&str; 24] = [
        "static",
        "int",
        "return",
        "struct",
        "device",
        "register",
        "value",
        "buffer",
        "length",
        "if",
        "for",
        "priv",
        "the",
        "of",
        "token",
        "keyboard",
        "error",
        "state",
        "0x1f",
        "skb",
        "net",
        "queue",
        "access",
        "password_len",
    ];
    const MARKS: [&str; 8] = [" ", " = ", "(", ");\n", "->", ", ", "\n\t\t", "_"];
    let mut state = 7_u64;
    let mut next = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut text = Vec::new();
    while text.len() < 1 << 20 {
        text.extend_from_slice(WORDS[next(WORDS.len())].as_bytes());
        text.extend_from_slice(MARKS[next(MARKS.len())].as_bytes());
    }
    text
}

#[divan::bench]
fn prefilter(bencher: Bencher<'_, '_>) {
    let text = source();
    let prefilter = Prefilter::new(&RuleSet::new(load::builtin()));
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let mut hits = 0;
        prefilter.hits(black_box(&text), |_| hits += 1);
        hits
    });
}

#[divan::bench]
fn matcher_on_hits(bencher: Bencher<'_, '_>) {
    let text = source();
    let set = RuleSet::new(load::builtin());
    let prefilter = Prefilter::new(&set);
    let windows = || {
        let mut windows = Windows::new(&set, text.len(), false);
        let nearby = prefilter.hits(&text, |hit| windows.add(hit));
        (windows, nearby)
    };
    bencher.counter(BytesCount::new(text.len())).with_inputs(windows).bench_values(
        |(windows, nearby)| {
            matcher::find_candidates(&set, black_box(&text), windows, nearby, NearCheck::First)
        },
    );
}

#[divan::bench]
fn whole_engine(bencher: Bencher<'_, '_>) {
    let text = source();
    let engine = Engine::new(RuleSet::new(load::builtin()), 0);
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let text = Text::whole(black_box(&text), "source.c");
        engine.judge(&text, engine.candidates(&text, NearCheck::First))
    });
}

/// What reading the text costs at the least: one search for a byte that is not there.
#[divan::bench]
fn memchr_of_nothing(bencher: Bencher<'_, '_>) {
    let text = source();
    bencher.counter(BytesCount::new(text.len())).bench(|| memchr::memchr(0, black_box(&text)));
}

/// What every process pays before it reads anything.
#[divan::bench]
fn read_what_the_build_made() -> Prefilter {
    Prefilter::new(&RuleSet::builtin())
}

/// What one pays that has rules of its own.
#[divan::bench]
fn load_rules_and_build_prefilter() -> Prefilter {
    Prefilter::new(&RuleSet::new(load::builtin()))
}
