//! What is known of findings together, and what to do about each.

pub mod guidance;
pub mod history;
pub mod proof;
pub mod same_value;
#[cfg(test)]
pub(crate) mod sample;
