//! Opens a repository, whatever form it has, without trusting it.

use std::path::{Path, PathBuf};

use gix::{
    discover::upwards,
    open::{Options, Permissions, permissions},
    sec::{Trust, trust::Mapping},
};

use super::{GitError, walk::MAX_HELD_BYTES};

/// Opens the repository that `path` is or lies in.
///
/// In a hook, git says in the environment which repository, index and object directory it means; that
/// counts only for the current directory, `.`.
///
/// # Errors
///
/// If there is none, it belongs to somebody else, or its configuration can't be read.
pub fn open(path: &Path) -> Result<gix::Repository, GitError> {
    let options = options();
    let found = if path == Path::new(".") {
        gix::ThreadSafeRepository::discover_with_environment_overrides_opts(
            path,
            upwards::Options::default(),
            options,
        )
    } else {
        gix::ThreadSafeRepository::discover_opts(path, upwards::Options::default(), options)
    };
    match found {
        Ok(repository) => Ok(repository.to_thread_local()),
        Err(source) => Err(match foreign(path) {
            Some(path) => GitError::Ownership { path },
            None if source.to_string().contains("ownership") => {
                GitError::Ownership { path: path.into() }
            }
            None => GitError::Open { path: path.into(), source: Box::new(source) },
        }),
    }
}

/// What decides how the repository is read comes from the user and from git, and nothing of it is run.
fn options() -> Mapping<Options> {
    let permissions = Permissions {
        config: permissions::Config { git_binary: false, ..permissions::Config::all() },
        ..Permissions::all()
    };
    // Who owns it must be us, or be named in `safe.directory`, as git itself has it.
    // An object may claim any size, and all of it is reserved before its first byte is read.
    let limit = format!("gitoxide.objects.allocLimit={MAX_HELD_BYTES}");
    let options = || {
        Options::default()
            .permissions(permissions)
            .config_overrides([limit.as_str()])
            .bail_if_untrusted(true)
    };
    Mapping { full: options().with(Trust::Full), reduced: options().with(Trust::Reduced) }
}

/// The repository that `path` is or lies in, if it belongs to somebody else: as `safe.directory` has to name it.
fn foreign(path: &Path) -> Option<PathBuf> {
    let (found, _) = gix::discover::upwards(path).ok().filter(|(_, t)| *t != Trust::Full)?;
    let (directory, work_tree) = found.into_repository_and_work_tree_directories();
    let named = work_tree.unwrap_or(directory);
    Some(named.canonicalize().unwrap_or(named))
}

/// The object directories of `repository`: its own, and those of its alternates.
///
/// # Errors
///
/// If an alternate can't be followed.
pub(super) fn object_directories(repository: &gix::Repository) -> Result<Vec<PathBuf>, GitError> {
    let own = repository.objects.store_ref().path().to_path_buf();
    let mut all = vec![own.clone()];
    all.extend(gix::odb::alternate::resolve(own.clone(), repository.current_dir()).map_err(
        |source| GitError::File {
            path: own.join("info").join("alternates"),
            source: Box::new(source),
        },
    )?);
    Ok(all)
}
