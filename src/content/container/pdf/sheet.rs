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
    /// What of it can't be read.
    troubles: Vec<Trouble>,
    /// Glyphs that stand for no known character.
    pub(super) unknown: usize,
}

impl Sheet {
    /// An empty one, which `step` leads to.
    pub(super) fn new(step: Step) -> Self {
        Self { step, layout: Layout::default(), troubles: Vec::new(), unknown: 0 }
    }

    /// Notes `trouble`, once.
    pub(super) fn note(&mut self, trouble: Trouble) {
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
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
        other.troubles.into_iter().for_each(|trouble| self.note(trouble));
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

    /// Gives all of it, and says what is missing.
    pub(super) fn give(mut self, members: &mut dyn Members) -> Result<(), Limit> {
        self.layout.end_line();
        if self.unknown >= MIN_UNKNOWN {
            self.note(Trouble::Unsupported);
        }
        if !self.layout.text.is_empty() {
            members.member(self.step.clone(), &mut self.layout.text.as_bytes())?;
        }
        self.troubles.iter().try_for_each(|trouble| members.gap(self.step.clone(), *trouble))
    }
}
