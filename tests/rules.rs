//! The rule files: each keeps what its cases promise, and no line of this repository holds a key.

use std::{path::Path, process::Command};

use straykey::{
    engine::Engine,
    rule::{
        RuleSet,
        cases::{self, Case, Expected},
        check, load,
    },
    selftest,
};

/// Rules that stand in a file of another name. An id that was published stays.
const ELSEWHERE: [&str; 1] = ["connection-string-password"];

/// Fewer cases than this do not show where a rule ends.
const MIN_CASES: usize = 3;

fn all_cases() -> Vec<Case> {
    load::BUILTIN_FILES
        .iter()
        .flat_map(|(name, text)| cases::cases(Path::new(name), text).expect("the build read it"))
        .collect()
}

#[test]
fn every_rule_file_keeps_what_its_cases_promise() {
    let engine = Engine::new(RuleSet::new(load::builtin()), 0);
    let cases = all_cases();
    let failures: Vec<String> = selftest::run(&engine, &cases)
        .into_iter()
        .map(|f| {
            format!("{} {}[{}]: {}", f.case.rule, f.case.expected.key(), f.case.index, f.problem)
        })
        .collect();
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn every_rule_shows_hits_and_near_misses() {
    let cases = all_cases();
    let mut thin = Vec::new();
    let catalogue = load::builtin();
    // The others name what general rules find.
    for rule in catalogue.rules.iter().filter(|rule| !rule.patterns.is_empty()) {
        for expected in [Expected::Found, Expected::Ignored] {
            let own = cases.iter().filter(|c| rule.id == c.rule && c.expected == expected).count();
            if own < MIN_CASES {
                thin.push(format!("{}: {} has {own}", rule.id, expected.key()));
            }
        }
    }
    assert_eq!(thin, Vec::<String>::new());
}

#[test]
fn every_rule_belongs_to_its_file_and_names_its_source() {
    for rule in &load::builtin().rules {
        assert!(rule.source.starts_with("https://") && !rule.checked.is_empty(), "{}", rule.id);
    }
    for case in all_cases() {
        let provider = case.file.file_stem().expect("it has a name").to_string_lossy();
        let own = case.rule.starts_with(&format!("{provider}-"));
        assert!(own || ELSEWHERE.contains(&case.rule.as_str()), "{} in {provider}", case.rule);
    }
}

#[test]
fn nothing_could_be_better_about_a_built_in_rule() {
    let files: Vec<_> = load::BUILTIN_FILES
        .iter()
        .map(|(name, text)| {
            let path = Path::new(name);
            (path.to_owned(), check::parse_file(path, text).expect("the build read it"))
        })
        .collect();
    assert_eq!(selftest::missing_parts(&files), Vec::new());
    let engine = Engine::new(RuleSet::new(load::builtin()), 0);
    assert_eq!(selftest::remarks(&engine, &files, &all_cases()), Vec::new());
}

#[test]
fn every_provider_says_what_to_do() {
    let catalogue = load::builtin();
    for provider in &catalogue.providers {
        let guidance = &provider.guidance;
        assert!(!guidance.impact.is_empty() && !guidance.steps.is_empty(), "{}", provider.id);
        assert!(guidance.source.starts_with("https://"), "{}", provider.id);
        assert!(
            guidance.self_service != Some(false) || guidance.contact.is_some(),
            "{}: whom to ask?",
            provider.id
        );
    }
}

#[test]
fn no_line_of_this_repository_holds_a_key() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Named one by one: a build directory may lie beside them.
    let parts = ["rules", "src", "tests", "fixtures", "benches", "README.md", "CHANGELOG.md"];
    let there = parts.iter().filter(|p| root.join(p).exists());
    let output = Command::new(assert_cmd::cargo::cargo_bin!("straykey"))
        .args(["scan", "--no-ignore", "-q"])
        .args(there)
        .env_clear()
        .current_dir(root)
        .output()
        .expect("the binary was built");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}{:?}", output.status);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
