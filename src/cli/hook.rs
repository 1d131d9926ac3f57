//! The words of `straykey hook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::CommonArgs;

/// What to do with hooks.
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Write hooks that call straykey; a hook that is there already runs first
    ///
    /// Without a choice: pre-commit and pre-push, or pre-receive in a bare repository.
    Install(InstallArgs),
    /// Take these hooks away and bring back what was there before
    Uninstall(ChoiceArgs),
    /// What the hooks call: scan what a commit or a push would add
    Run {
        /// Which hook runs.
        #[command(subcommand)]
        hook: Box<RunHook>,
    },
}

/// Arguments of `hook install`.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// Which hooks, and where.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Install even where `core.hooksPath` is set for all repositories of the user or of the machine
    #[arg(long)]
    pub shared: bool,
}

/// Which hooks, and where.
#[derive(Debug, Args)]
pub struct ChoiceArgs {
    /// Scan what a commit would add
    #[arg(long)]
    pub pre_commit: bool,
    /// Scan what a push would send
    #[arg(long)]
    pub pre_push: bool,
    /// On a server: scan what a push brings
    #[arg(long)]
    pub pre_receive: bool,
    /// The repository: its directory, or any directory in it
    #[arg(default_value = ".")]
    pub repository: PathBuf,
}

/// The hook that runs.
#[derive(Debug, Subcommand)]
pub enum RunHook {
    /// Scan what the index would commit, or these files
    ///
    /// Files that are not staged are read from the working tree, as a whole: `pre-commit run --all-files`
    /// names such files.
    PreCommit(PreCommitArgs),
    /// Scan the commits that a push would send; git names them on standard input
    PrePush(PrePushArgs),
    /// Scan the objects that a push brings, before they are accepted
    PreReceive(PreReceiveArgs),
}

/// Arguments of `hook run pre-commit`.
#[derive(Debug, Args)]
pub struct PreCommitArgs {
    /// Files, from the top of the working tree; without any, all that is staged
    #[arg(value_name = "FILE")]
    pub named: Vec<PathBuf>,
    /// What `scan` takes, too.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Arguments of `hook run pre-push`.
#[derive(Debug, Args)]
pub struct PrePushArgs {
    /// The name of the remote, as git gives it to the hook
    pub remote: Option<String>,
    /// Its address
    pub url: Option<String>,
    /// What `scan` takes, too.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Arguments of `hook run pre-receive`.
#[derive(Debug, Args)]
pub struct PreReceiveArgs {
    /// What `scan` takes, too.
    #[command(flatten)]
    pub common: CommonArgs,
}
