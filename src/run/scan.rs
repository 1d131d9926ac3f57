//! `straykey scan`.

use std::{io, path::Path};

use super::{Exit, engine, load_rules, output};
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
    let engine = engine(load_rules(&args.common.rules)?);
    // Before the scan, so that a typing error does not cost one.
    let files = output::open_reports(&args.common.output)?;
    let outcome = output::with_progress(&args.common, |meter| read(args, engine, meter))?;
    output::finish(&args.common, engine, outcome, files)
}

fn read(args: &ScanArgs, engine: &Engine, meter: &Meter) -> anyhow::Result<Outcome<Finding>> {
    let (streams, roots): (Vec<_>, Vec<_>) =
        args.paths.iter().cloned().partition(|p| p == Path::new("-"));
    let options = walk::Options {
        roots,
        exclude: args.common.exclude.clone(),
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
