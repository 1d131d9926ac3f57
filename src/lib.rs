//! straykey finds leaked credentials in source trees and git repositories and says how to make each
//! one harmless.
//!
//! A scan is a pipe; each stage takes the value of the stage before and knows nothing of the next:
//!
//! ```text
//! source → content → prefilter → matcher  → filter  → finding → triage → report
//! Blob     Text      hits        Candidate  kept or   Finding   Triaged  bytes
//!                                           Dropped
//! ```
//!
//! Parallel work happens in `source` only. A scan opens no socket.

pub mod blob;
pub mod cli;
pub mod config;
pub mod content;
pub mod coverage;
pub mod edit;
pub mod engine;
pub mod exposure;
pub mod filter;
pub mod finding;
pub mod history;
pub mod hook;
pub mod letters;
pub mod mark;
pub mod matcher;
pub mod near;
pub mod prefilter;
pub mod report;
pub mod route;
pub mod rule;
pub mod run;
pub mod secret;
pub mod selftest;
pub mod source;
pub mod span;
pub mod triage;
