//! Standard input as one input.

use std::io::Read;

use super::{Meter, Outcome, Seen, SourceError, read::Buffer};
use crate::{
    blob::{Blob, Nature, Origin},
    coverage::Skip,
};

/// Reads `input` to its end and scans it.
pub fn read<T>(input: impl Read, meter: &Meter, scan: impl Fn(&Blob<'_>) -> Seen<T>) -> Outcome<T> {
    let origin = Origin::stdin();
    let mut outcome = Outcome::default();
    let read = Buffer::new().read_all(&origin, input, |blob| outcome.see(scan(blob), &origin.path));
    match read {
        Ok(extent) => {
            meter.count(extent.bytes);
            outcome.coverage.files = 1;
            outcome.coverage.bytes = extent.bytes;
            if extent.nature == Nature::Binary {
                outcome.coverage.skip(Skip::Binary, origin.path);
            }
        }
        Err(source) => {
            outcome.coverage.skip(Skip::Unreadable, origin.path);
            outcome.errors.push(SourceError::Read { path: origin.shown, source });
        }
    }
    outcome
}
