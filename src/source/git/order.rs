//! The order in which histories are told.

use std::{cmp::Reverse, collections::BinaryHeap};

/// All numbers below the length of `parents`, which has those of each: parents before children, and of
/// those that may come next, the one whose `key` is least.
pub(super) fn parents_first<K: Ord>(
    parents: &[Vec<usize>],
    key: impl Fn(usize) -> K,
) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for (child, parents) in parents.iter().enumerate() {
        parents.iter().for_each(|&parent| children[parent].push(child));
    }
    let mut waiting: Vec<usize> = parents.iter().map(Vec::len).collect();
    let entry = |n: usize| Reverse((key(n), n));
    let mut ready: BinaryHeap<_> =
        (0..parents.len()).filter(|&n| waiting[n] == 0).map(entry).collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(Reverse((_, n))) = ready.pop() {
        order.push(n);
        for &child in &children[n] {
            waiting[child] -= 1;
            if waiting[child] == 0 {
                ready.push(entry(child));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_waits_for_all_its_parents_and_the_least_key_goes_first() {
        // 0 and 1 are roots; 2 merges them; 3 is a child of 1 alone.
        let parents = [vec![], vec![], vec![0, 1], vec![1]];
        assert_eq!(parents_first(&parents, |n| [5, 1, 2, 9][n]), [1, 0, 2, 3]);
        assert_eq!(parents_first(&parents, |n| [5, 1, 7, 2][n]), [1, 3, 0, 2]);
    }
}
