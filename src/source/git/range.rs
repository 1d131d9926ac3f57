//! What some commits add: each is compared with all its parents.
//!
//! If they are many, a pass over the whole database says which of them touch anything that is found.

use std::collections::{HashMap, HashSet};

use gix::hash::ObjectId;

use super::{
    GitError, Search,
    changes::{Comparison, Touched},
    history,
    news::{self, New, News},
    reader::{Commit, Library, Reader},
    revisions::{self, Commits, Revisions, Stray},
    teller::{COMMIT_MESSAGE, TAG_MESSAGE, blob_path},
};
use crate::{
    history::{Change, History, Introduced, Reach},
    secret::Identity,
    source::{Meter, Outcome},
};

/// If there are more commits than this, reading the whole database takes less time.
pub const MANY_COMMITS: usize = 2_000;

/// Searches what `commits` add, each item with its history.
///
/// If there are more than `many` of them, the whole database is read; what is found is the same.
///
/// # Errors
///
/// If `commits` can't be resolved. Objects that can't be read are in the outcome.
pub fn scan<S: Search>(
    repository: &gix::Repository,
    search: &S,
    commits: &Commits,
    many: usize,
    options: history::Options,
    meter: &Meter,
) -> Result<Outcome<(S::Item, History)>, GitError> {
    let mut library = Library::new(repository, options.threads);
    if let Some(directory) = commits.object_directory() {
        library.add(directory)?;
    }
    let mut revisions = revisions::resolve(repository, &mut library.reader(), commits)?;
    let mut news = News::new(&library, search, meter);
    let mut outcome = Outcome::default();
    if revisions.commits.len() > many {
        let wanted = revisions.commits.iter().map(|c| c.id).collect();
        let also = commits.object_directory();
        let survey = history::survey(repository, also, search, options, meter, &wanted);
        revisions.commits.retain(|c| survey.bearers.contains(&c.id));
        news.sightings = survey.sightings;
        news.is_complete = true;
        library.ledger().pointers = survey.pointers;
        outcome.coverage = survey.outcome.coverage;
        outcome.errors = survey.outcome.errors;
    }
    let mut scan = Scan { news, revisions, changes: Vec::new(), authors: Vec::new() };
    outcome.items = scan.run();
    for (why, path) in scan.news.skipped(&scan.changes) {
        outcome.coverage.skip(why, path);
    }
    drop(scan);
    library.settle(&mut outcome);
    Ok(outcome)
}

struct Scan<'n, S: Search> {
    news: News<'n, S>,
    /// Those that can be read; those first that are better reached.
    revisions: Revisions,
    /// What each of them does.
    changes: Vec<Vec<Touched>>,
    /// Who made each of them.
    authors: Vec<Change>,
}

/// A secret, where it came from, and what became of it.
struct Entry {
    new: New,
    /// The blob at the tip, if it is still there.
    at_tip: Option<ObjectId>,
    /// Which commit took it away.
    removed: Option<usize>,
}

impl<S: Search> Scan<'_, S> {
    fn run(&mut self) -> Vec<(S::Item, History)> {
        self.compare();
        let mut entries = self.entries();
        self.find_at_tip(&mut entries);
        self.find_removals(&mut entries);
        let mut items: Vec<_> = entries.iter().filter_map(|entry| self.told(entry)).collect();
        items.extend(self.messages());
        items.extend(self.tag_messages());
        items.extend(self.strays());
        items
    }

    /// Compares all commits with their parents and searches their messages. A commit that can't be read
    /// is left out, and the ledger says so.
    fn compare(&mut self) {
        let mut commits = std::mem::take(&mut self.revisions.commits);
        commits.sort_by_key(|commit| commit.reach);
        let news = &self.news;
        let read = news.library.map(&commits, |reader, commit| {
            let commit = reader.commit(&commit.id)?;
            let touched = touched(reader, &commit);
            let message = (!news.is_complete)
                .then(|| reader.search_message(&commit.told.message, news.search));
            Some((touched, commit.told.change, message))
        });
        for (commit, read) in commits.into_iter().zip(read) {
            let Some((touched, author, message)) = read else { continue };
            self.news.sightings.extend(message.map(|message| (commit.id, message)));
            self.revisions.commits.push(commit);
            self.changes.push(touched);
            self.authors.push(author);
        }
    }

    /// What the commits bring in, each secret by the first of them that does.
    fn entries(&mut self) -> Vec<Entry> {
        let mut seen: HashSet<(Box<[u8]>, Identity)> = HashSet::new();
        let new = self.news.of(&self.changes).into_iter();
        new.filter(|new| seen.insert((new.path.clone(), new.identity)))
            .map(|new| Entry { new, at_tip: None, removed: None })
            .collect()
    }

    fn find_at_tip(&mut self, entries: &mut [Entry]) {
        let mut reader = self.news.library.reader();
        let Some(tree) = self.revisions.tip.and_then(|id| reader.commit(&id)).map(|c| c.tree)
        else {
            return;
        };
        for entry in entries.iter_mut() {
            entry.at_tip = reader.blob_at(tree, &entry.new.path);
        }
        self.news.read(entries.iter().filter_map(|entry| entry.at_tip));
        for entry in entries {
            let New { path, identity, .. } = &entry.new;
            entry.at_tip = entry.at_tip.filter(|&blob| self.news.has(path, blob, *identity));
        }
    }

    /// The last commit that takes each secret away, which the tip does not have: from all its parents, or
    /// else, in a merge, from one of them.
    fn find_removals(&mut self, entries: &mut [Entry]) {
        let gone = entries.iter().filter(|entry| entry.at_tip.is_none());
        let paths: HashSet<&[u8]> = gone.map(|entry| &*entry.new.path).collect();
        let mut by_path: HashMap<&[u8], Vec<(usize, &Touched)>> = HashMap::new();
        for (commit, touched) in self.changes.iter().enumerate() {
            for touched in touched.iter().filter(|t| paths.contains(&*t.path)) {
                by_path.entry(&touched.path).or_default().push((commit, touched));
            }
        }
        let blobs = by_path.values().flatten();
        self.news
            .read(blobs.flat_map(|(_, t)| t.now.iter().chain(t.before.iter().flatten()).copied()));
        let news = &self.news;
        for Entry { new, at_tip, removed } in entries {
            let New { path, identity, .. } = new;
            let has = |blob: &Option<ObjectId>| blob.is_some_and(|b| news.has(path, b, *identity));
            let changes = by_path.get(&**path).map_or(&[][..], |changes| changes);
            let takes = |all: bool| {
                let parents = |t: &Touched| {
                    if all { t.before.iter().all(has) } else { t.before.iter().any(has) }
                };
                changes
                    .iter()
                    .rev()
                    .find(|(_, t)| !t.before.is_empty() && parents(t) && !has(&t.now))
            };
            let last = takes(true).or_else(|| takes(false)).map(|(commit, _)| *commit);
            *removed = last.filter(|_| at_tip.is_none());
        }
    }

    fn told(&self, entry: &Entry) -> Option<(S::Item, History)> {
        let New { change, path, blob, identity, .. } = &entry.new;
        let first = self.news.item(path, *blob, *identity)?;
        let introduced = self.introduced(self.authors[*change].clone(), path, &first);
        let item = match entry.at_tip {
            Some(blob) => self.news.item(path, blob, *identity)?,
            None => first,
        };
        let history = History {
            removed: entry.removed.map(|commit| self.authors[commit].clone()),
            at_head: entry.at_tip.is_some(),
            ..committed(self.revisions.commits[*change].reach, introduced)
        };
        Some((item, history))
    }

    fn introduced(&self, change: Change, path: &[u8], item: &S::Item) -> Introduced {
        Introduced { change, path: news::origin(path).path, line: S::line(item) }
    }

    /// What messages of commits hold, each secret once.
    fn messages(&self) -> Vec<(S::Item, History)> {
        let messages = self.revisions.commits.iter().zip(&self.authors);
        self.in_messages(COMMIT_MESSAGE, messages.map(|(c, author)| (c.id, c.reach, author)))
    }

    fn tag_messages(&mut self) -> Vec<(S::Item, History)> {
        let mut reader = self.news.library.reader();
        let mut tags = Vec::new();
        for tag in std::mem::take(&mut self.revisions.tags) {
            self.news.library.ledger().tags += 1;
            if !self.news.is_complete {
                let found = reader.search_message(&tag.message, self.news.search);
                self.news.sightings.insert(tag.id, found);
            }
            tags.push((tag.id, tag.change));
        }
        let tags = tags.iter().map(|(id, change)| (*id, Reach::Commit, change));
        self.in_messages(TAG_MESSAGE, tags)
    }

    /// What blobs hold that no commit brings.
    fn strays(&mut self) -> Vec<(S::Item, History)> {
        let named: HashSet<ObjectId> =
            self.changes.iter().flatten().filter_map(|t| t.now).collect();
        let mut strays = std::mem::take(&mut self.revisions.strays);
        strays.retain(|stray| !named.contains(&stray.blob));
        self.news.read(strays.iter().map(|stray| stray.blob));
        let mut found = Vec::new();
        for Stray { blob, reach } in strays {
            let path = blob_path(&blob);
            for identity in self.news.identities(&path, blob) {
                let history = History { reach, in_worktree: false, ..History::of_worktree() };
                found.extend(self.news.item(&path, blob, identity).map(|item| (item, history)));
            }
        }
        found
    }

    fn in_messages<'m>(
        &self,
        path: &[u8],
        messages: impl Iterator<Item = (ObjectId, Reach, &'m Change)>,
    ) -> Vec<(S::Item, History)> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (id, reach, author) in messages {
            for identity in self.news.identities(path, id) {
                if seen.insert(identity)
                    && let Some(item) = self.news.item(path, id, identity)
                {
                    let introduced = self.introduced(author.clone(), path, &item);
                    found.push((item, committed(reach, introduced)));
                }
            }
        }
        found
    }
}

/// What a commit does to the files. Parents that a shallow clone left out are none.
fn touched(reader: &mut Reader<'_>, commit: &Commit) -> Vec<Touched> {
    let mut before = Vec::new();
    for parent in &commit.parents {
        before.extend(reader.parent(parent).map(|parent| parent.tree));
    }
    reader.library.ledger().commits += 1;
    Comparison::new(reader).trees(commit.tree, &before)
}

fn committed(reach: Reach, introduced: Introduced) -> History {
    let introduced = Some(introduced);
    History { reach, introduced, in_worktree: false, ..History::of_worktree() }
}
