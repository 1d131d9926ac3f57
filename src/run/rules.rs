//! `straykey rules` and `straykey guide`.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::bail;

use super::{
    Exit, engine, print,
    settings::{self, Asked},
};
use crate::{
    cli::{ConfigArgs, GuideArgs, RulesCommand},
    content::Limits,
    report::{self, RuleEntry},
    rule::{
        KnownBy, RuleSet,
        cases::{self, Case},
        check::{self, Cases},
        file::RuleFile,
        load::{self, LoadError},
        text::Text,
    },
    selftest::{self, Remark},
};

pub(super) fn rules(command: &RulesCommand) -> anyhow::Result<Exit> {
    match command {
        RulesCommand::List { files, config } => list(&rules_in_use(files, config)?),
        RulesCommand::Show { id, files, config } => show(id, &rules_in_use(files, config)?),
        RulesCommand::Test { paths } => test(paths),
    }
}

/// What a scan of the current directory would use.
fn rules_in_use(files: &[PathBuf], config: &ConfigArgs) -> anyhow::Result<RuleSet> {
    Asked::new(config, Some(&settings::root(None)), settings::file_flags(files))?.rules()
}

fn list(rules: &RuleSet) -> anyhow::Result<Exit> {
    let width = rules.rules().iter().map(|r| r.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in rules.rules() {
        writeln!(out, "{:width$}  {:8}  {}", rule.id, rule.severity.as_str(), rule.title)?;
    }
    print(out.as_bytes())
}

fn show(id: &str, rules: &RuleSet) -> anyhow::Result<Exit> {
    let index = rules.find(id).ok_or_else(|| load::unknown(rules.rules(), id))?;
    let rule = rules.rule(index);
    let mut out = String::new();
    writeln!(out, "{}: {}", rule.id, rule.title)?;
    writeln!(out, "severity    {}", rule.severity.as_str())?;
    writeln!(
        out,
        "confidence  {} before checksum and structure are looked at",
        rule.confidence.as_str()
    )?;
    if rule.min_entropy_bits > 0.0 {
        writeln!(out, "entropy     at least {} bits per byte", rule.min_entropy_bits)?;
    }
    if !rule.paths.is_empty() {
        writeln!(out, "files       {}", rule.paths.join(" "))?;
    }
    if !rule.not_paths.is_empty() {
        writeln!(out, "not files   {}", rule.not_paths.join(" "))?;
    }
    if rules.credential_of(rule.provider) == Some(index) {
        let KnownBy { names, words, hosts } = &rules.provider(rule).known_by;
        for (what, all) in [("names", names), ("words", words), ("hosts", hosts)] {
            if !all.is_empty() {
                writeln!(out, "{what:11} {}", all.join(" "))?;
            }
        }
    }
    let own = rules.patterns().iter().filter(|p| p.rule == index);
    for pattern in own.map(|p| &p.spec) {
        writeln!(out, "keywords    {}", pattern.keywords.join(" "))?;
        writeln!(out, "regex       {}", pattern.regex)?;
        if let Some(near) = &pattern.near {
            writeln!(
                out,
                "near        {} within {} lines",
                near.any.iter().map(Text::as_str).collect::<Vec<_>>().join(" or "),
                near.lines
            )?;
        }
    }
    writeln!(out, "source      {} (read {})\n", rule.source, rule.checked)?;
    out.push_str(&report::text(&RuleEntry::of(rules, rule)));
    print(out.as_bytes())
}

pub(super) fn guide(args: &GuideArgs) -> anyhow::Result<Exit> {
    let rules = rules_in_use(&args.files, &args.config)?;
    let Some(topic) = &args.topic else { return providers(&rules) };
    let wanted = topic.to_ascii_lowercase();
    let exact: Vec<_> = rules.rules().iter().filter(|r| r.id == wanted).collect();
    let of_provider = || {
        rules.rules().iter().filter(|r| {
            let provider = rules.provider(r);
            provider.id == wanted || provider.name.eq_ignore_ascii_case(topic)
        })
    };
    let chosen = if exact.is_empty() { of_provider().collect() } else { exact };
    let mut books: Vec<String> = Vec::new();
    for rule in chosen {
        let text = report::text(&RuleEntry::of(&rules, rule));
        if !books.contains(&text) {
            books.push(text);
        }
    }
    if books.is_empty() {
        bail!("no rule or provider is called `{topic}`; `straykey guide` lists the providers");
    }
    print(books.join("\n").as_bytes())
}

fn providers(rules: &RuleSet) -> anyhow::Result<Exit> {
    let mut out = String::new();
    for provider in rules.providers() {
        writeln!(out, "{:16} {}", provider.id, provider.name)?;
    }
    print(out.as_bytes())
}

fn test(paths: &[PathBuf]) -> anyhow::Result<Exit> {
    let UnderTest { rules, forms, cases } = under_test(paths)?;
    let engine = engine(rules, Limits::default());
    let failures = selftest::run(engine, &cases);
    let missing = selftest::missing_parts(&forms);
    let mut out = String::new();
    for f in &failures {
        let Case { file, rule, expected, index, .. } = &f.case;
        writeln!(out, "{}: `{rule}`: {}[{index}] {}", file.display(), expected.key(), f.problem)?;
    }
    let remarks = missing.iter().cloned().chain(selftest::remarks(engine, &forms, &cases));
    let mut count = 0;
    for Remark { file, subject, text } in remarks {
        writeln!(out, "{}: `{subject}`: remark: {text}", file.display())?;
        count += 1;
    }
    if count > 0 {
        writeln!(out, "{count} remarks")?;
    }
    writeln!(out, "{} cases, {} failed", cases.len(), failures.len())?;
    print(out.as_bytes())?;
    // Our own catalogue must be complete; what a user's lacks is the user's business.
    let complete = !paths.is_empty() || missing.is_empty();
    Ok(if failures.is_empty() && complete { Exit::Clean } else { Exit::Findings })
}

struct UnderTest {
    rules: RuleSet,
    forms: Vec<(PathBuf, RuleFile)>,
    cases: Vec<Case>,
}

/// The rules and the cases of `paths`, or of the built-in files. A file that has the name of a
/// built-in one takes its place, so that it can be worked on.
fn under_test(paths: &[PathBuf]) -> Result<UnderTest, LoadError> {
    let files: Vec<(PathBuf, String)> = if paths.is_empty() {
        load::BUILTIN_FILES
            .iter()
            .map(|(name, text)| (PathBuf::from(name), (*text).to_owned()))
            .collect()
    } else {
        load::read_files(paths)?
    };
    let mut before = load::builtin();
    let replaced: Vec<bool> = before
        .providers
        .iter()
        .map(|p| files.iter().any(|(f, _)| f.file_stem().is_some_and(|s| s == p.id.as_str())))
        .collect();
    before.rules.retain(|r| !replaced[r.provider]);
    let mut errors = Vec::new();
    let mut forms = Vec::new();
    let mut cases = Vec::new();
    for (path, text) in &files {
        match check::parse_file(path, text) {
            Ok(form) => {
                cases.extend(cases::of_file(path, &form));
                forms.push((path.clone(), form));
            }
            Err(e) => errors.push(e),
        }
    }
    match check::check_files(before, &forms, Cases::Required) {
        Ok(catalogue) => {
            errors.extend(load::explosive(&catalogue, &forms));
            if errors.is_empty() {
                return Ok(UnderTest { rules: RuleSet::new(catalogue), forms, cases });
            }
        }
        Err(more) => errors.extend(more),
    }
    Err(LoadError::Check(errors))
}
