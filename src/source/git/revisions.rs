//! Which commits somebody means, by a range, a branch or a date; in an order in which parents come before
//! children.

use std::{
    collections::{BinaryHeap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use gix::{hash::ObjectId, objs::Kind, revision::plumbing::Spec};

use super::{
    GitError,
    graph::MAX_TAGS,
    objects::Database,
    order,
    reader::{Annal, Commit, Noted, Reader, Told},
    refs::reach_of,
};
use crate::history::Reach;

/// Commits, as the user names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commits {
    /// Those that `git rev-list` lists for `A..B`, `A...B` or anything else that it takes as one word.
    Range(String),
    /// The whole history of a reference.
    Branch(String),
    /// Those that were committed in this second since 1970 or later, in the history of one reference or of all.
    Since(i64, Option<String>),
    /// What a push sends and its other side lacks.
    Outgoing(Outgoing),
    /// What is stored in this object directory: the quarantine of a push that is not accepted yet.
    Incoming(PathBuf),
}

impl Commits {
    /// Where their objects are, if the repository does not have them.
    pub(super) fn object_directory(&self) -> Option<&Path> {
        match self {
            Self::Incoming(directory) => Some(directory),
            Self::Range(_) | Self::Branch(_) | Self::Since(..) | Self::Outgoing(_) => None,
        }
    }
}

/// A push, as far as it is known before it happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outgoing {
    /// What is pushed: ids or names.
    pub tips: Vec<String>,
    /// Ids of commits that the other side has. Those that are not here say nothing.
    pub known: Vec<String>,
    /// What the other side has besides: references whose names begin so, as in `refs/remotes/origin/`.
    pub known_refs: Option<String>,
}

/// What was meant.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    /// Parents first; of commits that could come next, the oldest does.
    pub(super) commits: Vec<Revision>,
    /// Where the user stands: the end of the range.
    pub(super) tip: Option<ObjectId>,
    /// Annotated tags on the way from a name to its commit.
    pub(super) tags: Vec<Told>,
    /// Blobs that may be in none of the commits.
    pub(super) strays: Vec<Stray>,
}

/// A blob that no commit has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stray {
    pub(super) blob: ObjectId,
    pub(super) reach: Reach,
}

/// One of the commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Revision {
    pub(super) id: ObjectId,
    pub(super) reach: Reach,
}

/// What is known of a commit, as bits that its parents inherit.
type Marks = u8;
const HIDDEN: Marks = 1;
const LEFT: Marks = 2;
const RIGHT: Marks = 4;
const STASHED: Marks = 8;
const NOTED: Marks = 16;

fn is_hidden(marks: Marks) -> bool {
    marks & HIDDEN != 0 || marks & (LEFT | RIGHT) == LEFT | RIGHT
}

/// The commits that `wanted` names.
///
/// # Errors
///
/// If a name in it means no commit of this repository.
pub(super) fn resolve(
    repository: &gix::Repository,
    reader: &mut Reader<'_>,
    wanted: &Commits,
) -> Result<Revisions, GitError> {
    if let Commits::Incoming(directory) = wanted {
        return Ok(incoming(repository, reader, directory));
    }
    let mut walk = Walk::new(repository, reader);
    let since = match wanted {
        Commits::Range(range) => {
            walk.range(range)?;
            None
        }
        Commits::Branch(name) => {
            walk.branch(name)?;
            None
        }
        Commits::Since(since, Some(name)) => {
            walk.branch(name)?;
            Some(*since)
        }
        Commits::Since(since, None) => {
            walk.all();
            Some(*since)
        }
        Commits::Outgoing(outgoing) => {
            walk.outgoing(outgoing)?;
            None
        }
        Commits::Incoming(_) => None,
    };
    walk.run();
    Ok(walk.finish(since))
}

/// A commit on the way.
#[derive(Debug, Default)]
struct Met {
    marks: Marks,
    time: i64,
    parents: Vec<ObjectId>,
    is_here: bool,
}

struct Walk<'w, 'l> {
    repository: &'w gix::Repository,
    reader: &'w mut Reader<'l>,
    shallow: HashSet<ObjectId>,
    met: HashMap<ObjectId, Met>,
    /// By time, newest first.
    queue: BinaryHeap<(i64, ObjectId)>,
    tip: Option<ObjectId>,
    tags: Vec<Told>,
    strays: Vec<Stray>,
}

impl<'w, 'l> Walk<'w, 'l> {
    fn new(repository: &'w gix::Repository, reader: &'w mut Reader<'l>) -> Self {
        let shallow = repository.shallow_commits().ok().flatten();
        Self {
            repository,
            reader,
            shallow: shallow.iter().flat_map(|all| all.iter().copied()).collect(),
            met: HashMap::new(),
            queue: BinaryHeap::new(),
            tip: None,
            tags: Vec::new(),
            strays: Vec::new(),
        }
    }

    fn range(&mut self, range: &str) -> Result<(), GitError> {
        let spec = self.repository.rev_parse(range).map_err(|e| self.unresolved(range, e))?;
        let [left, right] = sides(range);
        let commit = |walk: &mut Self, id, side| {
            // The message of a tag belongs to the range if it ends there.
            walk.tags.clear();
            walk.commit(id).ok_or_else(|| no_commit(range, side))
        };
        match spec.detach() {
            Spec::Include(id) => {
                let id = commit(self, id, range)?;
                self.tip(id, LEFT);
            }
            Spec::Range { from, to } => {
                let from = commit(self, from, left)?;
                self.mark(from, HIDDEN);
                let to = commit(self, to, right)?;
                self.tip(to, LEFT);
            }
            Spec::Merge { theirs, ours } => {
                let theirs = commit(self, theirs, left)?;
                self.mark(theirs, RIGHT);
                let ours = commit(self, ours, right)?;
                self.tip(ours, LEFT);
            }
            Spec::ExcludeParents(id) => {
                let id = commit(self, id, range)?;
                self.tip(id, LEFT);
                self.parents(id).into_iter().for_each(|parent| self.mark(parent, HIDDEN));
            }
            Spec::IncludeOnlyParents(id) => {
                let id = commit(self, id, range)?;
                self.tags.clear();
                let parents = self.parents(id);
                self.tip = parents.first().copied();
                parents.into_iter().for_each(|parent| self.mark(parent, LEFT));
            }
            Spec::Exclude(_) => return Err(no_commit(range, range)),
        }
        Ok(())
    }

    /// Says which side of a range can't be resolved.
    fn unresolved(&self, range: &str, source: gix::Error) -> GitError {
        let fails =
            |side: &&str| !side.is_empty() && self.repository.rev_parse_single(*side).is_err();
        let side = sides(range).into_iter().find(fails).unwrap_or(range).to_owned();
        GitError::Range { range: range.to_owned(), side, source: Some(Box::new(source)) }
    }

    fn branch(&mut self, name: &str) -> Result<(), GitError> {
        let found = self.repository.rev_parse_single(name).map(gix::Id::detach);
        let id = found.map_err(|source| GitError::Revision {
            name: name.to_owned(),
            source: Some(Box::new(source)),
        })?;
        let no_commit = || GitError::Revision { name: name.to_owned(), source: None };
        let id = self.commit(id).ok_or_else(no_commit)?;
        self.tip(id, LEFT);
        Ok(())
    }

    /// Starts from every reference, and from what is checked out.
    fn all(&mut self) {
        let refs = self.repository.references();
        let refs = refs.as_ref().map(|refs| refs.all());
        let mut complete = matches!(refs, Ok(Ok(_)));
        for reference in refs.into_iter().flatten().flatten() {
            let Ok(reference) = reference else {
                complete = false;
                continue;
            };
            let marks = match reach_of(&reference.name().as_bstr().to_string()) {
                Reach::Stash => STASHED,
                Reach::Note => NOTED,
                _ => LEFT,
            };
            if let Some(id) = reference.try_id().and_then(|id| self.commit(id.detach())) {
                self.mark(id, marks);
            }
        }
        if let Ok(head) = self.repository.head_id() {
            self.tip(head.detach(), LEFT);
        }
        if !complete {
            let path = self.repository.common_dir().into();
            self.reader.library.ledger().gaps.errors.push(GitError::Refs { path });
        }
    }

    /// Starts from what is pushed, and hides what the other side has.
    fn outgoing(&mut self, outgoing: &Outgoing) -> Result<(), GitError> {
        let known = outgoing.known.iter().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok());
        for id in known.chain(self.refs_below(outgoing.known_refs.as_deref())) {
            // What is not here, and what is no commit, hides nothing: more is searched then, not less.
            if let Some((id, Kind::Commit)) = self.peel(id) {
                self.mark(id, HIDDEN);
            }
        }
        self.tags.clear();
        outgoing.tips.iter().try_for_each(|name| self.pushed(name))
    }

    fn refs_below(&self, prefix: Option<&str>) -> Vec<ObjectId> {
        let Some(prefix) = prefix else { return Vec::new() };
        let Ok(refs) = self.repository.references() else { return Vec::new() };
        let found = refs.prefixed(prefix);
        let ids = found.into_iter().flatten().flatten();
        ids.filter_map(|reference| Some(reference.try_id()?.detach())).collect()
    }

    /// Starts from something that is pushed. That may be a tree or a blob: a tag can name anything.
    fn pushed(&mut self, name: &str) -> Result<(), GitError> {
        let unresolved = |source| GitError::Revision { name: name.to_owned(), source };
        let id = match ObjectId::from_hex(name.as_bytes()) {
            Ok(id) => id,
            Err(_) => {
                let found = self.repository.rev_parse_single(name);
                found.map(gix::Id::detach).map_err(|e| unresolved(Some(Box::new(e))))?
            }
        };
        match self.peel(id).ok_or_else(|| unresolved(None))? {
            (id, Kind::Commit) => self.tip(id, LEFT),
            (id, Kind::Blob | Kind::Tree | Kind::Tag) => {
                let blobs = blobs_below(self.reader, id);
                let stray = |blob| Stray { blob, reach: Reach::Commit };
                self.strays.extend(blobs.into_iter().map(stray));
            }
        }
        Ok(())
    }

    /// What `id` is, or what the tag of that id leads to.
    fn peel(&mut self, mut id: ObjectId) -> Option<(ObjectId, Kind)> {
        for _ in 0..MAX_TAGS {
            match self.reader.kind(&id) {
                Ok(Some(Kind::Tag)) => match self.reader.annal(&id) {
                    Ok(Some(Annal::Tag { target, told })) => {
                        self.tags.push(told);
                        id = target;
                    }
                    Ok(Some(Annal::Commit(_)) | None) | Err(Noted) => return None,
                },
                Ok(Some(kind)) => return Some((id, kind)),
                Ok(None) | Err(Noted) => return None,
            }
        }
        None
    }

    fn tip(&mut self, id: ObjectId, marks: Marks) {
        self.tip = Some(id);
        self.mark(id, marks);
    }

    /// The commit that `id` names, through tags; none if it is something else.
    fn commit(&mut self, mut id: ObjectId) -> Option<ObjectId> {
        for _ in 0..MAX_TAGS {
            match self.reader.annal(&id) {
                Ok(Some(Annal::Commit(_))) => return Some(id),
                Ok(Some(Annal::Tag { target, told })) => {
                    if self.tags.iter().all(|known| known.change != told.change) {
                        self.tags.push(told);
                    }
                    id = target;
                }
                Ok(None) | Err(Noted) => return None,
            }
        }
        None
    }

    fn parents(&mut self, id: ObjectId) -> Vec<ObjectId> {
        self.meet(id).parents
    }

    /// Adds to what is known of a commit, and has its parents learn it.
    fn mark(&mut self, id: ObjectId, marks: Marks) {
        if !self.met.contains_key(&id) {
            let met = self.meet(id);
            self.met.insert(id, met);
        }
        let Some(met) = self.met.get_mut(&id) else { return };
        if met.marks | marks != met.marks {
            met.marks |= marks;
            self.queue.push((met.time, id));
        }
    }

    fn meet(&mut self, id: ObjectId) -> Met {
        match self.reader.annal(&id) {
            Ok(Some(Annal::Commit(commit))) => {
                let is_border = self.shallow.contains(&id);
                let parents = if is_border { Vec::new() } else { commit.parents };
                Met { time: commit.time, parents, is_here: true, marks: 0 }
            }
            _ => Met::default(),
        }
    }

    /// Lets all commits learn what their children know, newest first.
    fn run(&mut self) {
        /// A clock may have been wrong: a child of a hidden commit can look older than a commit that is
        /// wanted and will turn out to be hidden.
        const SLACK: usize = 256;
        let mut hidden = 0;
        while let Some((_, id)) = self.queue.pop() {
            let Some(met) = self.met.get(&id) else { continue };
            let marks = met.marks;
            hidden = if is_hidden(marks) { hidden + 1 } else { 0 };
            for parent in met.parents.clone() {
                self.mark(parent, marks);
            }
            if hidden >= SLACK && self.queue.iter().all(|(_, id)| is_hidden(self.met[id].marks)) {
                break;
            }
        }
    }

    fn finish(self, since: Option<i64>) -> Revisions {
        let since = since.unwrap_or(i64::MIN);
        let wanted: Vec<(ObjectId, &Met)> = self
            .met
            .iter()
            .filter(|(_, met)| met.is_here && !is_hidden(met.marks) && met.time >= since)
            .map(|(id, met)| (*id, met))
            .collect();
        let mut ledger = self.reader.library.ledger();
        for (id, met) in &wanted {
            if self.shallow.contains(id) {
                ledger.gaps.shallow.insert(*id);
            }
            ledger.gaps.missing.extend(met.parents.iter().filter(|p| self.is_absent(p)));
        }
        let tags = self.tags.into_iter().filter(|tag| tag.change.date.seconds >= since).collect();
        Revisions { commits: ordered(wanted), tip: self.tip, tags, strays: self.strays }
    }

    fn is_absent(&self, id: &ObjectId) -> bool {
        self.met.get(id).is_some_and(|met| !met.is_here)
    }
}

/// Everything in an object directory that is not the repository's own.
fn incoming(repository: &gix::Repository, reader: &mut Reader<'_>, directory: &Path) -> Revisions {
    let database = Database::list(&[directory.to_path_buf()], repository.object_hash());
    reader.library.ledger().gaps.errors.extend(database.errors);
    let mut met = HashMap::new();
    let mut revisions = Revisions::default();
    for id in database.objects.iter() {
        match reader.kind(id) {
            Ok(Some(Kind::Commit | Kind::Tag)) => match reader.annal(id) {
                Ok(Some(Annal::Commit(Commit { time, parents, .. }))) => {
                    met.insert(id.into(), Met { marks: LEFT, time, parents, is_here: true });
                }
                Ok(Some(Annal::Tag { told, .. })) => revisions.tags.push(told),
                Ok(None) | Err(Noted) => {}
            },
            Ok(Some(Kind::Blob)) => {
                revisions.strays.push(Stray { blob: id.into(), reach: Reach::Unreachable });
            }
            // What a tree holds stands here as well, or is not new.
            Ok(Some(Kind::Tree) | None) | Err(Noted) => {}
        }
    }
    revisions.commits = ordered(met.iter().map(|(id, met)| (*id, met)).collect());
    revisions.tip = revisions.commits.last().map(|commit| commit.id);
    revisions
}

/// The blob `id`, or those in the tree `id`.
fn blobs_below(reader: &mut Reader<'_>, id: ObjectId) -> HashSet<ObjectId> {
    let mut blobs = HashSet::new();
    let mut seen = HashSet::new();
    let mut left = vec![id];
    while let Some(id) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        match reader.kind(&id) {
            Ok(Some(Kind::Tree)) => left.extend(reader.entries(&id).iter().map(|e| e.link.id)),
            Ok(_) => {
                blobs.insert(id);
            }
            Err(Noted) => {}
        }
    }
    blobs
}

/// What stands before and after the dots, if there are any.
fn sides(range: &str) -> [&str; 2] {
    let sides = range.split_once("...").or_else(|| range.split_once(".."));
    sides.map_or([range, range], |(left, right)| [left, right])
}

fn no_commit(range: &str, side: &str) -> GitError {
    GitError::Range { range: range.to_owned(), side: side.to_owned(), source: None }
}

/// What a commit is best reached by.
fn reach(marks: Marks) -> Reach {
    if marks & (LEFT | RIGHT) != 0 {
        Reach::Commit
    } else if marks & STASHED != 0 {
        Reach::Stash
    } else {
        Reach::Note
    }
}

/// `commits` with parents before children; among commits that may come next, the oldest first.
fn ordered(commits: Vec<(ObjectId, &Met)>) -> Vec<Revision> {
    let numbers: HashMap<ObjectId, usize> =
        commits.iter().enumerate().map(|(n, (id, _))| (*id, n)).collect();
    let known = |met: &Met| met.parents.iter().filter_map(|p| numbers.get(p).copied()).collect();
    let parents: Vec<Vec<usize>> = commits.iter().map(|(_, met)| known(met)).collect();
    let order = order::parents_first(&parents, |n| (commits[n].1.time, commits[n].0));
    let revision = |n: usize| Revision { id: commits[n].0, reach: reach(commits[n].1.marks) };
    order.into_iter().map(revision).collect()
}
