//! Fake secrets: the ones that the rules' own cases must find, so shape and checksum are right.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use straykey::{
    blob::{Before, Blob, Nature, Origin},
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
        .find_map(found_in)
        .unwrap_or_else(|| panic!("no case of `{rule}` is found; is that a rule?"))
        .into()
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

fn found_in(case: &Case) -> Option<String> {
    let origin = Origin { path: "case.txt".into(), shown: "case.txt".into() };
    let bytes = case.text.as_bytes();
    let blob = Blob {
        origin: &origin,
        bytes,
        owned: 0..bytes.len(),
        before: Before::default(),
        nature: Nature::Text,
    };
    let found = ENGINE.scan(&blob);
    let own = found.iter().find(|f| rules().rule(f.rule).id == case.rule)?;
    String::from_utf8(own.secret.expose().to_vec()).ok()
}
