//! How far inputs are expanded: one budget for each of them, which decoders and containers share.

use std::time::{Duration, Instant};

use crate::coverage::Limit;

/// What may be spent on one input. Hostile input costs no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Encodings in each other.
    pub max_decode_depth: usize,
    /// Containers in each other.
    pub max_archive_depth: usize,
    /// Bytes that come out of encodings and containers, all together.
    pub max_expanded_bytes: u64,
    /// Bytes that come out of one for each that went in.
    pub max_ratio: u64,
    /// Members of containers, all together.
    pub max_members: u64,
    /// Bytes of containers that must be held in memory to be opened, at any one time.
    pub max_held_bytes: u64,
    /// From the beginning of its search.
    pub max_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_decode_depth: 5,
            max_archive_depth: 4,
            max_expanded_bytes: 1 << 30,
            max_ratio: 500,
            max_members: 100_000,
            max_held_bytes: 64 << 20,
            max_time: Duration::from_secs(60),
        }
    }
}

/// What is left of the limits of one input.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    bytes: u64,
    members: u64,
    /// Set by the first expansion: an input that has none asks no clock.
    deadline: Option<Instant>,
}

impl Budget {
    /// Nothing is spent yet.
    pub fn new(limits: Limits) -> Self {
        let Limits { max_expanded_bytes: bytes, max_members: members, .. } = limits;
        Self { limits, bytes, members, deadline: None }
    }

    /// Room for nothing, to see whether anything asks for some.
    pub(super) fn probe() -> Self {
        Self::new(Limits { max_expanded_bytes: 0, ..Limits::default() })
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The bytes that may still come out of `packed` bytes.
    pub fn room(&self, packed: usize) -> u64 {
        self.bytes.min(self.limits.max_ratio.saturating_mul(packed as u64))
    }

    /// The bytes that came out so far.
    pub fn spent(&self) -> u64 {
        self.limits.max_expanded_bytes - self.bytes
    }

    /// Spends `expanded` bytes, which came out of `packed`.
    ///
    /// # Errors
    ///
    /// The limit that this exceeds. Then nothing is left of it.
    pub fn spend(&mut self, packed: usize, expanded: u64) -> Result<(), Limit> {
        let left = self.bytes.checked_sub(expanded);
        self.bytes = left.unwrap_or(0);
        left.ok_or(Limit::ExpandedBytes)?;
        if expanded > self.limits.max_ratio.saturating_mul(packed as u64) {
            return Err(Limit::Ratio);
        }
        self.check_time()
    }

    /// Spends one member.
    ///
    /// # Errors
    ///
    /// As `spend`.
    pub fn spend_member(&mut self) -> Result<(), Limit> {
        self.members = self.members.checked_sub(1).ok_or(Limit::Members)?;
        self.check_time()
    }

    /// Looks at the clock.
    ///
    /// # Errors
    ///
    /// If the time is over.
    pub fn check_time(&mut self) -> Result<(), Limit> {
        let now = Instant::now();
        let deadline = *self.deadline.get_or_insert_with(|| now + self.limits.max_time);
        if now > deadline { Err(Limit::Time) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(change: impl FnOnce(&mut Limits)) -> Budget {
        let mut limits = Limits::default();
        change(&mut limits);
        Budget::new(limits)
    }

    #[test]
    fn each_limit_stops_what_exceeds_it() {
        let mut bytes = budget(|l| l.max_expanded_bytes = 10);
        assert_eq!(bytes.spend(5, 10), Ok(()));
        assert_eq!(bytes.spend(5, 1), Err(Limit::ExpandedBytes));
        let mut ratio = budget(|l| l.max_ratio = 2);
        assert_eq!((ratio.room(5), ratio.spend(5, 10)), (10, Ok(())));
        assert_eq!(ratio.spend(5, 11), Err(Limit::Ratio));
        let mut members = budget(|l| l.max_members = 1);
        assert_eq!((members.spend_member(), members.spend_member()), (Ok(()), Err(Limit::Members)));
        let mut time = budget(|l| l.max_time = Duration::ZERO);
        assert_eq!(time.check_time(), Ok(()));
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(time.check_time(), Err(Limit::Time));
    }
}
