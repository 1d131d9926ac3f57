//! How far encodings and containers are opened: the limits of one input.

use std::time::Duration;

use clap::{Args, builder::RangedU64ValueParser};

use crate::content::Limits;

/// How far to look into an input.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits of one input")]
pub struct ContentArgs {
    /// Decode so many encodings in each other; 0 = none
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_decode_depth, value_parser = depth())]
    pub max_decode_depth: usize,
    /// Open so many containers in each other; 0 = none
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_archive_depth, value_parser = depth())]
    pub max_archive_depth: usize,
    /// Expand to at most so many megabytes
    #[arg(long, value_name = "MB", default_value_t = Limits::default().max_expanded_bytes >> 20)]
    pub max_expanded_megabytes: u64,
    /// Expand nothing to more than so many times its size
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_ratio)]
    pub max_ratio: u64,
    /// Open at most so many members of containers
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_members)]
    pub max_members: u64,
    /// Hold at most so many megabytes of containers that cannot be opened from front to back
    #[arg(long, value_name = "MB", default_value_t = Limits::default().max_held_bytes >> 20)]
    pub max_held_megabytes: u64,
    /// Stop expanding after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().max_time.as_secs())]
    pub max_seconds: u64,
}

/// Each level is a call in a call, and nobody nests more.
fn depth() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(0..=100)
}

impl From<&ContentArgs> for Limits {
    fn from(args: &ContentArgs) -> Self {
        Self {
            max_decode_depth: args.max_decode_depth,
            max_archive_depth: args.max_archive_depth,
            max_expanded_bytes: args.max_expanded_megabytes.saturating_mul(1 << 20),
            max_ratio: args.max_ratio,
            max_members: args.max_members,
            max_held_bytes: args.max_held_megabytes.saturating_mul(1 << 20),
            max_time: Duration::from_secs(args.max_seconds),
        }
    }
}
