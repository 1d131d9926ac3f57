//! What is known of findings together, which of them are accepted, and what to do about each.

pub mod allow;
pub mod baseline;
pub mod ground;
pub mod guidance;
pub mod history;
pub mod ignore_file;
pub mod paths;
pub mod proof;
pub mod same_value;
#[cfg(test)]
pub(crate) mod sample;
pub mod suppress;
