//! Trees, pruned to what leads to something found. Most commits change nothing of it: their pruned trees
//! are one and the same, so that comparing two commits is mostly comparing two numbers.

use std::collections::{HashMap, VecDeque};

use super::{
    objects::{Object, Objects},
    trees::{Edge, Name},
};

/// A pruned tree, or a blob in which something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node(u32);

/// A path, as a chain of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathId(u32);

/// The root of a tree.
pub(super) const ROOT: PathId = PathId(0);

/// All pruned trees of a database.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// A node comes after those that it holds.
    nodes: Vec<Content>,
    node_of: HashMap<Object, Node>,
    /// Trees and blobs that are found here and that no tree holds.
    pub(super) tops: Vec<Object>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Content {
    Blob(Object),
    /// Sorted by name.
    Tree(Box<[(Name, Node)]>),
}

impl Places {
    /// Prunes the trees that `edges` describe to those that lead to `wanted`.
    pub(super) fn new(objects: &Objects, edges: Vec<Edge>, wanted: &[Object]) -> Self {
        let edges = relevant(objects, edges, wanted);
        let by_parent = Grouped::new(&edges, objects.len(), |e| e.parent);
        let by_child = Grouped::new(&edges, objects.len(), |e| e.child);
        let mut places = Self::default();
        // Each tree waits until all that it holds is known.
        let mut waiting: HashMap<Object, usize> = HashMap::new();
        for edge in &edges {
            *waiting.entry(edge.parent).or_default() += 1;
        }
        let mut ready: VecDeque<Object> = wanted.iter().copied().collect();
        let mut known: HashMap<Content, Node> = HashMap::new();
        while let Some(object) = ready.pop_front() {
            let below = by_parent.get(object);
            let content = if below.is_empty() {
                Content::Blob(object)
            } else {
                let mut entries: Vec<(Name, Node)> = below
                    .iter()
                    .map(|&n| (edges[n as usize].name, places.node_of[&edges[n as usize].child]))
                    .collect();
                entries.sort_unstable();
                entries.dedup();
                Content::Tree(entries.into())
            };
            let next = Node(places.nodes.len() as u32);
            let node = *known.entry(content).or_insert_with_key(|content| {
                places.nodes.push(content.clone());
                next
            });
            places.node_of.insert(object, node);
            let above = by_child.get(object);
            if above.is_empty() {
                places.tops.push(object);
            }
            for &n in above {
                let parent = edges[n as usize].parent;
                let left = waiting.get_mut(&parent).expect("every parent of an edge waits");
                *left -= 1;
                if *left == 0 {
                    ready.push_back(parent);
                }
            }
        }
        places
    }

    /// What is left of the tree or blob `object`.
    pub(super) fn node(&self, object: Object) -> Option<Node> {
        self.node_of.get(&object).copied()
    }

    /// The blob that `node` is.
    pub(super) fn blob(&self, Node(n): Node) -> Option<Object> {
        match &self.nodes[n as usize] {
            Content::Blob(object) => Some(*object),
            Content::Tree(_) => None,
        }
    }

    fn entries(&self, Node(n): Node) -> &[(Name, Node)] {
        match &self.nodes[n as usize] {
            Content::Blob(_) => &[],
            Content::Tree(entries) => entries,
        }
    }

    fn child(&self, node: Node, name: Name) -> Option<Node> {
        let entries = self.entries(node);
        let first = entries.partition_point(|(n, _)| *n < name);
        entries.get(first).filter(|(n, _)| *n == name).map(|(_, child)| *child)
    }

    /// What stands at `path` below `node`.
    pub(super) fn at(&self, node: Node, path: PathId, paths: &Paths) -> Option<Node> {
        paths.names(path).into_iter().try_fold(node, |node, name| self.child(node, name))
    }

    /// Calls `found` for every blob below `new` that stands at its path in none of `old`: with its path,
    /// itself, and what blobs stand there instead.
    pub(super) fn differences(
        &self,
        new: Option<Node>,
        old: &[Option<Node>],
        paths: &mut Paths,
        mut found: impl FnMut(PathId, Object, &[Option<Object>]),
    ) {
        let mut left = Vec::new();
        left.extend(new.map(|new| (ROOT, new, old.to_vec())));
        while let Some((path, new, old)) = left.pop() {
            if old.contains(&Some(new)) {
                continue;
            }
            if !paths.may_visit() {
                return;
            }
            if let Some(blob) = self.blob(new) {
                let old: Vec<_> = old.iter().map(|o| o.and_then(|o| self.blob(o))).collect();
                found(path, blob, &old);
                continue;
            }
            for &(name, child) in self.entries(new) {
                let old = old.iter().map(|o| o.and_then(|o| self.child(o, name))).collect();
                left.push((paths.join(path, name), child, old));
            }
        }
    }

    /// Carries what was counted for `nodes` at the root of a tree down to the blobs: each place of a
    /// blob, with the sum of what leads there. Stops where there are more places than are told apart.
    pub(super) fn carry_down<const N: usize>(
        &self,
        tops: HashMap<Node, [u64; N]>,
        paths: &mut Paths,
    ) -> Vec<(PathId, Object, [u64; N])> {
        let mut at: Vec<HashMap<PathId, [u64; N]>> = vec![HashMap::new(); self.nodes.len()];
        for (Node(n), counts) in tops {
            at[n as usize].insert(ROOT, counts);
        }
        let mut found = Vec::new();
        for n in (0..self.nodes.len()).rev() {
            let counts = std::mem::take(&mut at[n]);
            for (path, counts) in counts {
                if !paths.may_visit() {
                    return found;
                }
                match &self.nodes[n] {
                    Content::Blob(blob) => found.push((path, *blob, counts)),
                    Content::Tree(entries) => {
                        for &(name, Node(child)) in entries {
                            let below =
                                at[child as usize].entry(paths.join(path, name)).or_insert([0; N]);
                            below.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
                        }
                    }
                }
            }
        }
        found
    }
}

/// The edges on the way from a root to one of `wanted`.
fn relevant(objects: &Objects, edges: Vec<Edge>, wanted: &[Object]) -> Vec<Edge> {
    let by_child = Grouped::new(&edges, objects.len(), |e| e.child);
    let mut is_relevant = vec![false; objects.len()];
    let mut left: Vec<Object> = wanted.to_vec();
    while let Some(object) = left.pop() {
        if !std::mem::replace(&mut is_relevant[object.0 as usize], true) {
            left.extend(by_child.get(object).iter().map(|&n| edges[n as usize].parent));
        }
    }
    drop(by_child);
    edges.into_iter().filter(|e| is_relevant[e.child.0 as usize]).collect()
}

/// Numbers of edges, by one of their ends.
struct Grouped {
    first: Vec<u32>,
    numbers: Vec<u32>,
}

impl Grouped {
    fn new(edges: &[Edge], objects: usize, end: impl Fn(&Edge) -> Object) -> Self {
        let mut first = vec![0_u32; objects + 1];
        for edge in edges {
            first[end(edge).0 as usize + 1] += 1;
        }
        for n in 1..first.len() {
            first[n] += first[n - 1];
        }
        let mut next = first.clone();
        let mut numbers = vec![0; edges.len()];
        for (n, edge) in edges.iter().enumerate() {
            let slot = &mut next[end(edge).0 as usize];
            numbers[*slot as usize] = n as u32;
            *slot += 1;
        }
        Self { first, numbers }
    }

    fn get(&self, Object(n): Object) -> &[u32] {
        &self.numbers[self.first[n as usize] as usize..self.first[n as usize + 1] as usize]
    }
}

/// Paths, each of which is stored once, by its last name and the path above it.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// The first stands for the root.
    parts: Vec<(PathId, Name)>,
    known: HashMap<(PathId, Name), PathId>,
    text: HashMap<Name, Box<[u8]>>,
    /// The other way round, once somebody asks.
    by_text: Option<HashMap<Box<[u8]>, Name>>,
    visits: u64,
}

/// More paths than this are not told apart: ten trees of ten entries each, one in the other, are ten
/// billion.
pub(super) const MAX_PATHS: usize = 1 << 16;
/// Nor are places visited more often than this, all commits together.
const MAX_VISITS: u64 = 1 << 28;

impl Paths {
    /// Paths of these names.
    pub(super) fn new(text: HashMap<Name, Box<[u8]>>) -> Self {
        Self { parts: vec![(ROOT, Name(0))], known: HashMap::new(), text, by_text: None, visits: 0 }
    }

    fn join(&mut self, above: PathId, name: Name) -> PathId {
        let next = PathId(self.parts.len() as u32);
        let parts = &mut self.parts;
        *self.known.entry((above, name)).or_insert_with(|| {
            parts.push((above, name));
            next
        })
    }

    /// Whether there is room for more.
    pub(super) fn is_complete(&self) -> bool {
        self.parts.len() <= MAX_PATHS && self.visits <= MAX_VISITS
    }

    fn may_visit(&mut self) -> bool {
        self.visits += 1;
        self.is_complete()
    }

    /// The path as git stores it, from the root.
    pub(super) fn bytes(&self, path: PathId) -> Vec<u8> {
        let names: Vec<&[u8]> = self.names(path).iter().map(|n| &*self.text[n]).collect();
        names.join(&b'/')
    }

    /// The path that git stores as `bytes`.
    pub(super) fn intern(&mut self, bytes: &[u8]) -> PathId {
        let by_text = self.by_text.get_or_insert_with(|| {
            self.text.iter().map(|(name, text)| (text.clone(), *name)).collect()
        });
        let mut names = Vec::new();
        for part in bytes.split(|&b| b == b'/') {
            // Names of trees are hashes; these are numbers that no hash is likely to be.
            let next = Name(u64::MAX - by_text.len() as u64);
            let name = *by_text.entry(part.into()).or_insert(next);
            self.text.entry(name).or_insert_with(|| part.into());
            names.push(name);
        }
        names.into_iter().fold(ROOT, |path, name| self.join(path, name))
    }

    fn names(&self, mut path: PathId) -> Vec<Name> {
        let mut names = Vec::new();
        while path != ROOT {
            let (above, name) = self.parts[path.0 as usize];
            names.push(name);
            path = above;
        }
        names.reverse();
        names
    }
}
