//! The word of our own marks; the build knows it, too.

/// What our own comments say.
pub const OWN: &str = "straykey:allow";
