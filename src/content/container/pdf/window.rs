//! The tokens of a stream, of which only a window is held, at the expense of the budget.

use std::io::{BufRead, Read};

use super::lexer::Lexer;
use crate::{content::container::Members, coverage::Limit};

/// What is read at once.
const PIECE_BYTES: u64 = 64 << 10;
/// A longer token counts as several.
const MAX_WINDOW_BYTES: usize = 1 << 20;

/// A window on a stream.
pub(super) struct Window<'f> {
    input: Box<dyn BufRead + 'f>,
    bytes: Vec<u8>,
    is_last: bool,
    /// Whether the stream ended with an error.
    pub(super) is_damaged: bool,
}

impl<'f> Window<'f> {
    pub(super) fn new(input: Box<dyn BufRead + 'f>) -> Self {
        Self { input, bytes: Vec::new(), is_last: false, is_damaged: false }
    }

    /// Moves on by a piece; `false` at the end.
    pub(super) fn advance(&mut self, members: &mut dyn Members) -> Result<bool, Limit> {
        if self.is_last {
            return Ok(false);
        }
        let before = self.bytes.len();
        let read = (&mut self.input).take(PIECE_BYTES).read_to_end(&mut self.bytes);
        self.is_damaged = read.is_err();
        let read = self.bytes.len() - before;
        self.is_last = self.is_damaged || (read as u64) < PIECE_BYTES;
        members.spend(read as u64)?;
        Ok(true)
    }

    /// What is in the window.
    pub(super) fn lexer(&self) -> Lexer<'_> {
        match self.is_last || self.bytes.len() >= MAX_WINDOW_BYTES {
            true => Lexer::new(&self.bytes),
            false => Lexer::of_part(&self.bytes),
        }
    }

    /// Drops the first `len` bytes: they have been dealt with.
    pub(super) fn drop_first(&mut self, len: usize) {
        self.bytes.drain(..len.min(self.bytes.len()));
    }
}
