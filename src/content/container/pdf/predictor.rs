//! Predictors: rows of numbers that were stored as differences to what stands beside or above them (ISO
//! 32000-1, section 7.4.4.4; PNG, section 9; TIFF 6.0, section 14).

use std::io;

use super::filter::{Expand, Flow};
use crate::content::container::Trouble;

/// Longer rows are nothing that a stream of objects or of text has.
const MAX_ROW_BYTES: u64 = 1 << 20;

/// How rows are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) colors: u32,
    pub(super) bits: u32,
    pub(super) columns: u32,
}

/// Puts rows together.
pub(super) struct Predictor {
    is_png: bool,
    /// Bytes from a number to the one that it differs from.
    step: usize,
    above: Vec<u8>,
    /// Of PNG, with the kind of its difference in front.
    row: Vec<u8>,
    row_bytes: usize,
}

impl Predictor {
    /// Of the `kind` that a stream states.
    pub(super) fn new(kind: u32, row: Row) -> Result<Self, Trouble> {
        let is_png = match (kind, row.bits) {
            (2, 8) => false,
            (10..=15, 1 | 2 | 4 | 8 | 16) => true,
            _ => return Err(Trouble::Unsupported),
        };
        let pixel_bits = u64::from(row.colors) * u64::from(row.bits);
        let bytes = pixel_bits.saturating_mul(row.columns.into()).div_ceil(8);
        if bytes == 0 || bytes > MAX_ROW_BYTES {
            return Err(Trouble::Damaged);
        }
        let (bytes, step) = (bytes as usize, pixel_bits.div_ceil(8) as usize);
        let row_bytes = bytes + usize::from(is_png);
        Ok(Self { is_png, step, above: vec![0; bytes], row: Vec::new(), row_bytes })
    }

    fn end_row(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut row = std::mem::take(&mut self.row);
        match self.is_png {
            true if row.is_empty() => return Ok(()),
            true => {
                let kind = row.remove(0);
                self.undo(kind, &mut row)?;
            }
            false => self.undo(1, &mut row)?,
        }
        out.extend_from_slice(&row);
        row.resize(self.above.len(), 0);
        self.above = row;
        Ok(())
    }

    fn undo(&self, kind: u8, row: &mut [u8]) -> io::Result<()> {
        for at in 0..row.len() {
            let before = |from: &[u8]| at.checked_sub(self.step).map_or(0, |at| from[at]);
            let (left, above, corner) = (before(row), self.above[at], before(&self.above));
            let predicted = match kind {
                0 => 0,
                1 => left,
                2 => above,
                3 => (u16::from(left) + u16::from(above)).div_euclid(2) as u8,
                4 => nearest(left, above, corner),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            };
            row[at] = row[at].wrapping_add(predicted);
        }
        Ok(())
    }
}

/// Which of the three is nearest to where they lead (`PaethPredictor`).
fn nearest(left: u8, above: u8, corner: u8) -> u8 {
    let goal = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |n: &u8| (goal - i16::from(*n)).abs();
    [left, above, corner].into_iter().min_by_key(distance).unwrap_or(0)
}

impl Expand for Predictor {
    fn expand(&mut self, mut packed: &[u8], out: &mut Vec<u8>) -> io::Result<Flow> {
        while !packed.is_empty() {
            let len = packed.len().min(self.row_bytes - self.row.len());
            self.row.extend_from_slice(&packed[..len]);
            packed = &packed[len..];
            if self.row.len() == self.row_bytes {
                self.end_row(out)?;
            }
        }
        Ok(Flow::More)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.end_row(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(kind: u32, colors: u32, columns: u32, packed: &[u8]) -> Option<Vec<u8>> {
        let row = Row { colors, bits: 8, columns };
        let mut predictor = Predictor::new(kind, row).ok()?;
        let mut out = Vec::new();
        packed.iter().try_for_each(|b| predictor.expand(&[*b], &mut out).map(|_| ())).ok()?;
        predictor.finish(&mut out).ok().map(|()| out)
    }

    #[test]
    fn rows_are_put_together() {
        let rows = b"\x00abc\x01a\x01\x01\x02\x00\x01\x02\x03\x31\x01\x01\x04\x01";
        assert_eq!(undone(12, 1, 3, rows).unwrap(), b"abcabcaceaceb");
        assert_eq!(undone(2, 2, 3, b"aA\x01\x01\x01\x01bB").unwrap(), b"aAbBcCbB");
    }

    #[test]
    fn rows_that_nobody_makes_are_refused() {
        assert_eq!(undone(12, 1, 3, b"\x05abc"), None);
        assert_eq!(undone(12, 1 << 31, 1 << 31, b""), None);
        assert_eq!(undone(12, 0, 3, b""), None);
        assert_eq!(undone(7, 1, 3, b""), None);
    }
}
