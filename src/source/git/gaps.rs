//! What could not be read of a repository, on its way into the ledger.

use std::collections::{BTreeMap, BTreeSet};

use gix::hash::ObjectId;

use super::{GitError, walk::Broken};
use crate::{
    coverage::Skip,
    source::{Outcome, SourceError},
};

/// Everything that is missing or damaged.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Commits whose parents a shallow clone left out.
    pub(super) shallow: BTreeSet<ObjectId>,
    /// Objects that are named and not there.
    pub(super) missing: BTreeSet<ObjectId>,
    /// Objects that can't be read, and how many are made from each.
    broken: BTreeMap<ObjectId, (Broken, u32)>,
    pub(super) errors: Vec<GitError>,
}

impl Gaps {
    /// Notes a damaged object, and that `lost` others are made from it. What can't be read has no kind,
    /// so it may be tried for every kind: it is noted once.
    pub(super) fn broken(&mut self, id: ObjectId, why: Broken, lost: u32) {
        if self.broken.get(&id).is_none_or(|(_, known)| lost > *known) {
            self.broken.insert(id, (why, lost));
        }
    }

    /// Enters everything.
    pub(super) fn settle<T>(self, outcome: &mut Outcome<T>) {
        for error in self.errors {
            outcome.coverage.skip(Skip::Unreadable, error.name());
            outcome.errors.push(SourceError::Git(error));
        }
        for (id, (source, lost)) in self.broken {
            let id = id.to_string();
            outcome.coverage.skip(Skip::CorruptObject, id.clone());
            outcome.errors.push(SourceError::Git(GitError::Object { id, lost, source }));
        }
        if !self.shallow.is_empty() {
            let error = GitError::Shallow { count: self.shallow.len() };
            outcome.errors.push(SourceError::Git(error));
        }
        if let Some(example) = self.missing.first() {
            let error =
                GitError::Missing { count: self.missing.len(), example: example.to_string() };
            outcome.errors.push(SourceError::Git(error));
        }
        for (ids, why) in
            [(self.shallow, Skip::ShallowBoundary), (self.missing, Skip::MissingObject)]
        {
            ids.iter().for_each(|id| outcome.coverage.skip(why, id.to_string()));
        }
    }
}
