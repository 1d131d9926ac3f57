//! Whether a value looks like something that a machine drew, or like words that a person wrote.
//!
//! Entropy alone can't tell: `getAuthenticationToken` has as much of it as a key of the same length.
//! Letters that follow each other as they do in words speak for words; digits among letters and
//! changes of case speak for a machine. How much each weighs is learned.

use crate::letters;

/// Shortest value that can be judged.
const MIN_BYTES: usize = 8;

/// What each of `features` adds to the logarithm of the odds that a machine drew the value. Made by
/// `scripts/likeness.py` from the strings and words of the Linux 6.1 documentation and its `net` and
/// `drivers/gpu` directories, Python 3.11's standard library and the crates that straykey depends on.
const WEIGHTS: [f32; 10] = [
    // bias
    -17.84,
    // words: how well the letters follow each other, in bits a pair; three pairs of chance are mixed in
    4.21,  // evidence: the same sum, and the more pairs the more
    -2.68, // switches between lower case, upper case, digits and the rest, a character
    9.51,  // digits, a character
    -6.49, // mixed: digits that stand beside letters, a character
    15.56, // marks: neither letter nor digit, a character
    -8.75, // run: the longest of letters of one case, a character
    5.36,  // distinct characters, a character
    7.63,  // length: its logarithm to base 2
    1.36,
];

/// What speaks for a value besides its looks: the logarithm of the odds that a machine drew it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior(f32);

impl Prior {
    /// A name that belongs to nobody, like `token`.
    pub const GENERAL: Self = Self(0.0);
    /// The same, and quotes around the value: then it is no name of something else.
    pub const QUOTED: Self = Self(1.0);
    /// A provider's own name, beside which few words stand that have the shape of its keys.
    pub const PROVIDER: Self = Self(2.5);
}

/// Whether `value` looks random.
pub fn looks_random(value: &[u8], prior: Prior) -> bool {
    if value.len() < MIN_BYTES {
        return false;
    }
    if is_hex(value) {
        return is_random_hex(value);
    }
    // Behind a prefix, `acme_live_`, it is the last part that was drawn.
    let last = value.rsplit(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
    if last.len() * 2 > value.len() && is_hex(last) && is_random_hex(last) {
        return true;
    }
    let looks: f32 = features(value).iter().zip(WEIGHTS).map(|(f, weight)| f * weight).sum();
    looks + prior.0 > 0.0
}

/// The numbers that `WEIGHTS` weighs.
fn features(value: &[u8]) -> [f32; 10] {
    let len = value.len() as f32;
    let (score, pairs) = letter_pairs(value);
    let (bits, pairs) = (score as f32 / 8.0, pairs as f32);
    let count = |wanted| value.iter().filter(|b| kind(**b) == wanted).count() as f32;
    [
        1.0,
        bits / (pairs + 3.0),
        bits / (pairs + 1.0).sqrt(),
        steps(value, |a, b| a != b) / len,
        count(Kind::Digit) / len,
        steps(value, |a, b| {
            (a == Kind::Digit) != (b == Kind::Digit) && a != Kind::Mark && b != Kind::Mark
        }) / len,
        count(Kind::Mark) / len,
        longest_run(value) as f32 / len,
        super::entropy::distinct(value) as f32 / len,
        len.log2(),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Mark,
}

fn kind(byte: u8) -> Kind {
    match byte {
        b'a'..=b'z' => Kind::Lower,
        b'A'..=b'Z' => Kind::Upper,
        b'0'..=b'9' => Kind::Digit,
        _ => Kind::Mark,
    }
}

/// How many neighbours in `value` are of kinds that `counts`.
fn steps(value: &[u8], counts: impl Fn(Kind, Kind) -> bool) -> f32 {
    value.windows(2).filter(|w| counts(kind(w[0]), kind(w[1]))).count() as f32
}

/// The longest run of letters of one case.
fn longest_run(value: &[u8]) -> usize {
    let runs = value.chunk_by(|a, b| kind(*a) == kind(*b));
    let letters = runs.filter(|run| matches!(kind(run[0]), Kind::Lower | Kind::Upper));
    letters.map(<[u8]>::len).max().unwrap_or(0)
}

/// Letters up to `f` tell nothing of words: length and entropy must do.
fn is_random_hex(value: &[u8]) -> bool {
    // Of sixteen hexadecimal digits, four in a thousand have fewer bits. Decimal ones number things more often than
    // they open any, so more is asked of them.
    let needed = if value.iter().all(|b| !b.is_ascii_alphabetic()) { 2.9 } else { 2.6 };
    value.len() >= 16 && super::entropy::shannon_bits(value) >= needed
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        && (value.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
            || value.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F' | b'-')))
}

/// Mean score of the pairs of letters, in bits: above 0 for words, about -1 for random letters. None if no
/// two letters stand together, or fewer than half of the characters do: then they say nothing.
pub(super) fn letter_bits(value: &[u8]) -> Option<f32> {
    let (sum, pairs) = letter_pairs(value);
    (pairs > 0 && pairs as usize * 2 >= value.len() - 1).then(|| sum as f32 / (8 * pairs) as f32)
}

fn letter_pairs(value: &[u8]) -> (i32, i32) {
    let mut sum = 0;
    let mut pairs = 0;
    for pair in value.windows(2) {
        if let [a, b] = pair
            && a.is_ascii_alphabetic()
            && b.is_ascii_alphabetic()
        {
            sum += letters::follows(*a, *b);
            pairs += 1;
        }
    }
    (sum, pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_random() {
        for value in [
            "q8Zt1LmV0xWc5RbN7yHd",
            "9f86d081884c7d659a2feaa0",
            "acme_live_9f86d081884c7d659a2feaa0",
            "hV3kZ-x_Qp9LrT2mWc",
            "aGk3bW9xcHd6eHJ0dnlu",
            "gkavsnbruipmqylvtbniokoz",
            "4887000818lmckxociotwkqmbpemgvrqcarr",
            "6f8a6f1b8c6a1f8c",
        ] {
            assert!(looks_random(value.as_bytes(), Prior::GENERAL), "{value}");
        }
    }

    #[test]
    fn words_do_not() {
        for value in [
            "getAuthenticationToken",
            "AWS_SECRET_ACCESS_KEY",
            "my-application-name-2",
            "org.apache.commons.lang3",
            "short1",
            "release-12",
            "user2024",
            "getdownloadurlforlayer",
            "nsslapdconfigsync",
            "4431214082403941",
        ] {
            assert!(!looks_random(value.as_bytes(), Prior::GENERAL), "{value}");
        }
    }
}
