//! `straykey scan`.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Exit, engine, output,
    settings::{self, Asked},
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
    let asked = asked(&args.paths, &args.common)?;
    let engine = engine(asked.rules()?, (&args.common.content).into());
    let desk = Desk::open(asked, &args.common, engine, Plan::of_files(&args.paths))?;
    // Before the scan, so that a typing error does not cost one.
    let files = output::open_reports(&args.common.output)?;
    let outcome =
        output::with_progress(&args.common, |meter| read(&args.paths, &args.common, &desk, meter))?;
    output::finish(&args.common, engine, &desk, outcome, files)
}

/// What is asked of a scan of `paths`. The configuration of the first one's repository counts.
pub(super) fn asked(paths: &[PathBuf], args: &CommonArgs) -> anyhow::Result<Asked> {
    let first = paths.iter().find(|p| *p != Path::new("-"));
    let root = settings::root(first.map(PathBuf::as_path));
    Asked::new(&args.config, Some(&root), settings::flags(args))
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
        exclude: desk.settings().exclude_here.clone(),
        exclude_in_repository: desk.settings().exclude(),
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
