//! Where in its matches a regex has a keyword, and which byte stands behind it: a word of three or four bytes is
//! on every page, but seldom in front of the right byte.

use regex_syntax::hir::{Hir, HirKind};

use super::{
    bytes::ByteSet,
    shape::{spelled_runs, spellings},
};

/// Words of so many bytes are everywhere: it pays to look at what stands behind them.
pub const MAX_SHORT_BYTES: usize = 4;

/// Every match has a keyword here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lead {
    /// It begins within so many bytes.
    pub bytes: usize,
    /// For each keyword, what can stand behind it there.
    pub followers: Vec<ByteSet>,
}

impl Lead {
    /// Of `hir`; nothing if a match may have none of `keywords`, or if that can't be told.
    pub(super) fn of(hir: &Hir, keywords: &[String]) -> Option<Self> {
        let found = find(hir, keywords)?;
        let at_end =
            found.at_end.iter().map(|at| if *at { ByteSet::ALL } else { ByteSet::default() });
        let followers = found.followers.into_iter().zip(at_end).map(|(own, end)| own.or(end));
        Some(Self { bytes: found.bytes, followers: followers.collect() })
    }
}

/// A place in a part of a regex.
struct Found {
    /// As in `Lead`, as far as this part tells.
    bytes: usize,
    followers: Vec<ByteSet>,
    /// For each keyword, whether it can end where the part does.
    at_end: Vec<bool>,
}

impl Found {
    /// This is either here or there.
    fn or(mut self, other: Self) -> Self {
        self.bytes = self.bytes.max(other.bytes);
        for (own, other) in self.followers.iter_mut().zip(other.followers) {
            *own = own.or(other);
        }
        self.at_end.iter_mut().zip(other.at_end).for_each(|(own, other)| *own |= other);
        self
    }

    /// What can stand first behind the part.
    fn followed_by(&mut self, first: &First) {
        for (own, _) in self.followers.iter_mut().zip(&self.at_end).filter(|(_, at_end)| **at_end) {
            *own = own.or(first.bytes);
        }
        if !first.is_optional {
            self.at_end.fill(false);
        }
    }
}

fn find(hir: &Hir, keywords: &[String]) -> Option<Found> {
    match hir.kind() {
        HirKind::Capture(c) => find(&c.sub, keywords),
        HirKind::Repetition(r) if r.min > 0 => {
            let mut found = find(&r.sub, keywords)?;
            found.followed_by(&First { is_optional: true, ..First::of(&r.sub) });
            Some(found)
        }
        HirKind::Repetition(_) => None,
        HirKind::Alternation(parts) => {
            let mut branches = parts.iter().map(|part| find(part, keywords));
            let first = branches.next().flatten();
            branches.fold(first, |all, branch| Some(all?.or(branch?)))
        }
        HirKind::Concat(parts) => {
            let starts = parts.iter().scan(0_usize, |at, part| {
                let start = *at;
                *at = start.saturating_add(part.properties().maximum_len().unwrap_or(usize::MAX));
                Some(start)
            });
            let in_one = starts
                .enumerate()
                .find_map(|(n, start)| Some((start, n + 1, find(&parts[n], keywords)?)));
            let in_several = spelled_runs(parts)
                .into_iter()
                .find_map(|run| Some((run.start, run.end, find_in(&run.spellings, keywords)?)));
            let behind = |(start, end, mut found): (usize, usize, Found)| {
                found.bytes = found.bytes.saturating_add(start);
                parts[end..].iter().for_each(|part| found.followed_by(&First::of(part)));
                found
            };
            in_one.into_iter().chain(in_several).map(behind).min_by_key(|found| found.bytes)
        }
        _ => find_in(&spellings(hir)?, keywords),
    }
}

/// The same for a part that is one of `spellings`.
fn find_in(spellings: &[String], keywords: &[String]) -> Option<Found> {
    let mut branches = spellings.iter().map(|spelling| {
        let first = |(n, keyword): (usize, &String)| Some((spelling.find(keyword.as_str())?, n));
        let (at, n) = keywords.iter().enumerate().filter_map(first).min()?;
        let mut found = Found {
            bytes: at,
            followers: vec![ByteSet::default(); keywords.len()],
            at_end: vec![false; keywords.len()],
        };
        match spelling.as_bytes().get(at + keywords[n].len()) {
            Some(b) => {
                found.followers[n] = [*b, b.to_ascii_uppercase()].into_iter().collect();
            }
            None => found.at_end[n] = true,
        }
        Some(found)
    });
    let first = branches.next().flatten();
    branches.fold(first, |all, branch| Some(all?.or(branch?)))
}

/// What a part of a regex can begin with.
struct First {
    bytes: ByteSet,
    /// It can match without a byte.
    is_optional: bool,
}

impl First {
    fn of(hir: &Hir) -> Self {
        let nothing = || Self { bytes: ByteSet::default(), is_optional: true };
        let some = |bytes| Self { bytes, is_optional: false };
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => nothing(),
            HirKind::Literal(l) => some(l.0.first().copied().into_iter().collect()),
            HirKind::Class(class) => some(ByteSet::of_class(class)),
            HirKind::Capture(c) => Self::of(&c.sub),
            HirKind::Repetition(r) => {
                let one = Self::of(&r.sub);
                Self { is_optional: one.is_optional || r.min == 0, ..one }
            }
            HirKind::Concat(parts) => parts.iter().map(Self::of).fold(nothing(), |all, part| {
                if all.is_optional { Self { bytes: all.bytes.or(part.bytes), ..part } } else { all }
            }),
            HirKind::Alternation(parts) => {
                let never = some(ByteSet::default());
                parts.iter().map(Self::of).fold(never, |all, part| Self {
                    bytes: all.bytes.or(part.bytes),
                    is_optional: all.is_optional || part.is_optional,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::shape::parse;

    /// The bytes within which a keyword begins, and for each keyword the printable bytes that can follow it, but no
    /// capital letters: spellings have both cases.
    fn lead(regex: &str, keywords: &[&str]) -> Option<(usize, Vec<String>)> {
        let keywords: Vec<String> = keywords.iter().map(|&k| k.to_owned()).collect();
        let lead = Lead::of(&parse(regex).unwrap(), &keywords)?;
        let printable = || (b' '..=b'~').filter(|b| !b.is_ascii_uppercase());
        let printable =
            |set: &ByteSet| printable().filter(|b| set.has(*b)).map(char::from).collect();
        Some((lead.bytes, lead.followers.iter().map(printable).collect()))
    }

    fn followers(regex: &str, keyword: &str) -> String {
        lead(regex, &[keyword]).unwrap().1.remove(0)
    }

    #[test]
    fn the_byte_behind_a_keyword_is_known() {
        assert_eq!(followers("(?i:aws)[_-]?(?:secret|key)=(?<secret>[0-9]{4})", "aws"), "-_ks");
        assert_eq!(followers(r"\b(?<secret>sg\.[0-3]{22}\.)", "sg."), "0123");
        assert_eq!(followers("(?:x|ab)(?i:okx[a-c]?)y(?<secret>z)", "okx"), "abcy");
        assert_eq!(followers("(?:okx){1,3}y(?<secret>z)", "okx"), "oy");
        assert_eq!(followers("(?:okx|y)+(?<secret>okx)1{0,3}", "okx").len(), 69, "the last byte");
        assert_eq!(followers("okx(?:y|1(?:2|z)?|)(?<secret>[34]{2})", "okx"), "134y");
        assert_eq!(followers(r"okx\b[:=]?(?<secret>[34]{2})", "okx"), "34:=");
        let two = lead("(?:dbx|okx_)=(?<secret>[0-9]{4})", &["okx", "dbx"]);
        assert_eq!(two, Some((0, vec!["_".to_owned(), "=".to_owned()])));
    }

    #[test]
    fn a_keyword_that_a_match_may_lack_has_no_place() {
        assert_eq!(lead("(?:okx)?(?<secret>[0-9]{4})", &["okx"]), None);
        assert_eq!(lead("(?:okx|abc)(?<secret>[0-9]{4})", &["okx"]), None);
        assert_eq!(lead("[a-z]{3}(?<secret>[0-9]{4})", &["okx"]), None);
    }
}
