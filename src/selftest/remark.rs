//! What could be better about rules that work: parts that are missing, words that are searched in vain,
//! regexes that grow without need, cases that show one syntax only, and rules that share bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::syntax;
use crate::{
    content::Text,
    engine::Engine,
    filter::Dropped,
    matcher::NearCheck,
    rule::{
        RuleSet,
        cases::{Case, Expected},
        cost,
        file::{ProviderForm, RuleFile, RuleForm},
        shape,
    },
};

/// Fewer cases than this do not show where a rule ends, nor in how many syntaxes it works.
const MIN_CASES: usize = 3;

/// Something that could be better.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The rule file.
    pub file: PathBuf,
    /// The rule, or the provider.
    pub subject: String,
    /// What.
    pub text: String,
}

/// Parts of `files` that a rule of the built-in catalogue must have.
pub fn missing_parts(files: &[(PathBuf, RuleFile)]) -> Vec<Remark> {
    let mut all = Vec::new();
    for (path, file) in files {
        let remark = |subject: &str, text: String| Remark {
            file: path.clone(),
            subject: subject.to_owned(),
            text,
        };
        let provider = &file.provider;
        all.extend(missing_in_runbook(provider).map(|text| remark(&provider.name, text)));
        for rule in &file.rule {
            all.extend(few_cases(rule).map(|text| remark(&rule.id, text)));
        }
    }
    all
}

fn missing_in_runbook(provider: &ProviderForm) -> impl Iterator<Item = String> {
    let guidance = &provider.guidance;
    let checks = [
        (guidance.impact.is_empty(), "`impact`: what somebody who holds it can do"),
        (guidance.steps.is_empty(), "`steps`: how to replace and revoke it"),
        (guidance.investigate.is_empty(), "`investigate`: what to look for, and in which log"),
        (guidance.prevent.is_empty(), "`prevent`: how to keep it from happening again"),
        (!guidance.source.starts_with("https://"), "`source`: the https address of the document"),
        (
            !guidance.self_service && guidance.contact.is_none(),
            "`contact`: whom to ask, as its holder can't revoke it",
        ),
    ];
    checks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| format!("has no {what}"))
}

fn few_cases(rule: &RuleForm) -> impl Iterator<Item = String> {
    [("must_find", rule.must_find.len()), ("must_ignore", rule.must_ignore.len())]
        .into_iter()
        .filter(|(_, n)| *n < MIN_CASES)
        .map(|(key, n)| format!("`{key}` has {n} of at least {MIN_CASES} cases"))
}

/// What the regexes of the rules that `cases` belong to, and these cases, show.
pub fn remarks(engine: &Engine, cases: &[Case]) -> Vec<Remark> {
    let homes: BTreeMap<&str, &Path> =
        cases.iter().map(|c| (c.rule.as_str(), c.file.as_path())).collect();
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (rule, text) in about_patterns(engine.rules()) {
        if let Some((&id, _)) = homes.get_key_value(rule) {
            found.entry(id).or_default().insert(text);
        }
    }
    let mut syntaxes: BTreeMap<&str, BTreeSet<syntax::Syntax>> = BTreeMap::new();
    for case in cases.iter().filter(|c| c.expected == Expected::Found) {
        let about = AboutCase::of(engine, case);
        syntaxes.entry(&case.rule).or_default().extend(about.syntax);
        let rivals = about.rivals.into_iter();
        found.entry(&case.rule).or_default().extend(
            rivals.map(|other| format!("`{other}` matches the same bytes, and is less precise")),
        );
    }
    for (rule, syntaxes) in syntaxes {
        if syntaxes.len() < MIN_CASES {
            let n = syntaxes.len();
            found.entry(rule).or_default().insert(format!("`must_find` shows {n} of 3 syntaxes"));
        }
    }
    let remark =
        |rule: &str, text| Remark { file: homes[rule].to_owned(), subject: rule.to_owned(), text };
    found
        .into_iter()
        .flat_map(|(rule, texts)| texts.into_iter().map(move |text| remark(rule, text)))
        .collect()
}

/// Words that no match needs, and automata that are too large; with the id of the rule.
fn about_patterns(rules: &RuleSet) -> impl Iterator<Item = (&str, String)> {
    rules.patterns().iter().flat_map(|pattern| {
        let id = rules.rule(pattern.rule).id.as_str();
        let spec = &pattern.spec;
        let keywords: Vec<String> = spec.keywords.iter().map(String::from).collect();
        let idle = shape::idle_keywords(&spec.regex, &keywords).unwrap_or_default();
        let idle = idle
            .iter()
            .map(|word| format!("every match without the keyword `{word}` has another"))
            .collect::<Vec<_>>();
        let large = cost::automaton_bytes(&spec.regex).is_none();
        let large = large.then(|| {
            format!("its regex takes more than {} MiB: repetitions multiply", cost::MAX_BYTES >> 20)
        });
        idle.into_iter().chain(large).map(move |text| (id, text)).collect::<Vec<_>>()
    })
}

#[derive(Default)]
struct AboutCase {
    syntax: Option<syntax::Syntax>,
    /// Rules of other providers that the same bytes satisfy.
    rivals: Vec<String>,
}

impl AboutCase {
    fn of(engine: &Engine, case: &Case) -> Self {
        let rules = engine.rules();
        let text = Text::whole(case.text.as_bytes(), &case.path);
        let mut about = Self::default();
        for judged in engine.judge(&text, engine.candidates(&text, NearCheck::Later)) {
            let rule = rules.rule(judged.candidate.rule);
            let secret = &judged.candidate.secret;
            match judged.verdict {
                Ok(_) if rule.id == case.rule => {
                    let before = case.text.get(..secret.start).unwrap_or_default();
                    about.syntax = Some(syntax::of(before));
                }
                Err(Dropped::Covered { by })
                    if by == case.rule && !rules.provider(rule).general =>
                {
                    about.rivals.push(rule.id.to_string());
                }
                Ok(_) | Err(_) => {}
            }
        }
        about
    }
}
