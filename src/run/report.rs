//! `straykey report`.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use anyhow::Context as _;

use super::{Exit, now, output, warn};
use crate::{cli::ReportArgs, report};

pub(super) fn report(args: &ReportArgs) -> anyhow::Result<Exit> {
    let (name, bytes) = input(&args.input)?;
    // Before the reports are opened: one of them may be the file that was just read.
    let report = report::read(&bytes, output::secrets(&args.output))
        .with_context(|| format!("cannot use report `{name}`"))?;
    let files = output::open_reports(&args.output)?;
    report.errors.iter().for_each(|error| warn(error));
    output::write_reports(&args.output, &report, now(), files, output::View::Report)?;
    Ok(match (report.problems() == 0, report.findings.is_empty() || args.output.exit_zero) {
        (false, _) => Exit::Incomplete,
        (true, true) => Exit::Clean,
        (true, false) => Exit::Findings,
    })
}

/// What messages call it, and what it holds.
fn input(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(("standard input".to_owned(), bytes));
    }
    let name = path.display().to_string();
    let bytes = fs::read(path).with_context(|| format!("cannot read report `{name}`"))?;
    Ok((name, bytes))
}
