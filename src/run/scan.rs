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
    source::{Meter, Outcome, stdin, walk::GitIgnored},
};

pub(super) fn scan(args: &ScanArgs) -> anyhow::Result<Exit> {
    let asked = asked(&args.paths, &args.common)?;
    let engine = engine(asked.rules()?, (&args.common.content).into());
    let desk = Desk::open(asked, &args.common, engine, Plan::of_files(&args.paths))?;
    // Before the scan, so that a typing error does not cost one.
    let files = output::open_reports(&args.common.output)?;
    let outcome =
        output::with_progress(&args.common, |meter| read(&args.paths, &args.common, &desk, meter))?;
    output::finish(&args.common, &desk, outcome, files)
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
    let no_roots = roots.is_empty();
    let mut outcome = desk.walk(roots, git_ignored(args), args.threads, meter)?;
    if !streams.is_empty() {
        outcome.add(stdin::read(io::stdin().lock(), meter, desk));
    }
    if no_roots {
        outcome.coverage.ignore_rules = false;
    }
    Ok(outcome)
}

/// Whether files that git ignores are read.
pub(super) fn git_ignored(args: &CommonArgs) -> GitIgnored {
    if args.no_ignore { GitIgnored::Read } else { GitIgnored::Skipped }
}
