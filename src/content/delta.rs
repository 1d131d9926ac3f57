//! One delta of git: instructions that make a new object from a base, by copying ranges of it and inserting
//! bytes (gitformat-pack, "Deltified representation").

use crate::edit::Edit;

/// What is wrong with a delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum DeltaError {
    #[error("its delta is cut off")]
    Truncated,
    #[error("its delta was made for a base of another size")]
    WrongBase,
    #[error("its delta copies from outside of the base")]
    OutsideBase,
    #[error("its delta does not make as many bytes as it says")]
    WrongSize,
    #[error("its delta has an instruction that git does not know")]
    Unknown,
}

/// The sizes that stand at the start of `delta`: of its base and of what it makes; and the
/// instructions.
///
/// # Errors
///
/// If they are cut off or do not fit into 64 bits.
pub fn header(delta: &[u8]) -> Result<(u64, u64, &[u8]), DeltaError> {
    let (base, rest) = size(delta)?;
    let (result, rest) = size(rest)?;
    Ok((base, result, rest))
}

/// Little-endian groups of seven bits; the eighth says that another follows.
fn size(bytes: &[u8]) -> Result<(u64, &[u8]), DeltaError> {
    let mut size = 0_u64;
    for (n, &byte) in bytes.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * n as u32;
        if shift > 63 || (part << shift) >> shift != part {
            return Err(DeltaError::WrongSize);
        }
        size |= part << shift;
        if byte & 0x80 == 0 {
            return Ok((size, &bytes[n + 1..]));
        }
    }
    Err(DeltaError::Truncated)
}

/// Makes an object of `len` bytes from `base` by `instructions`, in `out`, and notes in `edit` how.
///
/// # Errors
///
/// If the instructions are not those of such an object. `out` never grows past `len`.
pub fn apply(
    base: &[u8],
    instructions: &[u8],
    len: usize,
    out: &mut Vec<u8>,
    edit: &mut Edit,
) -> Result<(), DeltaError> {
    out.clear();
    out.reserve(len);
    edit.restart(base.len());
    let mut rest = instructions;
    while let Some((&first, after)) = rest.split_first() {
        let part = if first & 0x80 != 0 {
            let (from, size, after) = copy(first, after)?;
            rest = after;
            edit.copy(from, size);
            base.get(from..from + size).ok_or(DeltaError::OutsideBase)?
        } else if first != 0 {
            let (part, after) =
                after.split_at_checked(usize::from(first)).ok_or(DeltaError::Truncated)?;
            rest = after;
            edit.insert(part.len());
            part
        } else {
            return Err(DeltaError::Unknown);
        };
        if out.len() + part.len() > len {
            return Err(DeltaError::WrongSize);
        }
        out.extend_from_slice(part);
    }
    if out.len() == len { Ok(()) } else { Err(DeltaError::WrongSize) }
}

/// Where a copy begins in the base, its length, and what follows the instruction. The bits of `first`
/// say which bytes of either number are there.
fn copy(first: u8, mut rest: &[u8]) -> Result<(usize, usize, &[u8]), DeltaError> {
    /// What a length of zero stands for.
    const DEFAULT_LEN: usize = 0x1_0000;
    let mut number = |bits: std::ops::Range<u8>| {
        let mut value = 0_usize;
        for (n, bit) in bits.enumerate() {
            if first & (1 << bit) != 0 {
                let (&byte, after) = rest.split_first().ok_or(DeltaError::Truncated)?;
                rest = after;
                value |= usize::from(byte) << (8 * n);
            }
        }
        Ok(value)
    };
    let from = number(0..4)?;
    let len = number(4..7)?;
    Ok((from, if len == 0 { DEFAULT_LEN } else { len }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Copied;

    fn made(base: &[u8], instructions: &[u8], len: usize) -> Result<(Vec<u8>, Edit), DeltaError> {
        let (mut out, mut edit) = (Vec::new(), Edit::default());
        apply(base, instructions, len, &mut out, &mut edit)?;
        Ok((out, edit))
    }

    #[test]
    fn copies_and_inserts_make_the_object() {
        // Insert "ab", copy 3 from 1, copy 1 from 4: the two copies are one.
        let instructions = [2, b'a', b'b', 0x91, 1, 3, 0x91, 4, 1];
        let (out, edit) = made(b"01234567", &instructions, 6).unwrap();
        assert_eq!(out, b"ab1234");
        assert_eq!(edit.copies(), [Copied { from: 1, to: 2, len: 4 }]);
    }

    #[test]
    fn a_length_of_zero_is_64_kibibytes() {
        let base = vec![7; 70_000];
        assert_eq!(made(&base, &[0x80], 0x1_0000).unwrap().0.len(), 0x1_0000);
    }

    #[test]
    fn a_wrong_delta_is_refused_and_never_grows() {
        assert_eq!(made(b"0123", &[0x91, 2, 3], 3), Err(DeltaError::OutsideBase));
        assert_eq!(made(b"0123", &[0x91, 0, 4], 3), Err(DeltaError::WrongSize));
        assert_eq!(made(b"0123", &[0x91, 0, 2], 3), Err(DeltaError::WrongSize));
        assert_eq!(made(b"0123", &[0x91, 0], 3), Err(DeltaError::Truncated));
        assert_eq!(made(b"0123", &[5, b'a'], 5), Err(DeltaError::Truncated));
        assert_eq!(made(b"0123", &[0], 0), Err(DeltaError::Unknown));
    }

    #[test]
    fn sizes_of_60_bits_are_read_and_larger_ones_refused() {
        let huge = [0xff; 8];
        let delta = [&[0x04][..], &huge, &[0x0f, 9]].concat();
        let (base, result, rest) = header(&delta).unwrap();
        assert_eq!((base, result, rest), (4, (1 << 60) - 1, &[9][..]));
        assert_eq!(header(&[0xff; 12]), Err(DeltaError::WrongSize));
        assert_eq!(header(&[0x80]), Err(DeltaError::Truncated));
    }
}
