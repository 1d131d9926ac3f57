//! Standard input as one input.

use std::io::Read;

use super::{Look, Meter, Outcome, SourceError, Whence};
use crate::{blob::Origin, content::read::Buffer, coverage::Skip};

/// Reads `input` to its end and scans it.
pub fn read<L: Look>(input: impl Read, meter: &Meter, look: &L) -> Outcome<L::Item> {
    let origin = Origin::stdin();
    let mut outcome = Outcome::default();
    match outcome.look(look, &mut Buffer::new(), &origin, Whence::Once(input)) {
        Ok(bytes) => meter.count(bytes),
        Err(source) => {
            outcome.coverage.skip(Skip::Unreadable, origin.path);
            outcome.errors.push(SourceError::Read { path: origin.shown, source });
        }
    }
    outcome
}
