//! The arguments of gitleaks' commands, for scripts that call them. They are hidden from the help.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `detect`, `protect` and `dir`, as gitleaks 8 has them.
#[derive(Debug, Args)]
#[expect(missing_docs, reason = "gitleaks documents them")]
pub struct GitleaksArgs {
    pub path: Option<PathBuf>,
    #[arg(short, long)]
    pub source: Option<PathBuf>,
    #[arg(long)]
    pub no_git: bool,
    #[arg(long)]
    pub pipe: bool,
    #[arg(long)]
    pub staged: bool,
    #[arg(long)]
    pub pre_commit: bool,
    #[arg(long, allow_hyphen_values = true)]
    pub log_opts: Option<String>,
    #[arg(short, long)]
    pub config: Option<PathBuf>,
    #[arg(short = 'b', long)]
    pub baseline_path: Option<PathBuf>,
    #[arg(short = 'i', long)]
    pub gitleaks_ignore_path: Option<PathBuf>,
    #[arg(short, long)]
    pub report_path: Option<PathBuf>,
    #[arg(short = 'f', long)]
    pub report_format: Option<String>,
    #[arg(long)]
    pub report_template: Option<PathBuf>,
    #[arg(long)]
    pub exit_code: Option<u8>,
    #[arg(long)]
    pub enable_rule: Vec<String>,
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "100")]
    pub redact: Option<u8>,
    #[arg(long)]
    pub no_banner: bool,
    #[arg(long)]
    pub no_color: bool,
    #[arg(short, long)]
    pub verbose: bool,
    #[arg(short, long)]
    pub log_level: Option<String>,
    #[arg(long)]
    pub ignore_gitleaks_allow: bool,
    #[arg(long)]
    pub max_target_megabytes: Option<u64>,
    #[arg(long)]
    pub max_decode_depth: Option<u64>,
    #[arg(long)]
    pub max_archive_depth: Option<u64>,
    #[arg(long)]
    pub follow_symlinks: bool,
    #[arg(long)]
    pub platform: Option<String>,
    #[arg(long)]
    pub timeout: Option<u64>,
    #[arg(long)]
    pub diagnostics: Option<String>,
    #[arg(long)]
    pub diagnostics_dir: Option<PathBuf>,
}
