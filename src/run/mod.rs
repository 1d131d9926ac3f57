//! Joins the stages: arguments -> exit code. The only place that knows all layers.

mod baseline;
mod config;
mod explain;
mod git;
mod gitleaks;
mod hook;
mod output;
mod report;
mod rules;
mod scan;
mod settings;
mod since;
mod suppress;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::CommandFactory as _;
use gitleaks::Called;

use crate::{
    cli::{Cli, Color, Command},
    content::Limits,
    engine::Engine,
    report::Style,
    rule::RuleSet,
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was read and nothing was found.
    Clean,
    /// Something was found.
    Findings,
    /// Something was found, and the caller has a code of its own for that.
    FindingsAs(u8),
    /// Part of the input could not be read.
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::FindingsAs(code) => code,
            Exit::Incomplete => 2,
        })
    }
}

/// Runs `cli`.
///
/// # Errors
///
/// If the request is wrong or its output could not be written. Both give exit code 2.
pub fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Scan(args) => scan::scan(args),
        Command::Git(args) => git::git(args),
        Command::Guide(args) => rules::guide(args),
        Command::Rules { command } => rules::rules(command),
        Command::Baseline { command } => baseline::baseline(command),
        Command::Explain(args) => explain::explain(args),
        Command::Hook { command } => hook::hook(command),
        Command::Report(args) => report::report(args),
        Command::Config { command } => config::config(command),
        Command::Detect(args) => gitleaks::run(Called::Detect, args),
        Command::Protect(args) => gitleaks::run(Called::Protect, args),
        Command::Dir(args) => gitleaks::run(Called::Dir, args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "straykey", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .context("cannot make the manual page")?;
            print(&page)
        }
    }
}

/// Writes `bytes` to standard output.
fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(Exit::Clean)
}

/// Writes a message to standard error. Nobody can be told if that fails.
///
/// Messages name files of the scanned tree: their control characters stay out of the terminal.
pub fn warn(message: &str) {
    let clean = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    let message: String = message.chars().map(clean).collect();
    let _ = writeln!(io::stderr().lock(), "straykey: {message}");
}

/// An engine for the rest of the run. Nothing frees it: that would take a tenth of a short one.
fn engine(rules: RuleSet, limits: Limits) -> &'static Engine {
    let engine = Engine::new(rules, jiff::Timestamp::now().as_second());
    Box::leak(Box::new(engine.with_limits(limits)))
}

/// The time for formats that state one, in seconds since 1970: `SOURCE_DATE_EPOCH`, if it is set, so
/// that the same input can give the same bytes.
///
/// <https://reproducible-builds.org/specs/source-date-epoch/>
fn now() -> i64 {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|v| v.parse().ok());
    fixed.unwrap_or_else(|| jiff::Timestamp::now().as_second())
}

/// Whether standard output gets colours.
fn style(color: Color) -> Style {
    let wanted = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
                && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
        }
    };
    if wanted { Style::Coloured } else { Style::Plain }
}
