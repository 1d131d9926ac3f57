//! From stored bytes to bytes worth searching: UTF-16 becomes UTF-8; the rest is searched as it is.

pub mod alphabet;
pub mod container;
pub mod decode;
pub mod delta;
pub mod document;
mod encoding;
mod limits;
pub mod read;

use std::{borrow::Cow, ops::Range};

pub use encoding::nature;
pub use limits::{Budget, Limits};

use crate::{
    blob::{Before, Blob, Nature},
    span,
};

/// What lies before byte `at` of `bytes`, which themselves have `before` in front of them.
pub fn before_byte(bytes: &[u8], at: usize, nature: Nature, before: Before) -> Before {
    match nature {
        Nature::Text | Nature::Binary => {
            let from = mark_len(bytes, before).min(at);
            span::advance(&bytes[from..at], bytes.get(at).copied(), before)
        }
        Nature::Utf16Le | Nature::Utf16Be => {
            let (text, owned) = encoding::from_utf16(bytes, &(0..at), nature);
            span::advance(&text[owned.clone()], text.get(owned.end).copied(), before)
        }
    }
}

/// The length of the UTF-8 byte-order mark in front of an input. It belongs to the encoding: neither
/// an editor nor SARIF (2.1.0 §3.30.2) counts it as a column.
fn mark_len(bytes: &[u8], before: Before) -> usize {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if before == Before::default() && bytes.starts_with(MARK) { MARK.len() } else { 0 }
}

/// What is searched.
#[derive(Debug)]
pub struct Text<'a> {
    /// UTF-8, or bytes that have ASCII where ASCII belongs.
    pub bytes: Cow<'a, [u8]>,
    /// Secrets that start here are reported.
    pub owned: Range<usize>,
    /// What lies before `bytes` in the input.
    pub before: Before,
    /// Whether only rules with a documented prefix apply.
    pub binary: bool,
    /// The path in reports; tells where a finding stands.
    pub path: &'a str,
}

impl<'a> Text<'a> {
    /// The text of a blob.
    pub fn of(blob: &Blob<'a>) -> Self {
        let (bytes, owned) = match blob.nature {
            Nature::Text | Nature::Binary => {
                let mark = mark_len(blob.bytes, blob.before);
                let owned = blob.owned.start.saturating_sub(mark)..blob.owned.end - mark;
                (Cow::Borrowed(&blob.bytes[mark..]), owned)
            }
            Nature::Utf16Le | Nature::Utf16Be => {
                encoding::from_utf16(blob.bytes, &blob.owned, blob.nature)
            }
        };
        Self {
            bytes,
            owned,
            before: blob.before,
            binary: blob.nature == Nature::Binary,
            path: &blob.origin.path,
        }
    }

    /// Whether it is all of an input, and not one piece of a large one.
    pub fn is_whole(&self) -> bool {
        self.before == Before::default() && self.owned == (0..self.bytes.len())
    }

    /// A whole text that nobody has stored, for tests and rule cases.
    pub fn whole(bytes: &'a [u8], path: &'a str) -> Self {
        Self {
            bytes: Cow::Borrowed(bytes),
            owned: 0..bytes.len(),
            before: Before::default(),
            binary: false,
            path,
        }
    }
}
