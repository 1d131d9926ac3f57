//! What keeps objects alive: references, logs of what they were before, the index, and the border of a
//! shallow clone.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use gix::hash::ObjectId;

use super::GitError;
use crate::history::Reach;

/// Everything that names an object from outside of the database.
#[derive(Debug, Default)]
pub(super) struct Tips {
    /// References, sorted by name, and what each names; `HEAD` of a linked worktree is one, too.
    pub(super) refs: Vec<(String, ObjectId)>,
    /// What is checked out, if that is a commit.
    pub(super) head: Option<ObjectId>,
    /// What logs name, and by what kind of reference.
    pub(super) logs: HashSet<(ObjectId, Reach)>,
    /// Paths and blobs of the index, and of those of linked worktrees.
    pub(super) index: Vec<(Vec<u8>, ObjectId)>,
    /// Paths of submodules.
    pub(super) submodules: Vec<Vec<u8>>,
    /// Commits whose parents a shallow clone left out.
    pub(super) shallow: HashSet<ObjectId>,
    /// What could not be read.
    pub(super) errors: Vec<GitError>,
}

/// How a reference keeps its objects.
pub(super) fn reach_of(name: &str) -> Reach {
    if name == "refs/stash" {
        Reach::Stash
    } else if name.starts_with("refs/notes/") {
        Reach::Note
    } else {
        Reach::Commit
    }
}

impl Tips {
    pub(super) fn of(repository: &gix::Repository) -> Self {
        let head = repository.head_id().ok().map(gix::Id::detach);
        let mut tips = Self { head, ..Self::default() };
        tips.refs_of(repository);
        let common = repository.common_dir().to_path_buf();
        tips.logs_below(&common.join("logs"), &common.join("logs"), repository.object_hash());
        tips.index_at(&repository.index_path(), repository);
        tips.worktrees(&common, repository);
        match repository.shallow_commits() {
            Ok(commits) => {
                tips.shallow = commits.iter().flat_map(|c| c.iter().copied()).collect();
            }
            Err(source) => tips.unusable(common.join("shallow"), source),
        }
        tips.refs.sort();
        tips.refs.dedup();
        tips
    }

    fn unusable(&mut self, path: PathBuf, source: gix::Error) {
        self.errors.push(GitError::File { path, source: Box::new(source) });
    }

    fn refs_of(&mut self, repository: &gix::Repository) {
        let refs = repository.references();
        let all = match refs.as_ref().map(|refs| refs.all()) {
            Ok(Ok(all)) => all,
            Ok(Err(_)) | Err(_) => {
                self.errors.push(GitError::Refs { path: repository.common_dir().into() });
                return;
            }
        };
        for reference in all {
            match reference {
                Ok(reference) => {
                    if let Some(id) = reference.try_id() {
                        self.refs.push((reference.name().as_bstr().to_string(), id.detach()));
                    }
                }
                Err(_) => self.errors.push(GitError::Refs { path: repository.common_dir().into() }),
            }
        }
        if let Some(head) = self.head
            && repository.head().is_ok_and(|h| h.is_detached())
        {
            self.refs.push(("HEAD".into(), head));
        }
    }

    /// Logs, also of references that are gone: two ids at the start of each line.
    fn logs_below(&mut self, directory: &Path, logs: &Path, hash: gix::hash::Kind) {
        let Ok(entries) = fs::read_dir(directory) else { return };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                self.logs_below(&path, logs, hash);
                continue;
            }
            let reach = match path.strip_prefix(logs) {
                Ok(name) if name == Path::new("refs/stash") => Reach::Stash,
                _ => Reach::Reflog,
            };
            match fs::read(&path) {
                Ok(bytes) => {
                    let words =
                        bytes.split(|&b| b == b'\n').flat_map(|l| l.split(|&b| b == b' ').take(2));
                    let ids = words.filter_map(|w| ObjectId::from_hex(w).ok());
                    self.logs.extend(ids.filter(|id| id.kind() == hash).map(|id| (id, reach)));
                }
                Err(source) => self.errors.push(GitError::Read { path, source }),
            }
        }
    }

    fn index_at(&mut self, path: &Path, repository: &gix::Repository) {
        if !path.exists() {
            return;
        }
        let index = gix::index::File::at(
            path,
            repository.object_hash(),
            true,
            gix::index::decode::Options::default(),
        );
        match index {
            Ok(index) => {
                for entry in index.entries() {
                    let path = entry.path(&index).to_vec();
                    if entry.mode.is_submodule() {
                        self.submodules.push(path);
                    } else if !entry.flags.contains(gix::index::entry::Flags::INTENT_TO_ADD) {
                        self.index.push((path, entry.id));
                    }
                }
            }
            Err(source) => self.unusable(path.into(), source),
        }
    }

    fn worktrees(&mut self, common: &Path, repository: &gix::Repository) {
        let Ok(entries) = fs::read_dir(common.join("worktrees")) else { return };
        for entry in entries.filter_map(Result::ok) {
            let directory = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let head = fs::read(directory.join("HEAD")).unwrap_or_default();
            // A name of a branch is among the references.
            if let Ok(id) = ObjectId::from_hex(head.trim_ascii_end()) {
                self.refs.push((format!("worktrees/{name}/HEAD"), id));
            }
            let logs = directory.join("logs");
            self.logs_below(&logs, &logs, repository.object_hash());
            self.index_at(&directory.join("index"), repository);
        }
    }
}
