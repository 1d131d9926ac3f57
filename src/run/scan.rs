//! `straykey scan`.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Exit, engine, output,
    settings::{self, Asked},
};
use crate::{
    cli::ScanArgs,
    engine::Engine,
    finding::Finding,
    source::{
        Meter, Outcome, stdin,
        walk::{self, GitIgnored},
    },
};

pub(super) fn scan(args: &ScanArgs) -> anyhow::Result<Exit> {
    let named = args.paths.iter().find(|p| *p != Path::new("-"));
    let root = settings::root(named.map(PathBuf::as_path));
    let asked = Asked::new(&args.common.config, Some(&root), settings::flags(&args.common))?;
    let engine = engine(asked.rules()?);
    // Before the scan, so that a typing error does not cost one.
    let files = output::open_reports(&args.common)?;
    let outcome = output::with_progress(&args.common, |meter| read(args, &asked, engine, meter))?;
    output::finish(&args.common, &asked, engine, outcome, files)
}

fn read(
    args: &ScanArgs,
    asked: &Asked,
    engine: &Engine,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let (streams, roots): (Vec<_>, Vec<_>) =
        args.paths.iter().cloned().partition(|p| p == Path::new("-"));
    let options = walk::Options {
        roots,
        exclude: asked.settings.exclude_here.clone(),
        exclude_in_repository: asked.settings.exclude(),
        git_ignored: if args.common.no_ignore { GitIgnored::Read } else { GitIgnored::Skipped },
        threads: args.common.threads,
    };
    let mut outcome = walk::walk(&options, meter, |blob| engine.scan(blob))?;
    if !streams.is_empty() {
        outcome.add(stdin::read(io::stdin().lock(), meter, |blob| engine.scan(blob)));
    }
    if options.roots.is_empty() {
        outcome.coverage.ignore_rules = false;
    }
    Ok(outcome)
}
