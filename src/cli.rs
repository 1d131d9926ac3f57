//! The command line: structs and help text, no logic. Its words are a contract with hooks and scripts.

mod baseline;
mod content;
pub mod hook;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::RangedU64ValueParser};

mod gitleaks;

pub use self::{
    baseline::{BaselineArgs, BaselineCommand},
    content::ContentArgs,
    gitleaks::GitleaksArgs,
};
use crate::{
    config::schema::File as SchemaFile,
    report::Format,
    rule::{Confidence, Severity},
};

/// Finds leaked credentials and says how to make each one harmless.
///
/// Exit codes: 0 = everything was read and nothing was found; 1 = findings; 2 = the request was wrong
/// or part of the input could not be read (findings are still printed; 2 wins over 1).
#[derive(Debug, Parser)]
#[command(name = "straykey", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan files and directories, or standard input
    Scan(Box<ScanArgs>),
    /// Scan every object of a git repository, or what a commit would add
    Git(Box<GitArgs>),
    /// Print the revocation runbook of a rule or a provider
    Guide(GuideArgs),
    /// Look at the rules, or test a rule file
    Rules {
        /// What to do with them.
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// Accept what is found today, or forget what is no longer there
    Baseline {
        /// What to do with it.
        #[command(subcommand)]
        command: BaselineCommand,
    },
    /// Say which gates a line passed or failed, and why
    Explain(ExplainArgs),
    /// Install git hooks, remove them, or be one
    Hook {
        /// What to do with them.
        #[command(subcommand)]
        command: hook::HookCommand,
    },
    /// Turn a saved JSON report into any other format
    Report(ReportArgs),
    /// Look at the configuration, or carry one over from another scanner
    Config {
        /// What to do with it.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// As `gitleaks detect`
    #[command(hide = true)]
    Detect(Box<GitleaksArgs>),
    /// As `gitleaks protect`
    #[command(hide = true)]
    Protect(Box<GitleaksArgs>),
    /// As `gitleaks dir`
    #[command(hide = true, aliases = ["directory", "file"])]
    Dir(Box<GitleaksArgs>),
    /// Print a completion script
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Arguments of `scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Files and directories, or `-` for standard input
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// What `git` takes, too.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Arguments of `git`.
#[derive(Debug, Args)]
pub struct GitArgs {
    /// The repository: its directory, or any directory in it
    #[arg(default_value = ".")]
    pub repository: PathBuf,
    /// Scan what the index would commit, and nothing else
    #[arg(long, group = "part")]
    pub staged: bool,
    /// Scan what the commits of a range add: A..B or A...B, as `git log` takes it
    #[arg(long, value_name = "A..B", group = "part")]
    pub range: Option<String>,
    /// Scan what commits since a date add: 2026-01-31, 2026-01-31T12:00:00Z or `30 days ago`
    #[arg(long, value_name = "DATE", conflicts_with_all = ["staged", "range"])]
    pub since: Option<String>,
    /// Scan what the commits in the history of a reference add; with --since, the recent ones of them
    #[arg(long, value_name = "REF", conflicts_with_all = ["staged", "range"])]
    pub branch: Option<String>,
    /// Leave out files that are not committed
    #[arg(long, overrides_with = "worktree")]
    pub no_worktree: bool,
    /// Scan files that are not committed as well (the default; undoes --no-worktree)
    #[arg(long, hide = true)]
    pub worktree: bool,
    /// Leave out what nothing reaches any more
    #[arg(long, overrides_with = "unreachable")]
    pub reachable_only: bool,
    /// Report what nothing reaches as well (the default; undoes --reachable-only)
    #[arg(long, hide = true)]
    pub unreachable: bool,
    /// Search every blob as a whole, and not only where it differs from another: slower, the same result
    #[arg(long)]
    pub whole_blobs: bool,
    /// What `scan` takes, too.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What `scan` and `git` share.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Which rules to use.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Which configuration to use.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// What was accepted before.
    #[command(flatten)]
    pub known: BaselineFlags,
    /// Report findings too that comments, the ignore file, the configuration or the baseline accept
    #[arg(long, overrides_with = "suppress")]
    pub no_suppress: bool,
    /// Leave out findings that are accepted (the default; undoes --no-suppress)
    #[arg(long, hide = true)]
    pub suppress: bool,
    /// Leave out paths that match this glob; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Report only findings of at least this severity (default: info)
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub min_severity: Option<Severity>,
    /// Report only findings of at least this confidence (default: low)
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub min_confidence: Option<Confidence>,
    /// Exit with 1 only for findings of at least this severity; the others are reported (default: info)
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<Severity>,
    /// Read git-ignored files too
    #[arg(long, overrides_with = "ignore")]
    pub no_ignore: bool,
    /// Skip git-ignored files (the default; undoes --no-ignore)
    #[arg(long, hide = true)]
    pub ignore: bool,
    /// Threads to use, at most 256; 0 = one per core
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, value_parser = threads())]
    pub threads: usize,
    /// Show no progress bar
    #[arg(long, overrides_with = "progress")]
    pub no_progress: bool,
    /// Show a progress bar on a terminal (the default; undoes --no-progress)
    #[arg(long, hide = true)]
    pub progress: bool,
    /// What `report` takes, too.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How far to look into an input.
    #[command(flatten)]
    pub content: ContentArgs,
}

/// How findings are told, wherever they come from.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// How to print the findings on standard output
    #[arg(short, long, default_value = "terminal", value_enum)]
    pub format: Format,
    /// Write a report into a file as well; may be given several times
    ///
    /// Example: `--report sarif=straykey.sarif --report json=straykey.json`
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = report_target)]
    pub reports: Vec<(Format, PathBuf)>,
    /// Print secrets in clear
    #[arg(long, overrides_with = "no_show_secrets")]
    pub show_secrets: bool,
    /// Mask secrets (the default; undoes --show-secrets)
    #[arg(long, hide = true)]
    pub no_show_secrets: bool,
    /// Exit with 0 although there are findings; unreadable input still gives 2
    #[arg(long, overrides_with = "no_exit_zero")]
    pub exit_zero: bool,
    /// Exit with 1 if there are findings (the default; undoes --exit-zero)
    #[arg(long, hide = true)]
    pub no_exit_zero: bool,
    /// Print findings only, without the summary
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more: the whole runbook, and every path that was skipped
    #[arg(short, long)]
    pub verbose: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub color: Color,
}

/// Which configuration to use.
#[derive(Debug, Default, Args)]
pub struct ConfigArgs {
    /// Use this configuration instead of the repository's straykey.toml
    #[arg(long, value_name = "PATH", overrides_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Use no configuration file
    #[arg(long, overrides_with = "config")]
    pub no_config: bool,
    /// Hold this floor against everything that would switch off part of the scan
    ///
    /// Neither the configuration nor a flag, a mark in a file or a baseline can undercut a policy; what
    /// tries is overruled, and that is said. Example: `--policy /etc/straykey/policy.toml`
    #[arg(long, value_name = "PATH")]
    pub policy: Option<PathBuf>,
    /// Files of other scanners that count as if they had been imported
    #[arg(skip)]
    pub import: Vec<PathBuf>,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings that a scan would use, each with the place that it comes from
    Show {
        /// The directory that would be scanned
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Which configuration to use.
        #[command(flatten)]
        config: ConfigArgs,
        /// Print the regexes of allowed values in clear
        #[arg(long)]
        show_secrets: bool,
    },
    /// Turn other scanners' configuration into a straykey.toml, on standard output
    ///
    /// Understood are, by their content: .gitleaks.toml, .gitleaksignore, JSON reports of gitleaks that
    /// serve as a baseline, .secrets.baseline, TOML of betterleaks, and rules of kingfisher and
    /// noseyparker. Standard error lists what could not be carried, with the reason. Example: `straykey
    /// config import .gitleaks.toml .gitleaksignore -o straykey.toml`
    Import {
        /// The files to carry over
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Write into this file, which must not exist
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the JSON schema of a file, for editors
    Schema {
        /// straykey.toml, or what `--policy` takes
        #[arg(value_enum, default_value = "config")]
        file: SchemaFile,
    },
}

/// Which findings were accepted before.
#[derive(Debug, Args)]
pub struct BaselineFlags {
    /// Accept the findings of this baseline, instead of `.straykey-baseline` at the root
    #[arg(long, value_name = "FILE", overrides_with = "no_baseline")]
    pub baseline: Option<PathBuf>,
    /// Use no baseline, not even the one at the root
    #[arg(long, overrides_with = "baseline")]
    pub no_baseline: bool,
}

/// Which rules to use.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Use only this rule; may be given several times
    #[arg(long = "rule", value_name = "ID")]
    pub only: Vec<String>,
    /// Don't use this rule; may be given several times
    #[arg(long = "exclude-rule", value_name = "ID")]
    pub except: Vec<String>,
    /// Use the rules of this file or directory too; may be given several times
    #[arg(long = "rules", value_name = "PATH")]
    pub files: Vec<PathBuf>,
}

/// Arguments of `guide`.
#[derive(Debug, Args)]
pub struct GuideArgs {
    /// A rule id or a provider; without it, the providers are listed
    pub topic: Option<String>,
    /// Look in the rules of this file or directory too
    #[arg(long = "rules", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Which configuration to use.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// What to do with the rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List all rules: id, severity, title
    List {
        /// List the rules of this file or directory too
        #[arg(long = "rules", value_name = "PATH")]
        files: Vec<PathBuf>,
        /// Which configuration to use.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Show everything that a rule says
    Show {
        /// The rule's id
        id: String,
        /// Look in this file or directory too
        #[arg(long = "rules", value_name = "PATH")]
        files: Vec<PathBuf>,
        /// Which configuration to use.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Run the cases of rule files; without a path, of the built-in ones
    Test {
        /// Rule files, or directories of them
        paths: Vec<PathBuf>,
    },
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A file and a line in it, from 1
    #[arg(value_name = "PATH:LINE")]
    pub place: String,
    /// Which rules to use.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Which configuration to use.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// What was accepted before.
    #[command(flatten)]
    pub known: BaselineFlags,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A report in the format `json` or `jsonl`, or `-` for standard input
    #[arg(value_name = "IN.json")]
    pub input: PathBuf,
    /// What `scan` and `git` take, too.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// More threads than this only cost memory, and a million of them would be a panic.
fn threads() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(0..=256)
}

fn report_target(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, path) =
        text.split_once('=').ok_or("expected FORMAT=PATH, as in `sarif=straykey.sarif`")?;
    if path.is_empty() {
        return Err("the path is missing".into());
    }
    Ok((Format::from_str(format, false)?, path.into()))
}

impl ValueEnum for Severity {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for Confidence {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for SchemaFile {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}
