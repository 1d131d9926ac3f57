//! The engine against a slow one that is obviously right: every regex over every byte. Both must give
//! the same candidates and the same findings, on rule cases, on random texts with planted keys, and
//! on the source of this project's own dependencies.

use std::{fs, path::Path};

use proptest::prelude::*;
use straykey::{
    content::Text,
    engine::Engine,
    matcher::{Candidate, NearCheck},
    rule::{RuleSet, cases, load},
};

fn engine() -> Engine {
    Engine::new(RuleSet::new(load::builtin()), 1_795_000_000)
}

/// Every match of every pattern in the whole text, as a candidate.
fn plain_candidates(engine: &Engine, text: &Text<'_>) -> Vec<Candidate> {
    let rules = engine.rules();
    let mut found = Vec::new();
    for (index, pattern) in rules.patterns().iter().enumerate() {
        if text.binary && !rules.groups()[pattern.group].applies_to_binary {
            continue;
        }
        rules.matches(index, &text.bytes, 0..text.bytes.len(), |whole, secret| {
            found.push(Candidate { rule: pattern.rule, pattern: index, whole, secret });
        });
    }
    found
}

fn sorted(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_key(|c| (c.pattern, c.whole.start, c.whole.end, c.secret.start));
    candidates
}

/// Compares both engines on `bytes`; returns how many candidates there were.
fn compare(engine: &Engine, bytes: &[u8], name: &str) -> usize {
    let text = Text::whole(bytes, name);
    let fast = sorted(engine.candidates(&text, NearCheck::Later));
    let plain = sorted(plain_candidates(engine, &text));
    if fast != plain {
        let rule = |c: &Candidate| format!("{} {:?}", engine.rules().rule(c.rule).id, c.secret);
        let lost: Vec<_> = plain.iter().filter(|c| !fast.contains(c)).map(rule).collect();
        let made: Vec<_> = fast.iter().filter(|c| !plain.contains(c)).map(rule).collect();
        panic!("{name}: only the slow engine has {lost:?}, only the fast one has {made:?}");
    }
    let count = fast.len();
    let verdicts = |c| {
        engine.judge(&text, c).into_iter().map(|j| (j.candidate, j.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(fast), verdicts(plain.clone()), "{name}");
    // What a scan does: fewer candidates, the same findings.
    let kept = |c| verdicts(c).into_iter().filter(|(_, v)| v.is_ok()).collect::<Vec<_>>();
    for check in [NearCheck::First, NearCheck::Anywhere] {
        assert_eq!(kept(engine.candidates(&text, check)), kept(plain.clone()), "{name}");
    }
    count
}

/// Compares both engines on the cases of every other rule file: each half takes a minute.
fn compare_cases(first: usize) {
    let engine = engine();
    let mut seen = 0;
    for (name, text) in load::BUILTIN_FILES.iter().skip(first).step_by(2) {
        for case in cases::cases(Path::new(name), text).expect("the build has parsed it") {
            seen += compare(&engine, case.text.as_bytes(), &format!("{name} {}", case.rule));
        }
    }
    assert!(seen > 1_000, "only {seen} candidates: the comparison would prove little");
}

#[test]
fn both_engines_agree_on_the_cases_of_one_half_of_the_rule_files() {
    compare_cases(0);
}

#[test]
fn both_engines_agree_on_the_cases_of_the_other_half() {
    compare_cases(1);
}

#[test]
fn both_engines_agree_on_all_cases_as_one_text() {
    let engine = engine();
    let mut all = String::new();
    for (name, text) in load::BUILTIN_FILES {
        for case in cases::cases(Path::new(name), text).expect("the build has parsed it") {
            all.push_str(&case.text);
            all.push('\n');
        }
    }
    compare(&engine, all.as_bytes(), "all cases");
    // One line, as in minified code: windows run into each other.
    compare(&engine, all.replace('\n', " ").as_bytes(), "all cases on one line");
}

#[test]
fn both_engines_agree_on_the_source_of_the_dependencies() {
    let engine = engine();
    let mut files = Vec::new();
    for krate in ["ignore", "clap_builder", "regex-automata", "sha2", "proptest"] {
        collect(&dependency(krate), &mut files);
    }
    files.sort();
    assert!(files.len() > 50, "only {} files", files.len());
    let mut bytes_left = 6_000_000_usize;
    for file in &files {
        let bytes = fs::read(file).expect("cargo has unpacked it");
        if let Some(left) = bytes_left.checked_sub(bytes.len()) {
            bytes_left = left;
            compare(&engine, &bytes, &file.to_string_lossy());
        }
    }
}

/// Where cargo keeps the source of `krate`.
fn dependency(krate: &str) -> std::path::PathBuf {
    // Without a platform, cargo would ask for crates that only other systems need and are not here.
    let version = output(std::process::Command::new("rustc").arg("-vV"));
    let host = version
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .expect("rustc says what it runs on")
        .to_owned();
    let metadata = output(
        std::process::Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version=1",
                "--offline",
                "--locked",
                "--filter-platform",
                &host,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let package = packages
        .iter()
        .find(|p| p["name"] == krate)
        .unwrap_or_else(|| panic!("{krate} is a dependency"));
    let manifest = Path::new(package["manifest_path"].as_str().expect("it is a path"));
    manifest.parent().expect("it is in a directory").to_path_buf()
}

fn output(command: &mut std::process::Command) -> String {
    let output = command.output().expect("the toolchain runs this test");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

fn collect(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).expect("cargo has unpacked it") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs" || e == "md" || e == "toml") {
            files.push(path);
        }
    }
}

/// The texts of all `must_find` cases.
fn planted() -> Vec<String> {
    let all = load::BUILTIN_FILES
        .iter()
        .flat_map(|(name, text)| cases::cases(Path::new(name), text).expect("it parses"));
    all.filter(|c| c.expected == cases::Expected::Found).map(|c| c.text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_agree_on_random_text_with_planted_keys(
        parts in proptest::collection::vec(
            prop_oneof![
                3 => "[ -~]{0,80}",
                1 => "[a-zA-Z0-9_=:\"' \n-]{0,200}",
                1 => "(key|token|secret|password|api_key|Authorization)[=: \"]{1,4}[0-9A-Za-z+/_-]{0,60}",
                2 => any::<prop::sample::Index>().prop_map(|i| { let all = planted(); all[i.index(all.len())].clone() }),
                1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(|b| String::from_utf8_lossy(&b).into_owned()),
            ],
            1..30,
        ),
        cut in any::<prop::sample::Index>(),
    ) {
        let engine = ENGINE.get_or_init(engine);
        let text = parts.concat().into_bytes();
        compare(engine, &text, "random");
        // A key that is cut off, in front or behind.
        let at = cut.index(text.len().max(1)).min(text.len());
        compare(engine, &text[at..], "random tail");
        compare(engine, &text[..at], "random head");
    }
}

static ENGINE: std::sync::OnceLock<Engine> = std::sync::OnceLock::new();
