//! The graph of commits: an order in which parents come before children, what reaches each commit, and
//! which references do.

use std::collections::HashMap;

use super::{
    commits::{Commit, Tag},
    objects::{Object, Objects},
    order,
    refs::{Tips, reach_of},
};
use crate::history::Reach;

/// A tag can't name itself, but somebody may write any number of them.
pub(super) const MAX_TAGS: usize = 1_000;

/// Which commit: its place in the order.
pub(super) type Number = u32;

/// All commits, parents first.
pub(super) struct Graph {
    /// In topological order; of commits that could come next, the oldest does.
    pub(super) commits: Vec<Commit>,
    /// Numbers of the parents that the database has.
    pub(super) parents: Vec<Vec<Number>>,
    /// What reaches each commit.
    pub(super) reach: Vec<Reach>,
    numbers: HashMap<Object, Number>,
    tags: HashMap<Object, Tag>,
}

impl Graph {
    /// Orders `commits`, and lets `tips` reach what they reach.
    pub(super) fn new(
        commits: Vec<Commit>,
        tags: Vec<Tag>,
        objects: &Objects,
        tips: &Tips,
    ) -> Self {
        let commits = ordered(commits);
        let numbers: HashMap<Object, Number> =
            commits.iter().enumerate().map(|(n, c)| (c.object, n as Number)).collect();
        let parents = commits
            .iter()
            .map(|c| c.parents.iter().filter_map(|p| numbers.get(p).copied()).collect())
            .collect();
        let reach = vec![Reach::Unreachable; commits.len()];
        let tags = tags.into_iter().map(|t| (t.object, t)).collect();
        let mut graph = Self { commits, parents, reach, numbers, tags };
        for (name, id) in &tips.refs {
            graph.mark(objects.find(id.as_bytes()), reach_of(name));
        }
        for &(id, reach) in &tips.logs {
            graph.mark(objects.find(id.as_bytes()), reach);
        }
        graph.mark(tips.head.and_then(|id| objects.find(id.as_bytes())), Reach::Commit);
        // Children come last, so one pass backwards carries everything to the roots.
        for n in (0..graph.commits.len()).rev() {
            let own = graph.reach[n];
            for &parent in &graph.parents[n] {
                let parent = &mut graph.reach[parent as usize];
                *parent = (*parent).min(own);
            }
        }
        graph
    }

    fn mark(&mut self, object: Option<Object>, reach: Reach) {
        if let Some(n) = object.and_then(|o| self.commit(self.peeled(o))) {
            let own = &mut self.reach[n as usize];
            *own = (*own).min(reach);
        }
    }

    /// The commit that is `object`.
    pub(super) fn commit(&self, object: Object) -> Option<Number> {
        self.numbers.get(&object).copied()
    }

    pub(super) fn tag(&self, object: Object) -> Option<&Tag> {
        self.tags.get(&object)
    }

    /// `object`, and what it names in turn while it is a tag.
    pub(super) fn chain(&self, object: Object) -> impl Iterator<Item = Object> {
        let next = |o: &Object| self.tags.get(o).and_then(|t| t.target);
        std::iter::successors(Some(object), next).take(MAX_TAGS)
    }

    /// What `object` names in the end.
    pub(super) fn peeled(&self, object: Object) -> Object {
        self.chain(object).last().unwrap_or(object)
    }

    /// For each of `groups` of commits, all references whose history has one of them: numbers of
    /// `refs`, whose commits these are.
    pub(super) fn refs_with(
        &self,
        groups: &[Vec<Number>],
        refs: &[Option<Number>],
    ) -> Vec<Vec<u32>> {
        const BITS: usize = u64::BITS as usize;
        let mut found = vec![Vec::new(); groups.len()];
        let mut masks = vec![0_u64; self.commits.len()];
        for (first, batch) in groups.chunks(BITS).enumerate() {
            masks.fill(0);
            for (bit, group) in batch.iter().enumerate() {
                group.iter().for_each(|&n| masks[n as usize] |= 1 << bit);
            }
            for n in 0..masks.len() {
                let above = self.parents[n].iter().map(|&p| masks[p as usize]);
                masks[n] |= above.fold(0, |all, mask| all | mask);
            }
            for (number, commit) in refs.iter().enumerate() {
                let mut mask = commit.map_or(0, |n| masks[n as usize]);
                while mask != 0 {
                    found[first * BITS + mask.trailing_zeros() as usize].push(number as u32);
                    mask &= mask - 1;
                }
            }
        }
        found
    }

    /// Whether each commit is in the history of `tip`.
    pub(super) fn ancestors(&self, tip: Option<Number>) -> Vec<bool> {
        let mut is_above = vec![false; self.commits.len()];
        if let Some(tip) = tip {
            is_above[tip as usize] = true;
            for n in (0..=tip as usize).rev() {
                if is_above[n] {
                    self.parents[n].iter().for_each(|&p| is_above[p as usize] = true);
                }
            }
        }
        is_above
    }
}

/// `commits` with parents before children; among commits that may come next, the oldest first.
fn ordered(commits: Vec<Commit>) -> Vec<Commit> {
    let numbers: HashMap<Object, usize> =
        commits.iter().enumerate().map(|(n, c)| (c.object, n)).collect();
    let known = |c: &Commit| c.parents.iter().filter_map(|p| numbers.get(p).copied()).collect();
    let parents: Vec<Vec<usize>> = commits.iter().map(known).collect();
    let order = order::parents_first(&parents, |n| (commits[n].time, commits[n].object));
    let mut commits: Vec<Option<Commit>> = commits.into_iter().map(Some).collect();
    order.into_iter().filter_map(|n| commits[n].take()).collect()
}
