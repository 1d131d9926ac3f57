//! What could be better about rules that work: parts that are missing, words that are searched in vain,
//! regexes that grow without need, cases that show one syntax only, and rules that share bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::syntax::{self, Place, Syntax};
use crate::{
    content::Text,
    engine::{Engine, Judged},
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
            guidance.self_service == Some(false) && guidance.contact.is_none(),
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

/// What the regexes of the rules in `files` show, and their `cases`.
pub fn remarks(engine: &Engine, files: &[(PathBuf, RuleFile)], cases: &[Case]) -> Vec<Remark> {
    let homes: BTreeMap<&str, (&Path, &RuleForm)> = files
        .iter()
        .flat_map(|(path, file)| file.rule.iter().map(|r| (r.id.as_str(), (path.as_path(), r))))
        .collect();
    let mut shown: BTreeMap<&str, Vec<AboutCase>> = BTreeMap::new();
    for case in cases.iter().filter(|c| c.expected == Expected::Found) {
        shown.entry(&case.rule).or_default().extend(AboutCase::of(engine, case));
    }
    let mut found: BTreeSet<(&str, String)> = about_patterns(engine.rules()).collect();
    for (&id, (_, form)) in &homes {
        let shown = shown.remove(id).unwrap_or_default();
        found.extend(overlaps(&shown).chain(few_syntaxes(form, &shown)).map(|text| (id, text)));
    }
    let remark = |(id, text): (&str, String)| {
        let (file, _) = homes.get(id)?;
        Some(Remark { file: (*file).to_owned(), subject: id.to_owned(), text })
    };
    found.into_iter().filter_map(remark).collect()
}

fn overlaps(shown: &[AboutCase]) -> impl Iterator<Item = String> {
    let rivals: BTreeSet<&String> = shown.iter().flat_map(|about| &about.rivals).collect();
    rivals.into_iter().map(|other| {
        format!("`{other}` matches the same bytes, and loses by length or name alone: narrow one")
    })
}

fn few_syntaxes(form: &RuleForm, shown: &[AboutCase]) -> Option<String> {
    let is_named = form.name.is_some() || form.also.iter().any(|also| also.name.is_some());
    // One kind of file has one syntax, and so has what regexes spell out.
    let is_bound =
        !form.paths.is_empty() || (!is_named && shown.iter().all(|a| a.place.is_spelled));
    let syntaxes: BTreeSet<Syntax> = shown.iter().map(|about| about.place.syntax).collect();
    let n = syntaxes.len();
    (!is_bound && n < MIN_CASES).then(|| format!("`must_find` shows {n} of {MIN_CASES} syntaxes"))
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

/// What a case shows of its rule.
struct AboutCase {
    place: Place,
    /// Rules that the same bytes satisfy, and that state no less than this one.
    rivals: Vec<String>,
}

impl AboutCase {
    /// `None` if the rule does not find its case.
    fn of(engine: &Engine, case: &Case) -> Option<Self> {
        let rules = engine.rules();
        let text = Text::whole(case.text.as_bytes(), &case.path);
        let judged = engine.judge(&text, engine.candidates(&text, NearCheck::Later));
        let (own, evidence) = judged
            .iter()
            .filter(|j| rules.rule(j.candidate.rule).id == case.rule)
            .find_map(|j| Some((&j.candidate, j.verdict.as_ref().ok()?)))?;
        let stated = engine.stated_precision(own.pattern, Some(evidence));
        let covered =
            |j: &&Judged| matches!(&j.verdict, Err(Dropped::Covered { by }) if *by == case.rule);
        let rivals = judged
            .iter()
            .filter(covered)
            .map(|j| &j.candidate)
            .filter(|c| c.rule != own.rule)
            .filter(|c| engine.stated_precision(c.pattern, None) >= stated)
            .map(|c| rules.rule(c.rule))
            // Formats of nobody overlap by nature.
            .filter(|rule| !rules.provider(rule).general)
            .map(|rule| rule.id.to_string())
            .collect();
        Some(Self { place: syntax::place(&case.text, own.whole.start, own.secret.start), rivals })
    }
}
