//! `straykey detect`, `protect` and `dir`: what scripts ask of gitleaks, in our own words. Whatever has no
//! equivalent is told and left out.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::Parser as _;

use super::{Exit, warn};
use crate::{
    cli::{Cli, Command, GitleaksArgs},
    config::{import, load},
};

/// Which of gitleaks' commands was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// `detect`: the history of a repository; with `--no-git`, files.
    Detect,
    /// `protect`: what is not committed yet.
    Protect,
    /// `dir`: files.
    Dir,
}

pub(super) fn run(called: Called, args: &GitleaksArgs) -> anyhow::Result<Exit> {
    let translated = Translation::of(called, args)?;
    for what in &translated.ignored {
        warn(&format!("{what} has no equivalent and is not looked at"));
    }
    let mut cli = Cli::try_parse_from(&translated.words)?;
    let common = match &mut cli.command {
        Command::Scan(scan) => &mut scan.common,
        Command::Git(git) => &mut git.common,
        _ => unreachable!("the words begin with one of these"),
    };
    common.config.import = translated.import;
    Ok(match (super::run(&cli)?, args.exit_code) {
        (Exit::Findings, Some(code)) => Exit::FindingsAs(code),
        (exit, _) => exit,
    })
}

/// Our own command line for one of gitleaks.
#[derive(Debug)]
struct Translation {
    words: Vec<OsString>,
    /// Files of gitleaks that count.
    import: Vec<PathBuf>,
    ignored: Vec<String>,
}

impl Translation {
    fn of(called: Called, args: &GitleaksArgs) -> anyhow::Result<Self> {
        let source = args.source.as_ref().or(args.path.as_ref());
        let source = source.cloned().unwrap_or_else(|| ".".into());
        let mut translation =
            Self { words: vec!["straykey".into()], import: Vec::new(), ignored: Vec::new() };
        translation.command(called, args, &source);
        translation.files(args, &source);
        translation.report(args);
        translation.rules(args)?;
        translation.ignore(args);
        Ok(translation)
    }

    fn push(&mut self, words: &[&str]) {
        self.words.extend(words.iter().map(OsString::from));
    }

    fn command(&mut self, called: Called, args: &GitleaksArgs, source: &Path) {
        if args.pipe {
            return self.push(&["scan", "-"]);
        }
        let staged = args.staged || args.pre_commit;
        match called {
            Called::Detect if !args.no_git && !staged => {
                self.push(&["git"]);
                self.log_opts(args.log_opts.as_deref().unwrap_or_default());
            }
            Called::Detect | Called::Protect if staged && !args.no_git => {
                self.push(&["git", "--staged"]);
            }
            // All files, of which those that are not committed yet are some.
            Called::Protect | Called::Detect | Called::Dir => self.push(&["scan"]),
        }
        self.words.push(source.into());
    }

    /// What `git log` was to be told: a range, a date, or everything.
    fn log_opts(&mut self, options: &str) {
        for option in options.split_ascii_whitespace() {
            match option.split_once('=') {
                _ if matches!(option, "--all" | "--full-history") => {}
                Some(("--since" | "--after", date)) => self.push(&["--since", date]),
                _ if option.contains("..") && !option.starts_with('-') => {
                    self.push(&["--range", option]);
                }
                _ => self.ignored.push(format!("`{option}` of `--log-opts`")),
            }
        }
    }

    fn files(&mut self, args: &GitleaksArgs, source: &Path) {
        match &args.config {
            Some(path) if load::of_file(path).is_ok() => {
                self.push(&["--config"]);
                self.words.push(path.into());
            }
            Some(path) => self.import.push(path.clone()),
            None if source.join(load::FILE_NAME).exists() => {}
            None => self.import.extend(Some(source.join(".gitleaks.toml")).filter(|p| p.exists())),
        }
        let ignore = args.gitleaks_ignore_path.as_deref().unwrap_or(source);
        let ignore = if ignore.is_dir() { ignore.join(".gitleaksignore") } else { ignore.into() };
        self.import.extend(Some(ignore).filter(|p| p.exists()));
        if let Some(path) = &args.baseline_path {
            let is_ours = fs::read_to_string(path).is_ok_and(|t| t.starts_with("# straykey"));
            if is_ours {
                self.push(&["--baseline"]);
                self.words.push(path.into());
            } else {
                self.import.push(path.clone());
            }
        }
    }

    fn report(&mut self, args: &GitleaksArgs) {
        let format = args.report_format.as_deref().unwrap_or("json");
        let format = if format == "template" { "json" } else { format };
        match &args.report_path {
            Some(path) if path == Path::new("-") => self.push(&["--format", format]),
            Some(path) => {
                let mut target = OsString::from(format!("{format}="));
                target.push(path);
                self.words.extend(["--report".into(), target]);
            }
            None => {}
        }
        if args.no_color {
            self.push(&["--color", "never"]);
        }
        if args.redact == Some(0) {
            self.ignored.push("`--redact=0` (`--show-secrets` prints secrets)".into());
        }
    }

    fn rules(&mut self, args: &GitleaksArgs) -> anyhow::Result<()> {
        for id in &args.enable_rule {
            let ours = import::our_rules(id);
            if ours.is_empty() {
                anyhow::bail!(
                    "`--enable-rule`: straykey knows no rule `{id}`; `--rule` takes its own"
                );
            }
            ours.iter().for_each(|id| self.push(&["--rule", id]));
        }
        Ok(())
    }

    /// Flags that change nothing are taken in silence: `--no-banner`, `--verbose`, `--log-level`.
    fn ignore(&mut self, args: &GitleaksArgs) {
        let given = [
            ("--report-template", args.report_template.is_some()),
            ("--ignore-gitleaks-allow", args.ignore_gitleaks_allow),
            ("--max-target-megabytes", args.max_target_megabytes.is_some()),
            ("--max-decode-depth", args.max_decode_depth.is_some()),
            ("--max-archive-depth", args.max_archive_depth.is_some()),
            ("--follow-symlinks", args.follow_symlinks),
            ("--platform", args.platform.is_some()),
            ("--timeout", args.timeout.is_some()),
            ("--diagnostics", args.diagnostics.is_some() || args.diagnostics_dir.is_some()),
        ];
        let given = given.into_iter().filter(|(_, given)| *given);
        self.ignored.extend(given.map(|(flag, _)| format!("`{flag}`")));
    }
}
