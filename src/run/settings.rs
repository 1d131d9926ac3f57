//! Joins flags, the configuration file and the policy into what a run is asked to do.

use std::path::{Path, PathBuf};

use super::warn;
use crate::{
    cli::{CommonArgs, ConfigArgs, RuleArgs},
    config::{self, Policy, Settings, Sourced, import, severity::Severities},
    rule::{
        RuleSet,
        load::{self, Selection},
    },
};

/// What a run is asked to do, and what it must do.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) settings: Settings,
    pub(super) policy: Policy,
}

impl Asked {
    /// What flags, files and the policy say together. What the policy overrules is told.
    ///
    /// `root` is the directory whose `straykey.toml` counts.
    pub(super) fn new(
        args: &ConfigArgs,
        root: Option<&Path>,
        flags: Settings,
    ) -> anyhow::Result<Self> {
        let files = match (&args.config, root) {
            (Some(path), _) => config::load::of_file(path)?,
            (None, Some(root)) if !args.no_config => config::load::of_directory(root)?,
            (None, _) => Settings::default(),
        };
        let files = imported(&args.import)?.with(files);
        let policy = args.policy.as_deref().map(Policy::read).transpose()?.unwrap_or_default();
        let mut settings = files.with(flags);
        for note in policy.hold(&mut settings) {
            warn(&note);
        }
        Ok(Self { settings, policy })
    }

    /// The rules of this run.
    pub(super) fn rules(&self) -> anyhow::Result<RuleSet> {
        let rules = load::load(&self.settings.rule_sources())?;
        self.settings.check_rule_ids(&rules)?;
        self.policy.check_rule_ids(&rules)?;
        let selection = Selection {
            only: self.only(&rules),
            except: self.settings.disable.iter().map(|d| d.value.clone()).collect(),
        };
        Ok(load::narrowed(rules, &selection)?)
    }

    /// The rules that were asked for alone, and those that the policy requires beside them.
    fn only(&self, rules: &RuleSet) -> Vec<String> {
        let mut only = self.settings.only.clone();
        if !only.is_empty() {
            let required = rules.rules().iter().filter(|r| self.policy.requires(&r.id));
            only.extend(required.map(|r| r.id.to_string()));
        }
        only
    }

    /// What moves severities.
    pub(super) fn severities(&self) -> anyhow::Result<Severities> {
        Ok(Severities::new(&self.settings, &self.policy)?)
    }
}

/// What files of other scanners say, as far as it can be carried over.
fn imported(paths: &[PathBuf]) -> anyhow::Result<Settings> {
    if paths.is_empty() {
        return Ok(Settings::default());
    }
    let imported = import::import(paths)?;
    if !imported.lost.is_empty() {
        let lost = imported.lost.len();
        warn(&format!(
            "{lost} things of these files are not used; `straykey config import` lists them"
        ));
    }
    Ok(config::load::of_text(&paths[0], &import::toml(&imported))?)
}

/// The directory whose `straykey.toml` counts for a scan of `path`: the root of its repository, or else
/// of the repository that we are in, or else the current directory.
pub(super) fn root(path: Option<&Path>) -> PathBuf {
    let here = Path::new(".");
    path.and_then(config::load::repository_root)
        .or_else(|| config::load::repository_root(here))
        .unwrap_or_else(|| here.into())
}

/// What the flags of a scan say.
pub(super) fn flags(args: &CommonArgs) -> Settings {
    Settings {
        exclude_here: args.exclude.clone(),
        min_severity: args.min_severity.map(|s| Sourced::by_flag(s, "--min-severity")),
        min_confidence: args.min_confidence.map(|c| Sourced::by_flag(c, "--min-confidence")),
        fail_on: args.fail_on.map(|s| Sourced::by_flag(s, "--fail-on")),
        ..rule_flags(&args.rules)
    }
}

/// What the flags that choose rules say.
pub(super) fn rule_flags(args: &RuleArgs) -> Settings {
    let except = args.except.iter().cloned();
    Settings {
        only: args.only.clone(),
        disable: except.map(|id| Sourced::by_flag(id, "--exclude-rule")).collect(),
        ..file_flags(&args.files)
    }
}

/// What `--rules` says.
pub(super) fn file_flags(files: &[PathBuf]) -> Settings {
    let files = files.iter().cloned();
    Settings {
        rule_files: files.map(|path| Sourced::by_flag(path, "--rules")).collect(),
        ..Settings::default()
    }
}
