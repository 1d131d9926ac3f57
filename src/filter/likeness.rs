//! Whether a value looks like something that a machine drew, or like words that a person wrote.
//!
//! Entropy alone can't tell: `getAuthenticationToken` has as much of it as a key of the same length.
//! Letters that follow each other as they do in words speak for words; digits among letters and
//! changes of case speak for a machine.

use crate::letters;

/// Shortest value that can be judged, and from where on words and counters like `release-12` are so few
/// that chance explains them.
const MIN_BYTES: usize = 8;
const SURE_BYTES: usize = 12;

/// Whether `value` looks random.
pub fn looks_random(value: &[u8]) -> bool {
    if value.len() < MIN_BYTES {
        return false;
    }
    if is_hex(value) {
        return value.len() >= 16 && super::entropy::shannon_bits(value) >= 2.9;
    }
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let words = wordiness(value);
    let switches = switches(value);
    // Letters of one case, without a digit or with all of them together: they must look like no word
    // by far, and the fewer they are the farther.
    let limit = if value.len() < 16 { -0.5 } else { -0.3 };
    if letter_bits(value).is_some_and(|bits| bits < limit) {
        return true;
    }
    // Random base 62 of n characters switches class about 0.6 n times and scores about -1 bit.
    match digits {
        0 => words < -0.3 && switches * 3 >= value.len(),
        1 => words < 0.0 && switches * 4 >= value.len(),
        _ if value.len() < SURE_BYTES => words < -0.3 && switches * 3 >= value.len(),
        _ => words < 0.4 && switches * 5 >= value.len(),
    }
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        && (value.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
            || value.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F' | b'-')))
}

/// Mean score of the pairs of letters, in bits: above 0 for words, about -1 for random letters. A few
/// pairs prove nothing: three pairs of chance are mixed in.
fn wordiness(value: &[u8]) -> f32 {
    let (sum, pairs) = letter_pairs(value);
    (sum - 3 * 8) as f32 / (8 * (pairs + 3)) as f32
}

/// The same of nothing but the value. None if no two letters stand together, or fewer than half of its
/// characters do: then its letters say nothing about it.
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

/// How often the value changes between lower case, upper case, digits and the rest.
fn switches(value: &[u8]) -> usize {
    let class = |b: &u8| match b {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    value.windows(2).filter(|w| class(&w[0]) != class(&w[1])).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_random() {
        for value in [
            "q8Zt1LmV0xWc5RbN7yHd",
            "9f86d081884c7d659a2feaa0",
            "hV3kZ-x_Qp9LrT2mWc",
            "aGk3bW9xcHd6eHJ0dnlu",
            "gkavsnbruipmqylvtbniokoz",
            "4887000818lmckxociotwkqmbpemgvrqcarr",
        ] {
            assert!(looks_random(value.as_bytes()), "{value}");
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
        ] {
            assert!(!looks_random(value.as_bytes()), "{value}");
        }
    }
}
