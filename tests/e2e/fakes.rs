//! Fake secrets: the ones that the rules' own cases must find, so shape and checksum are right.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use straykey::{
    blob::{Blob, Nature, Origin},
    engine::Engine,
    rule::{
        RuleSet,
        cases::{self, Case, Expected},
        load,
    },
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::new(load::builtin()), 0));

/// The rules that the binary has.
pub(crate) fn rules() -> &'static RuleSet {
    ENGINE.rules()
}

/// The secret of the first case of `rule` that holds one.
///
/// # Panics
///
/// If there is no such rule: a fixture has a wrong mark.
pub(crate) fn secret(rule: &str) -> Arc<str> {
    must_find(rule)
        .iter()
        .find_map(|case| found_in(rule, &case.text))
        .unwrap_or_else(|| panic!("no case of `{rule}` is found; is that a rule?"))
        .into()
}

/// Another secret of `rule`: the letters at its end moved on by `n` in the alphabet.
///
/// # Panics
///
/// If the rule does not find it, because those letters are a checksum or have a meaning.
pub(crate) fn variant(rule: &str, n: u8) -> Arc<str> {
    let secret = secret(rule);
    let (head, tail) = secret.split_at(secret.len() - 12);
    let moved = |c: char, from: u8| char::from(from + (c as u8 - from + n) % 26);
    let tail = tail.chars().map(|c| match c {
        'a'..='z' => moved(c, b'a'),
        'A'..='Z' => moved(c, b'A'),
        _ => c,
    });
    let variant: String = head.chars().chain(tail).collect();
    let found = found_in(rule, &format!("TOKEN={variant}\n"));
    assert!(found.as_deref() == Some(&*variant), "`{rule}` has no variant {n}");
    variant.into()
}

fn must_find(rule: &str) -> Vec<Case> {
    let quoted = format!("\"{rule}\"");
    load::BUILTIN_FILES
        .iter()
        .filter(|(_, text)| text.contains(&quoted))
        .flat_map(|(name, text)| cases::cases(Path::new(name), text).expect("the build read it"))
        .filter(|case| case.rule == rule && case.expected == Expected::Found)
        .collect()
}

/// What `rule` finds in `text` first.
fn found_in(rule: &str, text: &str) -> Option<String> {
    all_in(text).into_iter().find(|(id, _)| id == rule).map(|(_, secret)| secret)
}

/// Each secret in `text`, with its rule.
pub(crate) fn all_in(text: &str) -> Vec<(String, String)> {
    let origin = Origin { path: "case.txt".into(), shown: "case.txt".into() };
    let secret = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let found = ENGINE.scan(&Blob::whole(&origin, text.as_bytes(), Nature::Text));
    found.iter().map(|f| (rules().rule(f.rule).id.to_string(), secret(f.secret.expose()))).collect()
}
