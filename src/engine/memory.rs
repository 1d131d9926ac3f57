//! What a search of one text leaves behind for the search of another that was made from it.

use std::ops::Range;

use super::{Engine, Sightings, hidden::Opened};
use crate::{
    blob::{Blob, Nature, Origin},
    content::{
        self, Budget, Text,
        decode::{self, Seeds},
    },
    coverage::Limit,
    edit::{Changes, Copied, Edit},
    matcher::{self, Candidate, Edited, NearCheck, Windows},
    prefilter::{self, Word},
    rule::Nearby,
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
    /// What patterns ask for nearby, as far as it stands anywhere.
    nearby: Nearby,
    candidates: Vec<Candidate>,
    /// Zones with anything encoded in them, sorted by place.
    opened: Vec<Opened>,
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
        let mut nearby = Nearby::default();
        let mut windows = Windows::new(&self.rules, text.bytes.len(), text.binary);
        let mut seeds = Seeds::default();
        let word = |word, start| {
            if word != self.prefilter.mark() {
                words.push((place(start), word));
            }
            let meaning = self.prefilter.meaning(word);
            nearby.add(&meaning.nearby);
            meaning.hits(start).for_each(|hit| windows.add(hit));
        };
        self.prefilter.words(&text.bytes, word, &mut seeds);
        words.sort_unstable();
        // A word nearby may come closer or go away with an edit far from the match, so the filters ask
        // for the lines.
        let candidates = matcher::find_candidates(
            &self.rules,
            &text.bytes,
            windows,
            nearby,
            NearCheck::Anywhere,
        );
        let opened = self.open_text(&text, seeds, &mut Budget::new(self.limits));
        let as_stored = text.bytes.len() == bytes.len();
        Memory { nature: as_stored.then_some(nature), words, nearby, candidates, opened }
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
        let Some(opened) = self.reopened(bytes, nature, old, edit, &changes) else {
            return self.read(bytes);
        };
        let mut found = Vec::new();
        self.prefilter.words_around(bytes, changes.iter(), |word, start| {
            if word != self.prefilter.mark() {
                found.push((place(start), word));
            }
        });
        let words = merged(self.moved_words(old, edit.copies()), found);
        let mut nearby = Nearby::default();
        for (_, word) in &words {
            nearby.add(&self.prefilter.meaning(*word).nearby);
        }
        let hits = words
            .iter()
            .flat_map(|&(start, word)| self.prefilter.meaning(word).hits(start as usize));
        let new = Edited {
            text: bytes,
            binary: nature == Nature::Binary,
            edit,
            changes: &changes,
            nearby_before: old.nearby,
            nearby,
        };
        let candidates = matcher::find_changed(&self.rules, new, hits, &old.candidates);
        Memory { nature: Some(nature), words, nearby, candidates, opened }
    }

    /// The zones of a text that have anything encoded in them: only those that a change can have touched
    /// are opened. `None` if the budget of the text is a question of all zones.
    fn reopened(
        &self,
        bytes: &[u8],
        nature: Nature,
        old: &Memory,
        edit: &Edit,
        changes: &Changes,
    ) -> Option<Vec<Opened>> {
        if nature == Nature::Binary {
            return Some(Vec::new());
        }
        let look = |view, seeds: &mut Seeds| prefilter::add_seeds(bytes, view, seeds);
        let seeds = decode::seeds_around(bytes.len(), changes, look);
        let mut opened = self.open(bytes, &seeds, &mut Budget::new(self.limits));
        for copied in edit.copies() {
            let end = copied.from + copied.len;
            let shift = |at: usize| at - copied.from + copied.to;
            let is_kept = |o: &&Opened| {
                let Range { start, end: core_end } = o.core;
                copied.from <= start && core_end <= end && {
                    let core = shift(start)..shift(core_end);
                    !changes.touch(&decode::reach(&core, bytes.len()))
                }
            };
            let kept = old.opened.iter().filter(is_kept);
            opened.extend(kept.map(|o| o.moved(copied.from, copied.to)));
        }
        opened.sort_by_key(|o| o.core.start);
        let is_short =
            |o: &Opened| o.stopped.iter().any(|l| matches!(l, Limit::ExpandedBytes | Limit::Time));
        let spent: u64 = opened.iter().map(|o| o.spent).sum();
        let fits = spent <= self.limits.max_expanded_bytes
            && !opened.iter().chain(&old.opened).any(is_short);
        fits.then_some(opened)
    }

    /// The words of `old` that lie in one of `copies`, at their new places. Sorted.
    fn moved_words(&self, old: &Memory, copies: &[Copied]) -> Vec<(u32, Word)> {
        let mut words = Vec::with_capacity(if copies.is_empty() { 0 } else { old.words.len() });
        let (mut next, mut done) = (0, 0);
        for copied in copies {
            // Most edits copy in order, and then the next word is a few words on.
            let before = |&(start, _): &(u32, Word)| (start as usize) < copied.from;
            if copied.from < done {
                next = old.words.partition_point(before);
            } else {
                next += old.words[next..].iter().take_while(|w| before(w)).count();
            }
            done = copied.from + copied.len;
            for &(start, word) in &old.words[next..] {
                let start = start as usize;
                if start >= done {
                    break;
                }
                next += 1;
                if start + self.prefilter.meaning(word).len <= done {
                    words.push((place(start - copied.from + copied.to), word));
                }
            }
        }
        words
    }

    /// What `bytes`, searched before, hold; `None` if that is nothing.
    pub fn recall(&self, bytes: &[u8], memory: &Memory) -> Option<Sightings> {
        if memory.candidates.is_empty() && memory.opened.is_empty() {
            return None;
        }
        let origin = Origin::nowhere();
        let nature = memory.nature.unwrap_or_else(|| content::nature(bytes));
        let sightings = self.sightings_of(
            &whole(bytes, nature, &origin),
            memory.candidates.clone(),
            &memory.opened,
        );
        (!sightings.is_empty()).then_some(sightings)
    }
}

/// Both lists as one; `sorted` is, and `more` may have some twice.
fn merged(mut sorted: Vec<(u32, Word)>, more: Vec<(u32, Word)>) -> Vec<(u32, Word)> {
    if !more.is_empty() {
        sorted.extend(more);
        // Sees that the first part is in order.
        sorted.sort();
        sorted.dedup();
    }
    sorted
}

fn whole<'t>(bytes: &'t [u8], nature: Nature, origin: &'t Origin) -> Text<'t> {
    Text::of(&Blob::whole(origin, bytes, nature))
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("texts that are held in memory are shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::OnceLock};

    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use proptest::{prelude::*, sample::Index};

    use super::*;
    use crate::rule::{RuleSet, cases, load};

    fn engine() -> &'static Engine {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(|| Engine::new(RuleSet::new(load::builtin()), 1_795_000_000))
    }

    /// What matches are made of: texts of rule cases, all words that are searched, and whole matches.
    fn materials() -> &'static [Vec<String>; 3] {
        static ALL: OnceLock<[Vec<String>; 3]> = OnceLock::new();
        ALL.get_or_init(|| {
            let cases: Vec<String> = load::BUILTIN_FILES
                .iter()
                .flat_map(|(name, text)| cases::cases(Path::new(name), text).expect("it parses"))
                .map(|c| c.text)
                .collect();
            let specs = engine().rules.patterns().iter().map(|p| &p.spec);
            let words = specs
                .flat_map(|s| {
                    let near = s.near.iter().flat_map(|n| n.any.iter().map(String::from));
                    s.keywords.iter().map(String::from).chain(near)
                })
                .collect();
            let wholes = cases.iter().flat_map(|c| {
                let found = engine().read(c.as_bytes()).candidates;
                found.into_iter().map(|f| c[f.whole].to_owned())
            });
            let wholes = wholes.collect();
            [cases, words, wholes]
        })
    }

    /// A piece of text; now and then a long one, so that not all of a text is near a change.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let pick = |list: usize| {
            any::<Index>().prop_map(move |i| i.get(&materials()[list]).clone().into_bytes())
        };
        let of = |regex: &'static str| regex.prop_map(String::into_bytes);
        prop_oneof![
            6 => pick(0),
            2 => (pick(0), any::<Index>(), any::<Index>()).prop_map(|(case, a, b)| {
                let (a, b) = (a.index(case.len() + 1), b.index(case.len() + 1));
                case[a.min(b)..a.max(b)].to_vec()
            }),
            3 => pick(1),
            // The end of each is the beginning of the next, so only every second one matches.
            2 => (pick(2), 2_usize..6).prop_map(|(whole, n)| {
                let seam = usize::from(whole.first() == whole.last());
                let mut chain = whole.clone();
                (1..n).for_each(|_| chain.extend_from_slice(&whole[seam..]));
                chain
            }),
            3 => encoded(),
            2 => of("[0-9A-Za-z]{1,70}"),
            1 => of("[0-9a-f]{30,45}"),
            2 => of("[-_.:=\"' \n]{1,3}"),
            1 => of("(key|token|secret|password|api_key|pat|Authorization)[=: \"]{1,4}[0-9A-Za-z+/_-]{0,60}[\"\n]?"),
            1 => of("[ -~]{0,80}"),
            1 => of("\n[a-z]{1,9}( [a-z]{1,9}\n?){20,60}"),
            1 => (1_usize..12).prop_map(|n| b"x = y;\n".repeat(40 * n)),
            1 => proptest::collection::vec(any::<u8>(), 0..12),
        ]
    }

    /// A case, or a part of one, in some encoding.
    fn encoded() -> impl Strategy<Value = Vec<u8>> {
        let plain = prop_oneof![
            any::<Index>().prop_map(|i| i.get(&materials()[0]).clone()),
            any::<Index>().prop_map(|i| i.get(&materials()[2]).clone()),
        ];
        let each = |text: &str, one: fn(u8) -> String| text.bytes().map(one).collect::<String>();
        (plain, 0..7).prop_map(move |(text, way)| {
            let code = match way {
                0 => BASE64_STANDARD.encode(&text),
                1 => BASE64_STANDARD.encode(BASE64_STANDARD.encode(&text)),
                2 => each(&text, |b| format!("{b:02x}")),
                3 => each(&text, |b| format!("%{b:02x}")),
                4 => each(&text, |b| format!("\\x{b:02x}")),
                5 => text.replace('_', "%5f"),
                _ => text.replace('_', "_\" +\n \""),
            };
            code.into_bytes()
        })
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(piece(), 0..24).prop_map(|parts| parts.concat())
    }

    /// Part of a new text: from where to where it is copied from the old one, or its own bytes.
    #[derive(Debug, Clone)]
    enum Step {
        Copy(Index, Index),
        Insert(Vec<u8>),
    }

    /// Small edits in place, as most are; and copies from anywhere, in any order, more than once.
    fn edit() -> impl Strategy<Value = Vec<Step>> {
        let step = || {
            prop_oneof![
                2 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Step::Copy(a, b)),
                1 => piece().prop_map(Step::Insert),
            ]
        };
        prop_oneof![
            3 => Just(Vec::new()),
            2 => proptest::collection::vec(step(), 1..7),
        ]
    }

    type Nicks = Vec<(Index, u8, Vec<u8>)>;

    /// Places in a text, how many bytes there go, and what takes their place.
    fn nicks() -> impl Strategy<Value = Nicks> {
        let new = prop_oneof![
            2 => Just(Vec::new()),
            2 => piece(),
            3 => "[0-9A-Za-z \n\"=_-]{1,2}".prop_map(String::into_bytes),
        ];
        proptest::collection::vec(
            (any::<Index>(), prop_oneof![2 => 0_u8..3, 1 => 0..60_u8], new),
            0..6,
        )
    }

    /// The new text, and the edit that makes it from `old`.
    fn apply(old: &[u8], steps: &[Step], nicks: &Nicks) -> (Vec<u8>, Edit) {
        let (mut new, mut edit) = (Vec::new(), Edit::default());
        edit.restart(old.len());
        for step in steps {
            match step {
                Step::Copy(a, b) => {
                    let (a, b) = (a.index(old.len() + 1), b.index(old.len() + 1));
                    let range = a.min(b)..a.max(b);
                    edit.copy(range.start, range.len());
                    new.extend_from_slice(&old[range]);
                }
                Step::Insert(bytes) => {
                    edit.insert(bytes.len());
                    new.extend_from_slice(bytes);
                }
            }
        }
        if steps.is_empty() {
            let mut places: Vec<_> = nicks.iter().map(|n| (n.0.index(old.len() + 1), n)).collect();
            places.sort_by_key(|p| p.0);
            let mut at = 0;
            for (place, (_, gone, bytes)) in places {
                let place = place.max(at);
                edit.copy(at, place - at);
                edit.insert(bytes.len());
                new.extend_from_slice(&old[at..place]);
                new.extend_from_slice(bytes);
                at = old.len().min(place + usize::from(*gone));
            }
            edit.copy(at, old.len() - at);
            new.extend_from_slice(&old[at..]);
        }
        (new, edit)
    }

    fn sorted(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        candidates.sort_by_key(|c| (c.pattern, c.whole.start, c.whole.end, c.secret.start));
        candidates
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(256),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn an_edited_text_is_searched_as_if_it_were_new(
            first in text(),
            edits in proptest::collection::vec((edit(), nicks()), 1..6),
        ) {
            let engine = engine();
            let (mut old, mut memory) = (first.clone(), engine.read(&first));
            for (steps, nicks) in &edits {
                let (new, edit) = apply(&old, steps, nicks);
                let (whole, changed) = (engine.read(&new), engine.reread(&new, &memory, &edit));
                let matches = |m: &Memory| sorted(m.candidates.clone());
                prop_assert_eq!(matches(&changed), matches(&whole));
                prop_assert_eq!(&changed.opened, &whole.opened);
                let seen = |m: &Memory| {
                    let sightings = engine.recall(&new, m)?;
                    let findings = engine.findings(&sightings, &Origin::nowhere());
                    let places = findings.into_iter().map(|f| (f.rule, f.start, f.end, f.inside));
                    Some((engine.identities(&sightings, ""), places.collect::<Vec<_>>()))
                };
                prop_assert_eq!(seen(&changed), seen(&whole));
                (old, memory) = (new, changed);
            }
        }
    }
}
