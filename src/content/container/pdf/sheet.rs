//! What stands at one place of a document, on its way to be searched.

use super::layout::Layout;
use crate::{
    content::container::{Members, Trouble},
    coverage::Limit,
    route::Step,
};

/// Text is given in pieces of about this size, of whole lines.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// No key has fewer characters.
const MIN_UNKNOWN: usize = 16;

/// What is shown at one place.
pub(super) struct Sheet {
    step: Step,
    pub(super) layout: Layout,
    /// Why not all of it is here.
    pub(super) troubles: Troubles,
    /// Glyphs that stand for no known character.
    pub(super) unknown: usize,
}

impl Sheet {
    /// An empty one, which `step` leads to.
    pub(super) fn new(step: Step) -> Self {
        Self { step, layout: Layout::default(), troubles: Troubles::default(), unknown: 0 }
    }

    /// Adds whole lines.
    pub(super) fn add_lines(&mut self, lines: &str) {
        self.layout.end_line();
        self.layout.text.push_str(lines);
        self.layout.end_line();
    }

    /// Adds what stands on `other`, unless it is said in `lines` already.
    pub(super) fn add(&mut self, other: Self, lines: &str) {
        if !lines.contains(other.layout.text.trim()) {
            self.add_lines(&other.layout.text);
        }
        self.unknown += other.unknown;
        self.troubles.add(&other.troubles);
    }

    /// Gives the lines that are complete, if they are many.
    pub(super) fn give_lines(&mut self, members: &mut dyn Members) -> Result<(), Limit> {
        let text = &mut self.layout.text;
        if text.len() < MAX_TEXT_BYTES {
            return Ok(());
        }
        let end = text.rfind('\n').map_or(text.len(), |at| at + 1);
        let rest = text.split_off(end);
        let lines = std::mem::replace(text, rest);
        members.member(self.step.clone(), &mut lines.as_bytes())
    }

    /// Gives all of it; returns what is missing.
    pub(super) fn give(mut self, members: &mut dyn Members) -> Result<Troubles, Limit> {
        self.layout.end_line();
        if self.unknown >= MIN_UNKNOWN {
            self.troubles.note(Trouble::Unsupported);
        }
        if !self.layout.text.is_empty() {
            members.member(self.step, &mut self.layout.text.as_bytes())?;
        }
        Ok(self.troubles)
    }
}

/// Why not all of a document can be read: each reason once, however many parts of it there are.
#[derive(Debug, Default)]
pub(super) struct Troubles(Vec<Trouble>);

impl Troubles {
    /// Notes `trouble`.
    pub(super) fn note(&mut self, trouble: Trouble) {
        if !self.0.contains(&trouble) {
            self.0.push(trouble);
        }
    }

    /// Notes those of `others`.
    pub(super) fn add(&mut self, others: &Self) {
        others.0.iter().for_each(|trouble| self.note(*trouble));
    }

    /// Says all but one to `members`, and that one to the caller.
    pub(super) fn say(mut self, members: &mut dyn Members) -> Result<(), Trouble> {
        let last = self.0.pop();
        self.0.iter().try_for_each(|trouble| members.gap_at(&[], *trouble))?;
        last.map_or(Ok(()), Err)
    }
}
