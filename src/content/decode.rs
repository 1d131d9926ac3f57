//! Encoded stretches of a text, and the text with them decoded in place: what stands around a stretch
//! still stands around what it meant, as the name before an encoded value does.
//!
//! Decoding is tried at seeds only: runs of letters and digits, which nearly every encoded key has, and
//! stretches full of escapes. Neighbouring seeds form a zone, and nothing outside of a zone's reach has
//! a say in what is decoded there. What does not decode to text is left as it is.

mod base32;
mod base64;
mod entities;
mod escapes;
mod hex;
mod join;
mod map;
mod percent;
mod quoted_printable;
mod seam;
mod word;

use std::ops::Range;

use self::map::{Map, Piece};
use super::Budget;
use crate::{coverage::Limit, edit::Changes, route::Encoding};

/// Seeds that are closer together are of one zone; an encoded stretch goes no further from a seed.
const GAP_BYTES: usize = 128;
/// What is kept on either side of a zone, for what rules ask for nearby.
const MARGIN_BYTES: usize = 256;
/// Shorter texts hold no key.
const MIN_DECODED_BYTES: usize = 12;

/// Neighbouring seeds of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone<'s> {
    /// From the first byte of the first seed to the last of the last.
    pub core: Range<usize>,
    seeds: &'s [Range<usize>],
}

/// All bytes of a text of `len` bytes that have a say in what a zone holds.
pub fn reach(core: &Range<usize>, len: usize) -> Range<usize> {
    around(core, MARGIN_BYTES, len)
}

/// The bytes of `range` and `margin` more on either side, in a text of `len` bytes.
fn around(range: &Range<usize>, margin: usize, len: usize) -> Range<usize> {
    range.start.saturating_sub(margin)..len.min(range.end + margin)
}

/// Joins sorted seeds to zones.
pub fn zones(seeds: &[Range<usize>]) -> impl Iterator<Item = Zone<'_>> {
    let mut rest = seeds;
    std::iter::from_fn(move || {
        let mut core = rest.first()?.clone();
        let is_near = |seed: &&Range<usize>| {
            let is_near = seed.start <= core.end + GAP_BYTES;
            if is_near {
                core.end = core.end.max(seed.end);
            }
            is_near
        };
        let (zone, others) = rest.split_at(rest.iter().take_while(is_near).count());
        rest = others;
        Some(Zone { core, seeds: zone })
    })
}

/// Where decoding may pay, as far as a text was looked at.
#[derive(Debug, Default)]
pub struct Seeds {
    /// Runs of letters and digits, each one whole.
    pub runs: Vec<Range<usize>>,
    /// Stretches full of escapes.
    pub stretches: Stretches,
}

impl Seeds {
    /// All of them, in the order that `zones` takes them in.
    pub fn sorted(self) -> Vec<Range<usize>> {
        let mut all = self.runs;
        all.append(&mut self.stretches.joined());
        all.sort_by_key(|s| (s.start, s.end));
        all.dedup();
        all
    }
}

/// Ranges that are one where they touch: of a long one, several views may have a part.
#[derive(Debug, Default)]
pub struct Stretches(Vec<Range<usize>>);

impl Stretches {
    /// Adds a part: to the last one, if they touch.
    pub fn add(&mut self, part: Range<usize>) {
        match self.0.last_mut() {
            Some(last) if part.start <= last.end && last.start <= part.end => {
                *last = last.start.min(part.start)..last.end.max(part.end);
            }
            _ => self.0.push(part),
        }
    }

    /// All of them, sorted.
    pub fn joined(mut self) -> Vec<Range<usize>> {
        self.0.sort_by_key(|s| s.start);
        let mut joined = Self::default();
        self.0.into_iter().for_each(|part| joined.add(part));
        joined.0
    }
}

/// The seeds, sorted, of all zones whose reach touches one of `changes` in a text of `len` bytes. `look` adds the
/// seeds that lie in a part of the text or reach into it.
pub fn seeds_around(
    len: usize,
    changes: &Changes,
    mut look: impl FnMut(Range<usize>, &mut Seeds),
) -> Vec<Range<usize>> {
    let mut seeds = Seeds::default();
    let mut views = changes.iter().map(|c| around(c, MARGIN_BYTES + GAP_BYTES + 1, len)).peekable();
    while let Some(mut view) = views.next() {
        while let Some(next) = views.next_if(|next| next.start <= view.end) {
            view.end = next.end;
        }
        look_at_whole_zones(len, view, &mut seeds, &mut look);
    }
    let is_touched = |zone: &Zone<'_>| changes.touch(&reach(&zone.core, len));
    let seeds = seeds.sorted();
    zones(&seeds).filter(is_touched).flat_map(|zone| zone.seeds.iter().cloned()).collect()
}

/// Looks at `view` of a text of `len` bytes, and on either side at as much more as has a part of the same zones.
fn look_at_whole_zones(
    len: usize,
    mut view: Range<usize>,
    seeds: &mut Seeds,
    look: &mut impl FnMut(Range<usize>, &mut Seeds),
) {
    let mut here = Seeds::default();
    look(view.clone(), &mut here);
    loop {
        let all = || here.runs.iter().chain(&here.stretches.0);
        let first = all().map(|s| s.start).min().unwrap_or(len);
        let last = all().map(|s| s.end).max().unwrap_or(0);
        // A zone that comes so near to the view's end may go on behind it.
        let more_before = view.start > 0 && first <= view.start + GAP_BYTES;
        let more_after = view.end < len && last + GAP_BYTES >= view.end;
        if !more_before && !more_after {
            break;
        }
        let step = view.len().max(GAP_BYTES);
        let seen = view.clone();
        if more_before {
            view.start = view.start.min(first).saturating_sub(step);
            look(view.start..seen.start, &mut here);
        }
        if more_after {
            view.end = len.min(view.end.max(last) + step);
            look(seen.end..view.end, &mut here);
        }
    }
    seeds.runs.append(&mut here.runs);
    seeds.stretches.0.append(&mut here.stretches.0);
}

/// A stretch that was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// How it was encoded.
    pub encoding: Encoding,
    /// Its code, in the text before.
    pub code: Range<usize>,
    /// What it means, in the layer.
    pub meaning: Range<usize>,
}

/// A zone and its margins, with all stretches decoded.
#[derive(Debug)]
pub struct Layer {
    /// The text.
    pub bytes: Vec<u8>,
    /// What was decoded, sorted by place; not empty.
    pub stretches: Vec<Stretch>,
    map: Map,
}

impl Layer {
    /// The bytes of the text before that `range` was made from.
    pub fn code_of(&self, range: &Range<usize>) -> Range<usize> {
        self.map.code_of(range)
    }

    /// The first stretch that has a part in `range`.
    pub fn stretch_in(&self, range: &Range<usize>) -> Option<&Stretch> {
        self.stretches.iter().find(|s| s.meaning.start < range.end && range.start < s.meaning.end)
    }

    /// Whether `seed` is new: it lies in or beside something that was decoded, or behind it and a quote.
    pub fn is_news(&self, seed: &Range<usize>) -> bool {
        let next = self.stretches.partition_point(|s| s.meaning.end + 1 < seed.start);
        self.stretches.get(next).is_some_and(|s| s.meaning.start <= seed.end)
    }
}

/// One stretch, decoded.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    encoding: Encoding,
    code: Range<usize>,
    bytes: Vec<u8>,
    /// Of `bytes`, sorted.
    pieces: Vec<Piece>,
}

/// Whether anything in `zone` of `text` can be decoded.
pub fn is_encoded(text: &[u8], zone: &Zone<'_>) -> bool {
    let bounds = around(&zone.core, GAP_BYTES, text.len());
    let mut probe = Budget::probe();
    zone.seeds.iter().any(|s| !matches!(decode(text, s, bounds.clone(), &mut probe), Ok(None)))
}

/// `zone` of `text` with all that can be decoded, if anything can. Adds to `stopped` the limits of `budget`
/// that left something out.
pub fn layer(
    text: &[u8],
    zone: &Zone<'_>,
    budget: &mut Budget,
    stopped: &mut Vec<Limit>,
) -> Option<Layer> {
    let bounds = around(&zone.core, GAP_BYTES, text.len());
    let mut all: Vec<Decoded> = Vec::new();
    let mut done = bounds.start;
    for seed in zone.seeds {
        while seed.end > done {
            match decode(text, &(seed.start.max(done)..seed.end), done..bounds.end, budget) {
                Ok(Some(decoded)) => {
                    done = decoded.code.end;
                    all.push(decoded);
                }
                Ok(None) => break,
                Err(limit) => {
                    stopped.push(limit);
                    break;
                }
            }
        }
    }
    if all.is_empty() {
        return None;
    }
    let reach = reach(&zone.core, text.len());
    let size = reach.len() + all.iter().map(|d| d.bytes.len()).sum::<usize>();
    // The ratio is for what was packed; the text around it is only copied.
    match budget.spend(size, size as u64) {
        Ok(()) => Some(assemble(text, reach, all)),
        Err(limit) => {
            stopped.push(limit);
            None
        }
    }
}

fn assemble(text: &[u8], reach: Range<usize>, all: Vec<Decoded>) -> Layer {
    let (mut bytes, mut map, mut stretches) = (Vec::new(), Map::default(), Vec::new());
    let mut at = reach.start;
    for decoded in all {
        map.verbatim(bytes.len(), at..decoded.code.start);
        bytes.extend_from_slice(&text[at..decoded.code.start]);
        let meaning = bytes.len()..bytes.len() + decoded.bytes.len();
        map.add(meaning.start, decoded.pieces);
        bytes.extend_from_slice(&decoded.bytes);
        at = decoded.code.end;
        stretches.push(Stretch { encoding: decoded.encoding, code: decoded.code, meaning });
    }
    map.verbatim(bytes.len(), at..reach.end);
    bytes.extend_from_slice(&text[at..reach.end]);
    Layer { bytes, stretches, map }
}

/// The stretch around `seed`, decoded, if it means text. Its code lies in `bounds`.
///
/// What lies outermost comes first: escapes in an encoded value belong to what holds the value.
fn decode(
    text: &[u8],
    seed: &Range<usize>,
    bounds: Range<usize>,
    budget: &mut Budget,
) -> Result<Option<Decoded>, Limit> {
    // However long a line is, a seed costs no more than its neighbourhood, or else what it decodes.
    let near = around(seed, GAP_BYTES, text.len());
    let near = near.start.max(bounds.start)..near.end.min(bounds.end);
    let word = word::around(text, seed, &near);
    let plain = hex::escaped_digits(text, seed)
        .or_else(|| word::unescaped(text, &word, &near))
        .or_else(|| join::pieces(text, &word, &bounds))
        .or_else(|| hex::array(text, seed))
        .or_else(|| hex::digits(text, seed))
        .or_else(|| base32::decode(text, seed, &near));
    match plain {
        Some(decoded) => Ok(Some(decoded)),
        None => base64::decode(text, seed, near.start..bounds.end, budget)
            // Code may go on over line breaks, so these come last.
            .map(|decoded| decoded.or_else(|| word::in_lines(text, &word, &near))),
    }
}

/// Letters, digits and signs that keys are made of.
fn is_value_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b':' | b'~')
}

/// How many bytes at the start of `bytes` are text: UTF-8 without control characters other than tabs and
/// line breaks.
fn text_len(bytes: &[u8]) -> usize {
    let is_plain = |b: &u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let mut len = 0;
    while len < bytes.len() {
        len += bytes[len..].iter().take_while(|b| is_plain(b)).count();
        let rest = &bytes[len..bytes.len().min(len + 4)];
        let valid = match std::str::from_utf8(rest) {
            Ok(s) => s,
            Err(e) => std::str::from_utf8(&rest[..e.valid_up_to()]).unwrap_or_default(),
        };
        match valid.chars().next() {
            Some(c) if !c.is_control() => len += c.len_utf8(),
            Some(_) | None => break,
        }
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_a_control_character_or_broken_utf8() {
        assert_eq!(text_len("aä\n€b\0c".as_bytes()), 8);
        assert_eq!(text_len(b"ab\xffc"), 2);
        assert_eq!(text_len(b"ab\xc3"), 2);
        assert_eq!(text_len("a\u{85}b".as_bytes()), 1);
        assert_eq!(text_len(b""), 0);
    }

    #[test]
    fn a_stretch_of_which_several_views_have_a_part_is_one() {
        let mut seeds = Seeds::default();
        seeds.runs.push(110..130);
        for part in [100..120, 115..140, 20..30, 60..101] {
            seeds.stretches.add(part);
        }
        assert_eq!(seeds.sorted(), [20..30, 60..140, 110..130]);
    }

    #[test]
    fn near_seeds_are_one_zone() {
        let mut seeds = Seeds::default();
        seeds.runs.extend([300..320, 0..20, 100..120]);
        let cores: Vec<_> = zones(&seeds.sorted()).map(|z| z.core).collect();
        assert_eq!(cores, [0..120, 300..320]);
    }
}
