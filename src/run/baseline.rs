//! `straykey baseline`: accepts what is found today, or forgets what is gone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::{
    Exit, engine, git, output, print, scan,
    settings::Asked,
    suppress::{Desk, Plan, Reading, open_baseline},
};
use crate::{
    cli::{BaselineArgs, BaselineCommand},
    finding::{Finding, Suppressor},
    source::{Meter, Outcome},
    triage::baseline::{self, Baseline, Entry, Stood},
};

pub(super) fn baseline(command: &BaselineCommand) -> anyhow::Result<Exit> {
    match command {
        BaselineCommand::Write(args) => change(args, "baseline write", add_new),
        BaselineCommand::Prune(args) => change(args, "baseline prune", drop_stale),
    }
}

/// What was scanned, for those who change a baseline.
struct Scanned<'s> {
    desk: &'s Desk<'s>,
    /// All of them, graded and judged.
    findings: Vec<Finding>,
    reading: Reading,
}

/// Scans, and writes the baseline that `changed` makes of the old one.
fn change(
    args: &BaselineArgs,
    doing: &str,
    changed: fn(&Scanned<'_>, Baseline) -> (Baseline, String),
) -> anyhow::Result<Exit> {
    let asked = asked(args)?;
    let engine = engine(asked.rules()?, (&args.common.content).into());
    let plan = plan(args)?;
    let path = file(args, &asked, &plan)?;
    // What is no baseline is not written over.
    let old = open_baseline(&path)?;
    if old.is_none() && doing.ends_with("prune") {
        bail!("there is no baseline `{}`; `straykey baseline write` makes one", path.display());
    }
    let common = &args.common;
    let desk = Desk::with_baseline(asked, engine, plan, old.clone())?;
    let mut outcome = output::with_progress(common, |meter| read(args, &desk, meter))?;
    let (triaged, errors) = output::judge(&desk, &mut outcome);
    let findings = triaged.findings;
    let reading = Reading::with(&errors);
    let scanned = Scanned { desk: &desk, findings, reading };
    let (new, said) = changed(&scanned, old.clone().unwrap_or_default());
    let text = new.to_string();
    replace(&path, &text).with_context(|| format!("cannot write `{}`", path.display()))?;
    print(format!("{}: {said}\n", shown(&path)).as_bytes())?;
    Ok(if errors.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

fn asked(args: &BaselineArgs) -> anyhow::Result<Asked> {
    match (args.git, args.paths.as_slice()) {
        (true, [repository]) => git::asked_of(repository, &args.common),
        (_, paths) => scan::asked(paths, &args.common),
    }
}

fn plan(args: &BaselineArgs) -> anyhow::Result<Plan> {
    match (args.git, args.paths.as_slice()) {
        (false, paths) => Ok(Plan::of_files(paths)),
        (true, [repository]) => git::plan_whole(repository),
        (true, _) => bail!("--git takes one repository"),
    }
}

fn read(args: &BaselineArgs, desk: &Desk<'_>, meter: &Meter) -> anyhow::Result<Outcome<Finding>> {
    match (args.git, args.paths.as_slice()) {
        (true, [repository]) => git::read_whole(repository, &args.common, desk, meter),
        (_, paths) => scan::read(paths, &args.common, desk, meter),
    }
}

/// The file to write.
fn file(args: &BaselineArgs, asked: &Asked, plan: &Plan) -> anyhow::Result<PathBuf> {
    let configured = asked.settings.baseline.as_ref().map(|b| &b.value);
    let path = match (&args.file, args.common.known.baseline.as_ref().or(configured), &plan.base) {
        (Some(_), Some(_), _) if args.common.known.baseline.is_some() => {
            bail!("the baseline is named twice: once is enough")
        }
        (Some(file), _, _) | (None, Some(file), _) => file.clone(),
        (None, None, Some(base)) => base.join(baseline::NAME),
        (None, None, None) => bail!("these paths have no root in common: name the baseline"),
    };
    if path.is_dir() {
        bail!(
            "`{}` is a directory; the baseline's file comes first, then what to scan",
            path.display()
        );
    }
    Ok(path)
}

/// `path` as short as it can be typed here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// Writes `text` in one step: whoever reads meanwhile sees the old or the new file.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    fs::write(&new, text)?;
    fs::rename(&new, &path)
}

fn add_new(scanned: &Scanned<'_>, mut baseline: Baseline) -> (Baseline, String) {
    let before = baseline.len();
    for finding in scanned.findings.iter().filter(|f| scanned.desk.is_wanted(f)) {
        // A renamed one is entered at its new path; what a comment accepts needs no second word.
        let by = finding.suppressed.as_ref().map(|s| s.by);
        if matches!(by, None | Some(Suppressor::Baseline)) {
            baseline.add(Entry::of(scanned.desk.engine().rules(), finding));
        }
    }
    let added = baseline.len() - before;
    (baseline, format!("{added} added, {before} were there"))
}

fn drop_stale(scanned: &Scanned<'_>, old: Baseline) -> (Baseline, String) {
    let mut baseline = old.clone();
    scanned.desk.on_ground(scanned.reading, |ground| {
        let verdict = old.judge(scanned.desk.engine().rules(), &scanned.findings, ground);
        verdict.stale.iter().for_each(|entry| baseline.drop_entry(entry));
        for (entry, finding) in verdict.accepted.iter().zip(&scanned.findings) {
            let Some(entry) = entry.filter(|e| e.path == finding.origin.path) else { continue };
            // So that a scan of files does not ask for what only the history has.
            let now = Entry::of(scanned.desk.engine().rules(), finding);
            if entry.stood == Stood::Tree && now.stood == Stood::History {
                baseline.drop_entry(entry);
                baseline.add(now);
            }
        }
    });
    let dropped = old.len() - baseline.len();
    let kept = baseline.len();
    (baseline, format!("{dropped} dropped, {kept} kept"))
}
