//! Java classes: the texts of the constant pool, one after the other (JVMS, section 4.4).
//!
//! A pool says which texts a class uses, and not what for: a name beside a value is no assignment, and
//! none is made of it. It is a list of entries with a length each, so it is read here: `cafebabe` (0.9)
//! refuses a class as a whole for what is wrong with any of its methods.

use std::io::Read;

use super::{Members, START, Trouble};
use crate::route::Step;

/// Whether a class begins with `head`: universal binaries of macOS begin with the same four bytes, but
/// the number of their architectures is lower than any version of classes.
pub(super) fn is_class(head: &[u8]) -> bool {
    const FIRST_VERSION: u8 = 45;
    matches!(head, [0xca, 0xfe, 0xba, 0xbe, _, _, 0, version, ..] if *version >= FIRST_VERSION)
}

/// Gives the texts of a class.
pub(super) fn open(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let class = members.hold(input)?;
    let mut lines = Vec::new();
    let read = texts(&class, &mut lines);
    members.member_at(&[Step::Named("constants".into())], START, &mut &*lines)?;
    read.ok_or(Trouble::Damaged)
}

/// Adds the texts in the pool of `class` to `lines`. All but the rarest characters are as in UTF-8, and a
/// zero is not among them.
fn texts(class: &[u8], lines: &mut Vec<u8>) -> Option<()> {
    let mut rest = class.get(8..)?;
    let count = u16::from_be_bytes(*take(&mut rest)?);
    let mut number = 1;
    while number < count {
        let [tag] = *take(&mut rest)?;
        let len = match tag {
            1 => usize::from(u16::from_be_bytes(*take(&mut rest)?)),
            7 | 8 | 16 | 19 | 20 => 2,
            15 => 3,
            3 | 4 | 9..=12 | 17 | 18 => 4,
            5 | 6 => 8,
            _ => return None,
        };
        let (entry, behind) = rest.split_at_checked(len)?;
        rest = behind;
        if tag == 1 {
            lines.extend_from_slice(entry);
            lines.push(b'\n');
        }
        // Of a number of eight bytes, the next one is a part.
        number += if matches!(tag, 5 | 6) { 2 } else { 1 };
    }
    Some(())
}

fn take<'b, const N: usize>(bytes: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(pool: &[u8], count: u8) -> Vec<u8> {
        [b"\xca\xfe\xba\xbe\0\0\0\x41\0", &[count][..], pool].concat()
    }

    #[test]
    fn classes_are_told_from_universal_binaries() {
        assert!(is_class(&class(b"", 1)));
        assert!(!is_class(b"\xca\xfe\xba\xbe\0\0\0\x02\0\0\0\0"));
    }

    #[test]
    fn texts_stand_between_other_entries() {
        let pool = b"\x01\0\x02ab\x05\0\0\0\0\0\0\0\x09\x08\0\x01\x0f\0\0\0\x01\0\x01c";
        let mut lines = Vec::new();
        assert_eq!(texts(&class(pool, 7), &mut lines), Some(()));
        assert_eq!(lines, b"ab\nc\n");
    }

    #[test]
    fn what_is_cut_off_gives_what_is_there() {
        let mut lines = Vec::new();
        assert_eq!(texts(&class(b"\x01\0\x02ab\x01\xff\xffc", 9), &mut lines), None);
        assert_eq!(lines, b"ab\n");
        assert_eq!(texts(&class(b"\x02", 9), &mut lines), None);
        assert_eq!(texts(b"\xca\xfe", &mut lines), None);
    }
}
