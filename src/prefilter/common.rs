//! How often grams stand in source code.

use std::collections::HashMap;

use crate::letters;

/// The commonest grams of letters, digits, `_` and `-`: a number and those that begin at so many of a million
/// places, or up to twice as many. Made by `scripts/grams.py` from the Linux 6.1 documentation, its `kernel` and
/// `net` directories, Python 3.11's standard library and the crates that straykey depends on.
const COMMON: &str = include_str!("common.txt");

/// At how many of a million places of source code a gram stands, at least, to be in the table.
const LEAST: f32 = 64.0;

/// The shares of grams.
pub(super) struct Common(HashMap<&'static [u8], f32>);

impl Common {
    pub(super) fn new() -> Self {
        let of_line = |line: &'static str| {
            let (share, grams) = line.split_once(' ')?;
            // The middle of a power of two.
            let share = share.parse::<f32>().ok()? * std::f32::consts::SQRT_2;
            Some(grams.split(' ').map(move |gram| (gram.as_bytes(), share)))
        };
        Self(COMMON.lines().filter_map(of_line).flatten().collect())
    }

    /// Of each four bytes of `word`, in lower case, at about how many of a million places they stand.
    pub(super) fn shares(&self, word: &[u8]) -> Vec<f32> {
        // A product of four per cents.
        let rare = letters::chances::<4>(word).map(|chance| (chance / 100.0).min(LEAST));
        let known = word.windows(4).map(|gram| self.0.get(gram));
        known.zip(rare).map(|(known, rare)| known.copied().unwrap_or(rare)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_grams_are_in_the_table_and_others_are_guessed() {
        let common = Common::new();
        assert_eq!(common.0.len(), 1012);
        let shares = common.shares(b"statzqx");
        assert_eq!(shares[0], 1024.0 * std::f32::consts::SQRT_2);
        assert!(shares[1..].iter().all(|&share| 0.0 < share && share <= LEAST), "{shares:?}");
    }
}
