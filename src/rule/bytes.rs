//! Sets of bytes.

use regex_syntax::hir::Class;
use serde::{Deserialize, Serialize};

use super::shape;

/// One bit for each byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// Every byte.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Those that the characters in `class` begin with, or, of characters of several bytes, any.
    pub fn of_class(class: &Class) -> Self {
        shape::class_bytes(class).map_or(Self::ALL, Iterator::collect)
    }

    /// Whether `b` is one of them.
    pub fn has(&self, b: u8) -> bool {
        self.0[usize::from(b >> 6)] >> (b & 63) & 1 == 1
    }

    /// Those of both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|n| self.0[n] | other.0[n]))
    }

    /// How many they are.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl FromIterator<u8> for ByteSet {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut set = Self::default();
        bytes.into_iter().for_each(|b| set.0[usize::from(b >> 6)] |= 1 << (b & 63));
        set
    }
}
