//! `straykey scan`.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Exit, engine, load_rules, output,
    suppress::{Desk, Plan},
};
use crate::{
    cli::{CommonArgs, ScanArgs},
    finding::Finding,
    source::{
        Meter, Outcome, stdin,
        walk::{self, GitIgnored},
    },
};

pub(super) fn scan(args: &ScanArgs) -> anyhow::Result<Exit> {
    let engine = engine(load_rules(&args.common.rules)?, (&args.common.content).into());
    let desk = Desk::open(&args.common, engine, Plan::of_files(&args.paths))?;
    // Before the scan, so that a typing error does not cost one.
    let files = output::open_reports(&args.common.output)?;
    let outcome =
        output::with_progress(&args.common, |meter| read(&args.paths, &args.common, &desk, meter))?;
    output::finish(&args.common, engine, &desk, outcome, files)
}

/// Reads files, directories and, for `-`, standard input.
pub(super) fn read(
    paths: &[PathBuf],
    args: &CommonArgs,
    desk: &Desk<'_>,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let (streams, roots): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(|p| p == Path::new("-"));
    let options = walk::Options {
        roots,
        exclude: args.exclude.clone(),
        git_ignored: if args.no_ignore { GitIgnored::Read } else { GitIgnored::Skipped },
        threads: args.threads,
    };
    let mut outcome = walk::walk(&options, meter, desk)?;
    if !streams.is_empty() {
        outcome.add(stdin::read(io::stdin().lock(), meter, desk));
    }
    if options.roots.is_empty() {
        outcome.coverage.ignore_rules = false;
    }
    Ok(outcome)
}
