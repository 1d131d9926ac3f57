//! Bytes of one sort in a row that every secret of a pattern has, as 32 hex digits: where there is no such row,
//! the pattern's regex need not be run, and in most scans not even be compiled.

use regex_syntax::hir::{Hir, HirKind};
use serde::{Deserialize, Serialize};

use super::{
    bytes::ByteSet,
    shape::{self, ShapeError},
};

/// At least so many bytes of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Streak {
    sort: ByteSet,
    len: usize,
}

impl Streak {
    /// The rarest one in what the group `secret` of `regex` matches.
    ///
    /// # Errors
    ///
    /// If the regex does not parse.
    pub fn of(regex: &str) -> Result<Self, ShapeError> {
        let hir = shape::parse(regex)?;
        Ok(shape::find_group(&hir, "secret").map(|secret| read(secret).rarest).unwrap_or_default())
    }

    /// Whether `text` has such a streak.
    pub fn stands_in(&self, text: &[u8]) -> bool {
        let mut rest = text;
        while let Some(part) = rest.get(..self.len) {
            match part.iter().rposition(|b| !self.sort.has(*b)) {
                Some(outside) => rest = &rest[outside + 1..],
                None => return true,
            }
        }
        false
    }

    /// This one and `next` behind it are one of both sorts.
    fn then(self, next: Self) -> Self {
        Self { sort: self.sort.or(next.sort), len: self.len + next.len }
    }

    /// What stands where either does.
    fn or(self, other: Self) -> Self {
        Self { sort: self.sort.or(other.sort), len: self.len.min(other.len) }
    }

    /// How unlikely it is, in bits, where all printable bytes are alike.
    fn bits(&self) -> f64 {
        const PRINTABLE: f64 = 95.0;
        self.len as f64 * (PRINTABLE / f64::from(self.sort.count().max(1))).log2().max(0.0)
    }

    fn rarer(self, other: Self) -> Self {
        if self.bits() < other.bits() { other } else { self }
    }
}

/// What is known of every string of a language.
struct Known {
    /// All of it.
    whole: Streak,
    /// Of its parts.
    rarest: Streak,
}

impl Known {
    fn whole(sort: ByteSet, len: usize) -> Self {
        let whole = Streak { sort, len };
        Self { whole, rarest: whole }
    }
}

fn read(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::whole(ByteSet::default(), 0),
        // The keyword, most likely, which is there.
        HirKind::Literal(l) => Known {
            whole: Streak { sort: l.0.iter().copied().collect(), len: l.0.len() },
            rarest: Streak::default(),
        },
        HirKind::Class(class) => Known::whole(ByteSet::of_class(class), 1),
        HirKind::Repetition(r) => {
            let one = read(&r.sub);
            let whole = Streak { len: one.whole.len * r.min as usize, ..one.whole };
            let rarest = if r.min == 0 { Streak::default() } else { one.rarest };
            Known { whole, rarest: rarest.rarer(whole) }
        }
        HirKind::Capture(c) => read(&c.sub),
        HirKind::Concat(parts) => {
            let parts: Vec<Known> = parts.iter().map(read).collect();
            // Each part, and all that stand beside each other.
            let of_parts = parts.iter().map(|part| part.rarest);
            let from = (0..parts.len()).flat_map(|n| {
                parts[n + 1..].iter().scan(parts[n].whole, |streak, part| {
                    *streak = streak.then(part.whole);
                    Some(*streak)
                })
            });
            let rarest = of_parts.chain(from).fold(Streak::default(), Streak::rarer);
            let whole = parts.iter().map(|part| part.whole).fold(Streak::default(), Streak::then);
            Known { whole, rarest }
        }
        HirKind::Alternation(parts) => {
            let either = |a: Known, b: Known| {
                let whole = a.whole.or(b.whole);
                Known { whole, rarest: a.rarest.or(b.rarest).rarer(whole) }
            };
            parts.iter().map(read).reduce(either).expect("an alternation has branches")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn streak(bytes: &str, len: usize) -> Streak {
        Streak { sort: bytes.bytes().collect(), len }
    }

    #[test]
    fn the_rarest_streak_of_the_secret_is_known() {
        let of =
            |secret: &str| Streak::of(&format!("(?i:key)[=]{{9}}(?<secret>{secret})\\b")).unwrap();
        let hex = "0123456789abcdef";
        assert_eq!(of("[0-9a-f]{32,40}"), streak(hex, 32));
        assert_eq!(of("k_[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{13}"), streak(&format!("k_{hex}-"), 13));
        assert_eq!(of("(?:[ab]c)?d{0,9}"), Streak::default());
        assert_eq!(of("(?:a{9}[,]){3}"), streak("a,", 30));
        assert_eq!(of("a{6}.{0,9}b{7}"), streak("b", 7));
        assert_eq!(of("keyword"), Streak::default(), "that is searched before");
    }

    #[test]
    fn a_streak_is_seen_only_if_it_is_long_enough() {
        let three = streak("ab", 3);
        assert!(three.stands_in(b"aab"));
        assert!(three.stands_in(b"ab-b-bab-"));
        assert!(!three.stands_in(b"ab-b-ba"));
        assert!(streak("", 0).stands_in(b""));
    }

    proptest! {
        #[test]
        fn every_secret_has_it(
            regex in prop::sample::select(vec![
                "(?:ab|c){2,3}[a-c]{4}x?", "a{2,}(?:b|ca*)c", "(?:a[bx]{3}|[xc]{5})+", "a(?:(?:b|cc){2}x)*c",
            ]),
            text in "[abcx]{0,24}",
        ) {
            if crate::rule::compile(regex).unwrap().is_match(&text) {
                let streak = Streak::of(&format!("(?<secret>{regex})")).unwrap();
                prop_assert!(streak.stands_in(text.as_bytes()));
            }
        }
    }
}
