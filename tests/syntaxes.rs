//! Every documented credential in every syntax that a repository holds it in: found once, whole, at
//! its place, by its rule; and the same texts with placeholders: not found.
//!
//! The texts are in `syntaxes/templates.txt`, with marks for names and value. The values are drawn
//! here, so no file holds a key. It is one product and no list of cases: a rule that works in one
//! language only does not pass.

#![expect(
    clippy::unwrap_used,
    clippy::use_debug,
    reason = "a test says what failed, for its writers"
)]

#[path = "syntaxes/credentials.rs"]
mod credentials;
#[path = "syntaxes/dress.rs"]
mod dress;
#[path = "syntaxes/template.rs"]
mod template;

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use credentials::{CREDENTIALS, Credential};
use dress::Dress;
use straykey::{
    blob::{Blob, Nature, Origin},
    content,
    engine::Engine,
    finding::Finding,
    rule::{RuleSet, load},
    span::LineCol,
};
use template::{TEMPLATES, Template};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(RuleSet::new(load::builtin()), 1_795_000_000));

/// How many values each pair of credential and template is tried with.
const SEEDS: u64 = 4;

/// How many failures a report shows in full; all are counted.
const SHOWN: usize = 150;

#[test]
fn every_credential_is_found_in_every_syntax() {
    let mut failures = Failures::default();
    for (credential, template) in pairs() {
        for seed in 0..SEEDS {
            check(credential, template, Dress::Plain, seed, &mut failures);
        }
    }
    failures.report();
}

#[test]
fn every_credential_is_found_in_every_dress() {
    let mut failures = Failures::default();
    for (credential, template) in pairs() {
        for (n, dress) in Dress::ALL.into_iter().enumerate() {
            if dress.suits(template) {
                check(credential, template, dress, SEEDS + n as u64, &mut failures);
            }
        }
    }
    failures.report();
}

#[test]
fn nearly_every_value_of_a_shape_is_found() {
    const VALUES: u64 = 500;
    let templates: Vec<&Template> = TEMPLATES
        .iter()
        .filter(|t| ["plain", "constant", "requests"].contains(&t.title.as_str()))
        .collect();
    let mut lost = String::new();
    for credential in CREDENTIALS {
        for template in templates.iter().filter(|t| credential.takes(t)) {
            let mut failures = Failures::default();
            for seed in 1000..1000 + VALUES {
                check(credential, template, Dress::Plain, seed, &mut failures);
            }
            if failures.0.len() as u64 * 100 > VALUES {
                writeln!(lost, "{}: {} of {VALUES}", failures.0[0].place(), failures.0.len())
                    .unwrap();
            }
        }
    }
    assert!(lost.is_empty(), "more than one value in a hundred is lost:\n{lost}");
}

#[test]
fn no_placeholder_is_found_in_any_syntax() {
    let mut failures = Failures::default();
    for (credential, template) in pairs() {
        for value in credential.placeholders() {
            let text = template.filled(credential, &value);
            for finding in scan(text.as_bytes(), &template.path) {
                failures.add(credential, template, Dress::Plain, &describe(&finding), &text);
            }
        }
    }
    failures.report();
}

#[test]
fn no_documented_snippet_is_a_finding() {
    let mut found = String::new();
    for template in template::read(include_str!("syntaxes/placeholders.txt")) {
        for dress in [Dress::Plain, Dress::Crlf, Dress::Utf16Le, Dress::Added, Dress::Notebook] {
            for finding in scan(&dress.bytes(&dress.apply(&template.text)), &template.path) {
                writeln!(found, "{} ({dress:?}): {}", template.title, describe(&finding)).unwrap();
            }
        }
    }
    assert!(found.is_empty(), "\n{found}");
}

fn pairs() -> impl Iterator<Item = (&'static Credential, &'static Template)> {
    CREDENTIALS.iter().flat_map(|c| TEMPLATES.iter().filter(|t| c.takes(t)).map(move |t| (c, t)))
}

fn check(
    credential: &'static Credential,
    template: &'static Template,
    dress: Dress,
    seed: u64,
    failures: &mut Failures,
) {
    let value = credential.value(seed, template);
    let text = dress.apply(&template.filled(credential, &value));
    if let Some(problem) = problem(credential, &value, dress, &text, &template.path) {
        failures.add(credential, template, dress, &problem, &text);
    }
}

fn problem(
    credential: &Credential,
    value: &str,
    dress: Dress,
    text: &str,
    path: &str,
) -> Option<String> {
    let at = text.find(value).expect("the template has a value");
    assert_eq!(text.rfind(value), Some(at), "a template has its value once");
    let findings = scan(&dress.bytes(text), dress.path(path));
    let [finding] = findings.as_slice() else {
        return Some(match findings.len() {
            0 => "nothing".into(),
            _ => findings.iter().map(describe).collect::<Vec<_>>().join(", "),
        });
    };
    let rule = ENGINE.rules().rule(finding.rule).id.as_str();
    if finding.secret.expose() != value.as_bytes() {
        return Some(format!("another value: {}", describe(finding)));
    }
    if !credential.rules.contains(&rule) {
        return Some(format!("another rule: {rule}"));
    }
    let (start, end) = (place(text, at), place(text, at + value.len()));
    ((finding.start, finding.end) != (start, end))
        .then(|| format!("another place: {:?} to {:?}, not {start:?}", finding.start, finding.end))
}

/// Line and column, the obvious way; a byte-order mark is no character of the first line.
fn place(text: &str, at: usize) -> LineCol {
    let before = text[..at].trim_start_matches('\u{feff}');
    let line = 1 + before.matches('\n').count();
    let col = 1 + before.rsplit('\n').next().unwrap().chars().count();
    LineCol { line, col }
}

fn scan(bytes: &[u8], path: &str) -> Vec<Finding> {
    let origin = Origin { path: path.into(), shown: path.into() };
    let blob = Blob::whole(&origin, bytes, content::nature(bytes));
    assert_ne!(blob.nature, Nature::Binary);
    ENGINE.scan(&blob)
}

fn describe(finding: &Finding) -> String {
    let rule = &ENGINE.rules().rule(finding.rule).id;
    format!("{rule} `{}`", String::from_utf8_lossy(finding.secret.expose()))
}

struct Failure {
    credential: &'static str,
    template: &'static Template,
    dress: Dress,
    problem: String,
    text: String,
}

impl Failure {
    fn place(&self) -> String {
        format!("{} in {} {}", self.credential, self.template.path, self.template.title)
    }
}

#[derive(Default)]
struct Failures(Vec<Failure>);

impl Failures {
    fn add(
        &mut self,
        credential: &'static Credential,
        template: &'static Template,
        dress: Dress,
        problem: &str,
        text: &str,
    ) {
        let (problem, text) = (problem.to_owned(), text.to_owned());
        self.0.push(Failure { credential: credential.title, template, dress, problem, text });
    }

    fn report(&self) {
        let mut out = String::new();
        for f in self.0.iter().take(SHOWN) {
            writeln!(out, "{} ({:?}): {}\n{}\n", f.place(), f.dress, f.problem, f.text).unwrap();
        }
        let mut by_credential = BTreeMap::<_, usize>::new();
        let mut by_template = BTreeMap::<_, usize>::new();
        let mut by_dress = BTreeMap::<_, usize>::new();
        let mut by_problem = BTreeMap::<_, usize>::new();
        for f in &self.0 {
            *by_credential.entry(f.credential).or_default() += 1;
            *by_template.entry((&f.template.path, &f.template.title)).or_default() += 1;
            *by_dress.entry(format!("{:?}", f.dress)).or_default() += 1;
            *by_problem.entry(f.problem.chars().take(60).collect::<String>()).or_default() += 1;
        }
        by_credential.iter().for_each(|(k, n)| writeln!(out, "{n:5} {k}").unwrap());
        by_dress.iter().for_each(|(k, n)| writeln!(out, "{n:5} {k}").unwrap());
        by_problem
            .iter()
            .filter(|&(_, &n)| n > 1)
            .for_each(|(k, n)| writeln!(out, "{n:5} {k}").unwrap());
        by_template.iter().for_each(|((p, t), n)| writeln!(out, "{n:5} {p}: {t}").unwrap());
        assert!(self.0.is_empty(), "{} failures:\n\n{out}", self.0.len());
    }
}
