//! The arguments of `straykey baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::CommonArgs;

/// What to do with a baseline.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Accept everything that a scan reports: new entries are added, none is changed
    Write(Box<BaselineArgs>),
    /// Drop the entries that match nothing any more
    Prune(Box<BaselineArgs>),
}

/// Arguments of `baseline write` and `baseline prune`.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// The baseline; by default `.straykey-baseline` at the root of the repository
    pub file: Option<PathBuf>,
    /// What to scan, as in `straykey scan`; with --git a repository
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Look at the whole history too, as `straykey git` does
    #[arg(long, overrides_with = "no_git")]
    pub git: bool,
    /// Look at files only (the default; undoes --git)
    #[arg(long, hide = true)]
    pub no_git: bool,
    /// What `scan` and `git` take, too.
    #[command(flatten)]
    pub common: CommonArgs,
}
