//! Tells the history of everything found: for each secret at each path, who brought it in, who took it
//! out, and what keeps it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use gix::hash::{ObjectId, oid};

use super::{
    Search,
    commits::{Annals, Author, Commit},
    graph::{Graph, Number},
    history::Scan,
    objects::{Object, Objects},
    places::{Node, PathId, Paths, Places},
    refs::{Tips, reach_of},
    trees::Forest,
};
use crate::{
    blob::Origin,
    coverage::Skip,
    history::{Change, History, Introduced, MAX_REFS, Reach},
    secret::Identity,
};

/// Where the text of a message stands: no file of a repository has such a path.
pub(super) const COMMIT_MESSAGE: &[u8] = b".git/commit-message";
pub(super) const TAG_MESSAGE: &[u8] = b".git/tag-message";

/// What reports call a blob that stands at no path.
pub(super) fn blob_path(id: &oid) -> Vec<u8> {
    format!(".git/blob/{id}").into_bytes()
}

/// What was told.
pub(super) struct Told<I> {
    pub(super) items: Vec<(I, History)>,
    /// Files that Git LFS keeps elsewhere, and what was left out of others.
    pub(super) skipped: Vec<(Skip, String)>,
    /// Whether there were no more places than can be told apart.
    pub(super) is_complete: bool,
}

pub(super) struct Teller<'t, S: Search> {
    scan: &'t Scan<'t, S>,
    objects: &'t Objects,
    tips: &'t Tips,
    annals: Annals<S::Sightings>,
    sightings: HashMap<Object, Vec<S::Sightings>>,
    pointers: HashSet<Object>,
    graph: Graph,
    places: Places,
    paths: Paths,
    identities: HashMap<(PathId, Object), Rc<[Identity]>>,
    /// In the order in which they were found, which is that of time.
    entries: Vec<Entry>,
    numbers: HashMap<(PathId, Identity), usize>,
}

/// One secret at one path.
struct Entry {
    path: PathId,
    identity: Identity,
    /// A text in which it stands: that of the commit which brought it in, if there is one.
    text: Object,
    /// The text at `HEAD`.
    head: Option<Object>,
    origin: Option<Source>,
    /// Commits that have it although no parent does.
    brought_by: Vec<Number>,
    /// References that name its tree, its blob or its tag without a commit.
    named_by: Vec<u32>,
    reach: Reach,
    /// Commits that contain it, by what reaches them.
    commits: [u64; REACHES],
    removals: Removals,
}

const REACHES: usize = Reach::Unreachable as usize + 1;

/// What brought a secret in.
#[derive(Debug, Clone, Copy)]
enum Source {
    Commit(Number),
    Tag(Object, Author),
}

/// The last commits that took a secret away: in the history of `HEAD` and elsewhere, from all of their
/// parents or, in a merge, from one of them.
#[derive(Debug, Clone, Copy, Default)]
struct Removals {
    head: [Option<Number>; 2],
    any: [Option<Number>; 2],
}

impl<'t, S: Search> Teller<'t, S> {
    pub(super) fn new(
        scan: &'t Scan<'t, S>,
        objects: &'t Objects,
        tips: &'t Tips,
        mut annals: Annals<S::Sightings>,
        sightings: Vec<(Object, Vec<S::Sightings>)>,
        pointers: Vec<Object>,
        forest: Forest,
    ) -> Self {
        let pointers: HashSet<Object> = pointers.into_iter().collect();
        let mut wanted = pointers.clone();
        wanted.extend(sightings.iter().map(|(object, _)| *object));
        let wanted: Vec<Object> = wanted.into_iter().collect();
        let places = Places::new(objects, forest.edges, &wanted);
        let commits = std::mem::take(&mut annals.commits);
        let tags = std::mem::take(&mut annals.tags);
        let messages = std::mem::take(&mut annals.messages);
        let messages = messages.into_iter().map(|(object, sightings)| (object, vec![sightings]));
        Self {
            scan,
            objects,
            tips,
            annals,
            sightings: sightings.into_iter().chain(messages).collect(),
            pointers,
            graph: Graph::new(commits, tags, objects, tips),
            places,
            paths: Paths::new(forest.names),
            identities: HashMap::new(),
            entries: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    pub(super) fn tell(mut self) -> Told<S::Item> {
        self.commits();
        let skipped = self.count();
        self.head();
        self.removals();
        self.named_directly();
        self.index();
        self.strays();
        self.messages();
        let items = self.items();
        Told { items, skipped, is_complete: self.paths.is_complete() }
    }

    /// The commits among `wanted` that change anything found, by their trees or messages; and everything
    /// found, by the ids of blobs, commits and tags.
    pub(super) fn bearers(
        self,
        wanted: &HashSet<ObjectId>,
    ) -> (HashSet<ObjectId>, HashMap<ObjectId, Vec<S::Sightings>>) {
        let bears = |n: Number, commit: &Commit| {
            let (node, parents) = (self.node(n), &self.graph.parents[n as usize]);
            self.sightings.contains_key(&commit.object)
                || parents.iter().any(|&parent| self.node(parent) != node)
                || parents.is_empty() && node.is_some()
        };
        let commits = (0..).zip(&self.graph.commits).filter(|(n, commit)| bears(*n, commit));
        let ids = commits.map(|(_, commit)| self.objects.id(commit.object).into());
        let bearers = ids.filter(|id: &ObjectId| wanted.contains(id)).collect();
        let id = |object| self.objects.id(object).into();
        (bearers, self.sightings.into_iter().map(|(object, all)| (id(object), all)).collect())
    }

    /// What stands in the tree of a commit.
    fn node(&self, commit: Number) -> Option<Node> {
        self.places.node(self.graph.commits[commit as usize].tree?)
    }

    /// What is found in `text` if it stands at `path`.
    fn identities(&mut self, path: PathId, text: Object) -> Rc<[Identity]> {
        if let Some(known) = self.identities.get(&(path, text)) {
            return known.clone();
        }
        let mut all: Vec<Identity> = Vec::new();
        if let Some(parts) = self.sightings.get(&text) {
            let path = self.origin(path).path;
            all.extend(parts.iter().flat_map(|part| self.scan.search.identities(part, &path)));
        }
        all.sort_unstable();
        all.dedup();
        let all: Rc<[Identity]> = all.into();
        self.identities.insert((path, text), all.clone());
        all
    }

    fn origin(&self, path: PathId) -> Origin {
        let path = String::from_utf8_lossy(&self.paths.bytes(path)).into_owned();
        let path = format!("{}{path}", self.scan.prefix);
        Origin { shown: path.clone().into(), path }
    }

    /// Where `new` has something that none of `old` has at the same path.
    fn differences(
        &mut self,
        new: Option<Node>,
        old: &[Option<Node>],
    ) -> Vec<(PathId, Object, Vec<Identity>)> {
        let mut found = Vec::new();
        self.places.differences(new, old, &mut self.paths, |path, blob, old| {
            found.push((path, blob, old.to_vec()));
        });
        found
            .into_iter()
            .map(|(path, blob, old)| {
                let old: Vec<_> =
                    old.into_iter().flatten().map(|o| self.identities(path, o)).collect();
                let new = self.identities(path, blob);
                let is_new = |i: &&Identity| old.iter().all(|o| o.binary_search(i).is_err());
                (path, blob, new.iter().filter(is_new).copied().collect())
            })
            .collect()
    }

    /// The secret's entry; a new one stands in `text`, where `origin` brought it.
    fn entry(
        &mut self,
        path: PathId,
        identity: Identity,
        text: Object,
        reach: Reach,
        origin: Option<Source>,
    ) -> &mut Entry {
        let next = self.entries.len();
        let number = *self.numbers.entry((path, identity)).or_insert(next);
        if number == next {
            self.entries.push(Entry {
                path,
                identity,
                text,
                head: None,
                origin,
                brought_by: Vec::new(),
                named_by: Vec::new(),
                reach,
                commits: [0; REACHES],
                removals: Removals::default(),
            });
        }
        &mut self.entries[number]
    }

    /// Which commits bring something in. Those that more reaches come first: a commit that was amended
    /// is still there, and older, but nobody has it in their history.
    fn commits(&mut self) {
        let mut order: Vec<Number> = (0..self.graph.commits.len() as Number).collect();
        order.sort_by_key(|&n| self.graph.reach[n as usize]);
        for n in order {
            let parents: Vec<Option<Node>> =
                self.graph.parents[n as usize].iter().map(|&p| self.node(p)).collect();
            let reach = self.graph.reach[n as usize];
            for (path, blob, new) in self.differences(self.node(n), &parents) {
                for identity in new {
                    let entry = self.entry(path, identity, blob, reach, Some(Source::Commit(n)));
                    entry.brought_by.push(n);
                }
            }
        }
    }

    /// How many commits contain each secret; also what Git LFS keeps elsewhere or a limit left out.
    fn count(&mut self) -> Vec<(Skip, String)> {
        let mut tops: HashMap<Node, [u64; REACHES]> = HashMap::new();
        for n in 0..self.graph.commits.len() as Number {
            if let Some(node) = self.node(n) {
                tops.entry(node).or_default()[self.graph.reach[n as usize] as usize] += 1;
            }
        }
        let places = self.places.carry_down(tops, &mut self.paths);
        let mut skipped: BTreeSet<(Skip, String)> = BTreeSet::new();
        for (path, blob, counts) in places {
            if self.pointers.contains(&blob) {
                skipped.insert((Skip::LfsPointer, self.origin(path).path));
            }
            for gap in self.sightings.get(&blob).into_iter().flatten().flat_map(S::gaps) {
                skipped.insert((gap.why, gap.name(&self.origin(path).path)));
            }
            for identity in self.identities(path, blob).iter() {
                if let Some(&number) = self.numbers.get(&(path, *identity)) {
                    let own = &mut self.entries[number].commits;
                    own.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
                }
            }
        }
        skipped.into_iter().collect()
    }

    fn head_commit(&self) -> Option<Number> {
        let object = self.objects.find(self.tips.head?.as_bytes())?;
        self.graph.commit(object)
    }

    fn head(&mut self) {
        let node = self.head_commit().and_then(|n| self.node(n));
        for (path, blob, all) in self.differences(node, &[]) {
            for identity in all {
                if let Some(&number) = self.numbers.get(&(path, identity)) {
                    self.entries[number].head = Some(blob);
                }
            }
        }
    }

    fn removals(&mut self) {
        let in_head = self.graph.ancestors(self.head_commit());
        for n in 0..self.graph.commits.len() as Number {
            if self.graph.reach[n as usize] != Reach::Commit {
                continue;
            }
            let node = self.node(n);
            let parents = self.graph.parents[n as usize].clone();
            let nodes: Vec<Option<Node>> = parents.iter().map(|&p| self.node(p)).collect();
            for &parent in nodes.iter().filter(|&&p| p != node) {
                for (path, _, gone) in self.differences(parent, &[node]) {
                    for identity in gone {
                        let all = nodes.iter().all(|&node| self.contains(node, path, identity));
                        let Some(&number) = self.numbers.get(&(path, identity)) else { continue };
                        let removals = &mut self.entries[number].removals;
                        removals.any[usize::from(!all)] = Some(n);
                        if in_head[n as usize] {
                            removals.head[usize::from(!all)] = Some(n);
                        }
                    }
                }
            }
        }
    }

    fn contains(&mut self, node: Option<Node>, path: PathId, identity: Identity) -> bool {
        let blob = node
            .and_then(|node| self.places.at(node, path, &self.paths))
            .and_then(|node| self.places.blob(node));
        blob.is_some_and(|blob| self.identities(path, blob).binary_search(&identity).is_ok())
    }

    /// References to trees and blobs.
    fn named_directly(&mut self) {
        for (number, (name, id)) in self.tips.refs.iter().enumerate() {
            let Some(object) = self.objects.find(id.as_bytes()) else { continue };
            let object = self.graph.peeled(object);
            let Some(node) = self.places.node(object) else { continue };
            let reach = reach_of(name);
            for (path, text, identity) in self.below(object, node) {
                let entry = self.entry(path, identity, text, reach, None);
                entry.reach = entry.reach.min(reach);
                entry.named_by.push(number as u32);
            }
        }
    }

    /// Everything in the tree or blob `object`; a blob gets a path of its own.
    fn below(&mut self, object: Object, node: Node) -> Vec<(PathId, Object, Identity)> {
        if self.places.blob(node).is_some() {
            let path = self.paths.intern(&blob_path(self.objects.id(object)));
            let all = self.identities(path, object);
            return all.iter().map(|&identity| (path, object, identity)).collect();
        }
        let all = self.differences(Some(node), &[]);
        all.into_iter()
            .flat_map(|(path, text, all)| all.into_iter().map(move |i| (path, text, i)))
            .collect()
    }

    /// What is staged.
    fn index(&mut self) {
        let tips = self.tips;
        for (path, id) in &tips.index {
            let Some(object) = self.objects.find(id.as_bytes()) else { continue };
            if !self.sightings.contains_key(&object) {
                continue;
            }
            let path = self.paths.intern(path);
            for &identity in self.identities(path, object).iter() {
                let entry = self.entry(path, identity, object, Reach::Index, None);
                entry.reach = entry.reach.min(Reach::Index);
            }
        }
    }

    /// Trees and blobs that no tree holds, no commit names, and nothing else does.
    fn strays(&mut self) {
        let named: HashSet<Object> = self.graph.commits.iter().filter_map(|c| c.tree).collect();
        let find = |id: &gix::ObjectId| self.objects.find(id.as_bytes());
        let staged: HashSet<Object> =
            self.tips.index.iter().filter_map(|(_, id)| find(id)).collect();
        let by_refs: HashSet<Object> = self
            .tips
            .refs
            .iter()
            .filter_map(|(_, id)| Some(self.graph.peeled(find(id)?)))
            .collect();
        let mut tops = std::mem::take(&mut self.places.tops);
        tops.retain(|o| !named.contains(o) && !staged.contains(o) && !by_refs.contains(o));
        tops.sort_unstable();
        for object in tops {
            let Some(node) = self.places.node(object) else { continue };
            for (path, text, identity) in self.below(object, node) {
                self.entry(path, identity, text, Reach::Unreachable, None);
            }
        }
    }

    /// Messages of commits, oldest and best reached first, and of tags.
    fn messages(&mut self) {
        let path = self.paths.intern(COMMIT_MESSAGE);
        let mut numbers: Vec<Number> = (0..self.graph.commits.len() as Number)
            .filter(|&n| self.sightings.contains_key(&self.graph.commits[n as usize].object))
            .collect();
        numbers.sort_by_key(|&n| (self.graph.reach[n as usize], n));
        for n in numbers {
            let object = self.graph.commits[n as usize].object;
            let reach = self.graph.reach[n as usize];
            for &identity in self.identities(path, object).iter() {
                let entry = self.entry(path, identity, object, reach, Some(Source::Commit(n)));
                entry.brought_by.push(n);
                entry.commits[reach as usize] += 1;
            }
        }
        self.tag_messages();
    }

    fn tag_messages(&mut self) {
        let path = self.paths.intern(TAG_MESSAGE);
        let found = self.sightings.keys().filter_map(|&object| self.graph.tag(object));
        let mut tags: BTreeMap<Object, (Author, Vec<u32>)> =
            found.map(|tag| (tag.object, (tag.tagger, Vec::new()))).collect();
        for (number, (_, id)) in self.tips.refs.iter().enumerate() {
            let Some(object) = self.objects.find(id.as_bytes()) else { continue };
            for tag in self.graph.chain(object) {
                if let Some((_, refs)) = tags.get_mut(&tag) {
                    refs.push(number as u32);
                }
            }
        }
        for (object, (tagger, refs)) in tags {
            let reach = if refs.is_empty() { Reach::Unreachable } else { Reach::Commit };
            let origin = Some(Source::Tag(object, tagger));
            for &identity in self.identities(path, object).iter() {
                let entry = self.entry(path, identity, object, reach, origin);
                entry.reach = entry.reach.min(reach);
                entry.named_by.extend(&refs);
            }
        }
    }

    fn items(&mut self) -> Vec<(S::Item, History)> {
        let groups: Vec<Vec<Number>> = self.entries.iter().map(|e| e.brought_by.clone()).collect();
        let tips: Vec<Option<Number>> = self
            .tips
            .refs
            .iter()
            .map(|(_, id)| self.graph.commit(self.graph.peeled(self.objects.find(id.as_bytes())?)))
            .collect();
        let refs = self.graph.refs_with(&groups, &tips);
        let in_head = self.graph.ancestors(self.head_commit());
        self.entries
            .iter()
            .zip(refs)
            .filter_map(|(entry, refs)| {
                let first = self.item(entry, entry.text)?;
                let history = self.history(entry, S::line(&first), refs, &in_head);
                let item = match entry.head.filter(|head| *head != entry.text) {
                    Some(head) => self.item(entry, head)?,
                    None => first,
                };
                Some((item, history))
            })
            .collect()
    }

    /// The first occurrence of the secret of `entry` in `text`.
    fn item(&self, entry: &Entry, text: Object) -> Option<S::Item> {
        let origin = self.origin(entry.path);
        let parts = self.sightings.get(&text)?;
        parts.iter().find_map(|part| self.scan.search.item(entry.identity, part, &origin))
    }

    /// The history of a secret that came in at `line`.
    fn history(&self, entry: &Entry, line: usize, mut refs: Vec<u32>, in_head: &[bool]) -> History {
        refs.extend(&entry.named_by);
        refs.sort_unstable();
        refs.dedup();
        let introduced = entry.origin.map(|source| Introduced {
            change: self.change(source),
            path: self.origin(entry.path).path,
            line,
        });
        let was_in_head = entry.brought_by.iter().any(|&n| in_head[n as usize]);
        let removals = if was_in_head { entry.removals.head } else { entry.removals.any };
        let removed = removals[0].or(removals[1]).filter(|_| entry.head.is_none());
        History {
            reach: entry.reach,
            introduced,
            removed: removed.map(|n| self.change(Source::Commit(n))),
            at_head: entry.head.is_some(),
            in_worktree: false,
            commits: entry.commits[..=entry.reach as usize].iter().sum(),
            refs_total: refs.len(),
            refs: refs
                .into_iter()
                .take(MAX_REFS)
                .map(|n| self.tips.refs[n as usize].0.clone())
                .collect(),
            overdue_days: None,
        }
    }

    fn change(&self, source: Source) -> Change {
        let (object, author) = match source {
            Source::Commit(n) => {
                let commit = &self.graph.commits[n as usize];
                (commit.object, commit.author)
            }
            Source::Tag(object, tagger) => (object, tagger),
        };
        Change {
            id: self.objects.id(object).to_string(),
            author: self.annals.name(author),
            date: author.date,
        }
    }
}
