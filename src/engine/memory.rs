//! What a search of one text leaves behind for the search of another that was made from it.

use super::{Engine, Sightings};
use crate::{
    blob::{Before, Blob, Nature, Origin},
    content::{self, Text},
    edit::{Copied, Edit},
    matcher::{self, Candidate, NearCheck, Windows},
    prefilter::{Hit, Word},
};

/// Changes that are closer together are one: two searches would look at the same bytes.
const GAP_BYTES: usize = 128;

/// Keywords and matches of one text.
#[derive(Debug)]
pub struct Memory {
    /// `None` if the text is not searched as it is stored, so that places in it mean nothing.
    nature: Option<Nature>,
    /// First byte and word, sorted.
    words: Vec<(u32, Word)>,
    candidates: Vec<Candidate>,
}

impl Engine {
    /// Searches the whole of `bytes`.
    ///
    /// # Panics
    ///
    /// If there are 4 GiB of them or more.
    pub fn read(&self, bytes: &[u8]) -> Memory {
        let nature = content::nature(bytes);
        let origin = Origin::nowhere();
        let text = whole(bytes, nature, &origin);
        let mut words = Vec::new();
        let mut windows = Windows::new(&self.rules, text.bytes.len(), text.binary);
        self.prefilter.words(&text.bytes, |word, start| {
            words.push((place(start), word));
            let (patterns, len) = self.prefilter.word(word);
            for &pattern in patterns {
                windows.add(Hit { pattern, start, end: start + len });
            }
        });
        words.sort_unstable();
        // A word nearby may come or go with an edit far from the match, so the filters ask for it.
        let candidates =
            matcher::find_candidates(&self.rules, &text.bytes, windows, NearCheck::Later);
        let as_stored = text.bytes.len() == bytes.len();
        Memory { nature: as_stored.then_some(nature), words, candidates }
    }

    /// Searches `bytes`, which `edit` made from the text that `old` remembers: only what the edit can
    /// have changed. Remembers the same matches as `read`.
    ///
    /// # Panics
    ///
    /// As `read`; and if `old` or `edit` are not those of this text.
    pub fn reread(&self, bytes: &[u8], old: &Memory, edit: &Edit) -> Memory {
        let nature = content::nature(bytes);
        let origin = Origin::nowhere();
        if old.nature != Some(nature) || whole(bytes, nature, &origin).bytes.len() != bytes.len() {
            return self.read(bytes);
        }
        let changes = edit.changes(GAP_BYTES);
        let mut words: Vec<(u32, Word)> = Vec::with_capacity(old.words.len() + 4);
        for copied in edit.copies() {
            self.copy_words(old, copied, &mut words);
        }
        for change in changes.iter() {
            self.prefilter.words_around(bytes, change, |word, start| {
                words.push((place(start), word));
            });
        }
        words.sort_unstable();
        words.dedup();
        let hits = words.iter().flat_map(|&(start, word)| {
            let (patterns, len) = self.prefilter.word(word);
            let start = start as usize;
            patterns.iter().map(move |&pattern| Hit { pattern, start, end: start + len })
        });
        let binary = nature == Nature::Binary;
        let candidates = matcher::find_changed(
            &self.rules,
            bytes,
            binary,
            hits,
            edit,
            &changes,
            &old.candidates,
        );
        Memory { nature: Some(nature), words, candidates }
    }

    /// The words of `old` that lie in `copied`, at their new places.
    fn copy_words(&self, old: &Memory, copied: &Copied, words: &mut Vec<(u32, Word)>) {
        let end = copied.from + copied.len;
        let first = old.words.partition_point(|&(start, _)| (start as usize) < copied.from);
        for &(start, word) in &old.words[first..] {
            let start = start as usize;
            if start >= end {
                break;
            }
            if start + self.prefilter.word(word).1 <= end {
                words.push((place(start - copied.from + copied.to), word));
            }
        }
    }

    /// What `bytes`, searched before, hold; `None` if that is nothing.
    pub fn recall(&self, bytes: &[u8], memory: &Memory) -> Option<Sightings> {
        if memory.candidates.is_empty() {
            return None;
        }
        let origin = Origin::nowhere();
        let nature = memory.nature.unwrap_or_else(|| content::nature(bytes));
        let sightings =
            self.sightings_of(&whole(bytes, nature, &origin), memory.candidates.clone());
        (!sightings.is_empty()).then_some(sightings)
    }
}

fn whole<'t>(bytes: &'t [u8], nature: Nature, origin: &'t Origin) -> Text<'t> {
    let owned = 0..bytes.len();
    Text::of(&Blob { origin, bytes, owned, before: Before::default(), nature })
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("texts that are held in memory are shorter than 4 GiB")
}
