//! Where git looks for the hooks of a repository.

use std::path::PathBuf;

use gix::config::source::Kind;

use super::GitError;

/// The directory of a repository's hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookDirectory {
    /// It need not exist.
    pub path: PathBuf,
    /// Who else uses it.
    pub scope: Scope,
}

/// Who uses a directory of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This repository and its worktrees.
    Repository,
    /// Every repository whose configuration does not say otherwise: `core.hooksPath` is set for the user or
    /// for the machine.
    Shared,
}

/// The directory in which git looks for the hooks of `repository`: `hooks` in the repository, shared by all
/// its worktrees, or what `core.hooksPath` names. A relative path is taken from where hooks run, which is
/// the top of the working tree (git-config(1)).
///
/// # Errors
///
/// If `core.hooksPath` can't be made a path.
pub fn hook_directory(repository: &gix::Repository) -> Result<HookDirectory, GitError> {
    const KEY: &str = "core.hooksPath";
    let config = repository.config_snapshot();
    let named = config.trusted_path(KEY).map_err(|source| GitError::File {
        path: repository.common_dir().join("config"),
        source: Box::new(source),
    })?;
    let Some(named) = named else {
        let path = repository.common_dir().join("hooks");
        return Ok(HookDirectory { path, scope: Scope::Repository });
    };
    let sections = config.plumbing().sections_by_name("core").into_iter().flatten();
    let naming = sections.filter(|section| section.value("hooksPath").is_some()).last();
    let is_own = naming.is_some_and(|section| {
        matches!(section.meta().source.kind(), Kind::Repository | Kind::Override)
    });
    let scope = if is_own { Scope::Repository } else { Scope::Shared };
    let base = repository.workdir().unwrap_or(repository.git_dir());
    Ok(HookDirectory { path: base.join(named), scope })
}
