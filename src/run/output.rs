//! What `scan` and `git` do around the reading: progress, triage, reports, exit code.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Exit, now, style,
    suppress::{Desk, Reading},
    warn,
};
use crate::{
    cli::{CommonArgs, OutputArgs},
    coverage::Skip,
    finding::Finding,
    report::{self, Detail, Format, Look, Occasion, Report, Secrets, Style},
    source::{Meter, Outcome},
    triage::{history, proof, suppress::Tally},
};

/// Sorts, grades and reports what was read.
pub(super) fn finish(
    args: &CommonArgs,
    desk: &Desk<'_>,
    outcome: Outcome<Finding>,
    files: Vec<File>,
) -> anyhow::Result<Exit> {
    finish_as(args, desk, outcome, files, View::Report)
}

/// The same for a hook, whose terminal report is one screen.
pub(super) fn finish_hook(
    args: &CommonArgs,
    desk: &Desk<'_>,
    outcome: Outcome<Finding>,
    files: Vec<File>,
    occasion: Occasion,
) -> anyhow::Result<Exit> {
    let is_for_people = args.output.format == Format::Terminal;
    let view = if is_for_people { View::Hook(occasion) } else { View::Report };
    finish_as(args, desk, outcome, files, view)
}

/// What is printed on standard output.
#[derive(Clone, Copy)]
pub(super) enum View {
    /// The report in the format that was asked for.
    Report,
    /// One screen for whoever was stopped.
    Hook(Occasion),
}

fn finish_as(
    args: &CommonArgs,
    desk: &Desk<'_>,
    mut outcome: Outcome<Finding>,
    files: Vec<File>,
    view: View,
) -> anyhow::Result<Exit> {
    let engine = desk.engine();
    outcome.coverage.sort();
    let (Triaged { mut findings, stale }, errors) = judge(desk, &mut outcome);
    findings.retain(|f| desk.is_wanted(f));
    let mut tally = Tally { stale, ..Tally::default() };
    tally.count(&findings);
    if !args.no_suppress {
        findings.retain(|f| f.suppressed.is_none());
    }
    let fails = findings.iter().any(|f| f.severity >= desk.settings().fail_on());
    let secrets = secrets(&args.output);
    let report = Report {
        tally,
        ..Report::of(&findings, engine.rules(), outcome.coverage, errors, secrets)
    };
    write_reports(&args.output, &report, engine.now(), files, view)?;
    Ok(match (report.errors.is_empty(), !fails || args.output.exit_zero) {
        (false, _) => Exit::Incomplete,
        (true, true) => Exit::Clean,
        (true, false) => Exit::Findings,
    })
}

/// Reads, and shows on a terminal how far that is.
pub(super) fn with_progress(
    args: &CommonArgs,
    read: impl FnOnce(&Meter) -> anyhow::Result<Outcome<Finding>>,
) -> anyhow::Result<Outcome<Finding>> {
    let meter = Meter::default();
    let done = AtomicBool::new(false);
    let shown = !args.no_progress && !args.output.quiet && io::stderr().is_terminal();
    std::thread::scope(|scope| {
        if shown {
            scope.spawn(|| show_progress(&meter, &done));
        }
        let outcome = read(&meter);
        done.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Shows files and bytes until `done`; nothing at all during the first second.
fn show_progress(meter: &Meter, done: &AtomicBool) {
    const DELAY: Duration = Duration::from_secs(1);
    const TICK: Duration = Duration::from_millis(50);
    let started = std::time::Instant::now();
    let bar = ProgressBar::hidden();
    bar.set_style(
        ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is ours"),
    );
    while !done.load(Ordering::Relaxed) {
        if started.elapsed() >= DELAY {
            if bar.is_hidden() {
                bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            }
            let (files, bytes) = meter.read();
            bar.set_message(format!("{files} files, {} MB", bytes / 1_000_000));
            bar.tick();
        }
        std::thread::sleep(TICK);
    }
    bar.finish_and_clear();
}

/// Findings, graded and judged.
pub(super) struct Triaged {
    /// All of them, accepted or not. Sorted.
    pub(super) findings: Vec<Finding>,
    /// What accepts nothing.
    stale: Vec<String>,
}

/// Grades and judges what was read, and warns of what went wrong.
pub(super) fn judge(desk: &Desk<'_>, outcome: &mut Outcome<Finding>) -> (Triaged, Vec<String>) {
    let mut errors: Vec<String> =
        outcome.errors.iter().map(|e| format!("{:#}", ErrorChain(e))).collect();
    let damaged = outcome.coverage.skipped.get(&Skip::DamagedContainer).into_iter().flatten();
    errors.extend(damaged.map(|name| format!("`{name}` is damaged: not all of it was searched")));
    errors.sort();
    let triaged = triage(desk, std::mem::take(&mut outcome.items), &mut errors);
    for error in &errors {
        warn(error);
    }
    (triaged, errors)
}

/// Sorts, proves and judges.
fn triage(desk: &Desk<'_>, mut findings: Vec<Finding>, errors: &mut Vec<String>) -> Triaged {
    findings.sort_by(|a, b| {
        (a.sort_key(), &a.fingerprint, &a.origin).cmp(&(b.sort_key(), &b.fingerprint, &b.origin))
    });
    // A file that was named twice. Two secrets may have stood at the same place at different times.
    findings.dedup_by(|a, b| a.sort_key() == b.sort_key() && a.secret == b.secret);
    let engine = desk.engine();
    let untried = proof::prove_signatures(engine.rules(), &mut findings);
    if untried > 0 {
        errors.push(format!("{untried} pairs of token and secret were not tried against each other: there are too many"));
    }
    history::weigh(engine.rules(), &mut findings, engine.now());
    desk.move_severities(&mut findings);
    let stale = desk.judge(&mut findings, Reading::with(errors));
    Triaged { findings, stale }
}

/// Whether secrets are printed.
pub(super) fn secrets(args: &OutputArgs) -> Secrets {
    if args.show_secrets { Secrets::Shown } else { Secrets::Redacted }
}

fn detail(args: &OutputArgs) -> Detail {
    match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Verbose,
        (false, false) => Detail::Normal,
    }
}

pub(super) fn open_reports(args: &OutputArgs) -> anyhow::Result<Vec<File>> {
    args.reports
        .iter()
        .map(|(_, path)| {
            File::create(path).with_context(|| format!("cannot write report `{}`", path.display()))
        })
        .collect()
}

/// Every report is tried, whatever becomes of the others. `began` is in seconds since 1970.
pub(super) fn write_reports(
    args: &OutputArgs,
    report: &Report,
    began: i64,
    files: Vec<File>,
    view: View,
) -> anyhow::Result<()> {
    let ended = now();
    let look =
        Look { style: style(args.color), detail: detail(args), times: (began.min(ended), ended) };
    let plain = Look { style: Style::Plain, ..look };
    let mut failed = None;
    for ((format, path), file) in args.reports.iter().zip(files) {
        if let Err(e) = report::write(report, &plain, *format, &mut BufWriter::new(file)) {
            let error =
                anyhow::Error::new(e).context(format!("cannot write report `{}`", path.display()));
            failed.get_or_insert(error);
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match view {
        View::Report => report::write(report, &look, args.format, &mut out),
        View::Hook(occasion) => report::write_hook(report, &look, occasion, &mut out),
    };
    if let Err(e) = written {
        failed.get_or_insert(anyhow::Error::new(e).context("cannot write to standard output"));
    }
    failed.map_or(Ok(()), Err)
}

/// An error and its causes in one line.
struct ErrorChain<'e>(&'e dyn std::error::Error);

impl std::fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
