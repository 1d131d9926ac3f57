//! `straykey explain`: every gate that a line passed or failed.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, bail};

use super::{
    Exit, engine, print,
    settings::{self, Asked},
    suppress::{Desk, Reading},
};
use crate::{
    blob::{Before, Blob, Origin},
    cli::ExplainArgs,
    content::{self, Limits, Text},
    engine::{Engine, Judged},
    finding::{Finding, Suppression},
    matcher::NearCheck,
    rule::RuleSet,
    secret::Secret,
    source::walk::Place,
    span::{self, LineCol},
};

/// More than this is not read at once; such files are data and not source.
const MAX_BYTES: u64 = 256 << 20;

pub(super) fn explain(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let (path, line) = path_and_line(&args.place)?;
    let root = settings::root(Some(Path::new(path)));
    let asked = Asked::new(&args.config, Some(&root), settings::rule_flags(&args.rules))?;
    let engine = engine(asked.rules()?, Limits::default());
    let context = || format!("cannot read `{path}`");
    let size = fs::metadata(path).with_context(context)?.len();
    if size > MAX_BYTES {
        bail!("`{path}` has {size} bytes; `explain` reads at most {MAX_BYTES}");
    }
    let bytes = fs::read(path).with_context(context)?;
    let place = Place::of(Path::new(path), false);
    let origin = Origin { shown: path.into(), ..Origin::file(&place.prefix, Path::new("")) };
    let nature = content::nature(&bytes);
    let text = Text::of(&Blob::whole(&origin, &bytes, nature));
    let last = span::line_col(&text.bytes, text.bytes.len(), Before::default()).line;
    if line > last {
        bail!("`{path}` has {last} lines");
    }
    let mut out = explanation(engine, &text, line)?;
    let mut findings = engine.scan(&Blob::whole(&origin, &bytes, nature));
    Desk::of_file(asked, &args.known, engine, place.base)?.judge(&mut findings, Reading::Partial);
    write_suppressions(&mut out, engine.rules(), &findings, line)?;
    print(out.as_bytes())
}

fn path_and_line(place: &str) -> anyhow::Result<(&str, usize)> {
    let parsed = place.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?)));
    match parsed {
        Some((path, line)) if line > 0 && !path.is_empty() => Ok((path, line)),
        _ => {
            bail!("expected PATH:LINE with a line from 1, as in `src/config.py:12`; got `{place}`")
        }
    }
}

fn explanation(engine: &Engine, text: &Text<'_>, line: usize) -> anyhow::Result<String> {
    let rules = engine.rules();
    let at = |byte: usize| span::line_col(&text.bytes, byte, Before::default());
    let mut out = String::new();
    if text.binary {
        writeln!(out, "the file is binary: only rules with a documented prefix apply")?;
    }
    let of_line = span::bytes_of_line(&text.bytes, line);
    let mut hit_rules: Vec<&str> = Vec::new();
    engine.hits(text, |hit| {
        // A rule for whole files has no keyword: every short file is a hit, which tells nothing of the line.
        let is_keyword = hit.start < hit.end;
        if is_keyword && of_line.contains(&hit.start) {
            let members = &rules.groups()[hit.group as usize].members;
            hit_rules
                .extend(members.iter().map(|&m| rules.rule(rules.patterns()[m].rule).id.as_str()));
        }
    });
    hit_rules.sort_unstable();
    hit_rules.dedup();
    writeln!(
        out,
        "prefilter: {} on this line",
        if hit_rules.is_empty() {
            "no keyword".into()
        } else {
            format!("keywords of {}", hit_rules.join(", "))
        }
    )?;
    let judged: Vec<Judged> = engine
        .judge(text, engine.candidates(text, NearCheck::Later))
        .into_iter()
        .filter(|j| {
            (at(j.candidate.whole.start).line..=at(j.candidate.secret.end).line).contains(&line)
        })
        .collect();
    if judged.is_empty() {
        writeln!(out, "matcher: no regex matches here")?;
    }
    for j in &judged {
        write_verdict(&mut out, rules, text, j, at(j.candidate.secret.start))?;
    }
    Ok(out)
}

/// What accepts the findings of a line.
fn write_suppressions(
    out: &mut String,
    rules: &RuleSet,
    findings: &[Finding],
    line: usize,
) -> anyhow::Result<()> {
    for f in findings.iter().filter(|f| (f.start.line..=f.end.line).contains(&line)) {
        let Some(Suppression { by, place, reason }) = f.suppressed.as_deref() else { continue };
        let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        let rule = &rules.rule(f.rule).id;
        let LineCol { line, col } = f.start;
        writeln!(out, "{line}:{col} `{rule}` is accepted by {by} ({place}){reason}")?;
    }
    Ok(())
}

fn write_verdict(
    out: &mut String,
    rules: &RuleSet,
    text: &Text<'_>,
    judged: &Judged,
    place: LineCol,
) -> anyhow::Result<()> {
    let rule = rules.rule(judged.candidate.rule);
    let pattern = &rules.patterns()[judged.candidate.pattern].spec;
    let bytes = &text.bytes[judged.candidate.secret.clone()];
    let shown = Secret::new(bytes).redacted(crate::filter::public_len(&pattern.prefixes, bytes));
    write!(out, "{}:{} `{}` {shown}: ", place.line, place.col, rule.id)?;
    match &judged.verdict {
        Ok(evidence) => {
            match evidence.credential(rules) {
                Some(credential) => writeln!(out, "reported as `{}`", rules.rule(credential).id)?,
                None => writeln!(out, "reported")?,
            }
            for fact in evidence
                .facts
                .iter()
                .cloned()
                .chain(evidence.weakness.iter().map(ToString::to_string))
            {
                writeln!(out, "    {fact}")?;
            }
        }
        Err(dropped) => writeln!(out, "dropped: {dropped}")?,
    }
    Ok(())
}
