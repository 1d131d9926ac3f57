//! Whether a value looks like something that a machine drew, or like words that a person wrote.
//!
//! Entropy alone can't tell: `getAuthenticationToken` has as much of it as a key of the same length.
//! Letters that follow each other as they do in words speak for words; digits among letters and
//! changes of case speak for a machine.

/// How much likelier than by chance letter b follows letter a in words, in eighths of a bit: rows
/// and columns are `a` to `z`. Made by `scripts/bigrams.py` from the distinct words of the Linux 6.1
/// documentation, its `kernel` and `net` directories, and Python 3.11's standard library.
#[rustfmt::skip]
const FOLLOWS: [[i8; 26]; 26] = [
    [-1, 3, 6, 3, -16, -15, -1, -23, -4, -32, -12, 10, 5, 11, -30, 0, -30, 13, 6, 15, -7, -11, -18, -14, -11, -21], // a
    [13, 2, 2, -5, 10, -5, -15, -18, 11, -8, -20, 14, -10, -14, 8, -9, -23, 5, 3, -10, 7, -22, -20, -26, -3, -26], // b
    [12, -13, -1, -6, 10, -11, -14, 11, 2, -35, 6, 3, -10, -15, 17, -6, -30, 2, -3, 9, -2, -19, -26, -30, -14, -33], // c
    [10, -4, -3, 4, 21, -4, -12, -17, 15, -25, -24, -3, -7, -13, 7, -8, -24, 3, 3, -6, -2, -15, -19, -22, -13, -30], // d
    [2, -11, 5, 8, -5, -3, -6, -21, -11, -35, -22, 4, -1, 12, -13, -5, -14, 16, 12, 9, -19, -6, -12, 0, -15, -28], // e
    [8, -7, -3, -3, 7, 15, -10, -21, 17, -27, -26, 5, -10, -11, 10, -11, -26, 7, 1, 0, 2, -20, -20, -22, -14, -27], // f
    [7, -13, -5, -11, 21, -13, 0, 3, 9, -31, -23, 2, -7, 1, 1, -7, -30, 11, 7, -3, 2, -19, -18, -25, -17, -23], // g
    [18, -13, -8, -3, 18, -15, -20, -16, 14, -28, -14, -8, -7, -10, 13, -10, -29, 0, -3, 4, -2, -20, -11, -29, -6, -26], // h
    [0, -7, 7, 2, -1, -4, 0, -27, -23, -28, -21, 4, 2, 20, 8, -4, -31, -1, 9, 9, -22, -5, -28, -16, -39, -6], // i
    [11, -5, -5, -4, 14, -8, -8, -7, 5, -2, 2, -7, -8, -6, 12, -4, -17, -9, 7, -7, 9, -11, -3, -14, -5, -15], // j
    [8, -5, -3, -4, 20, -9, -9, -8, 11, -19, -13, 2, -4, -5, 3, -4, -21, -3, 10, 0, -2, -12, -8, -22, -9, -23], // k
    [12, -15, -9, -1, 20, -14, -19, -24, 16, -34, -11, 9, -13, -17, 12, -10, -36, -15, 1, 1, -1, -16, -25, -30, -1, -33], // l
    [19, -2, -8, -8, 18, -15, -19, -25, 11, -34, -20, -7, -1, -14, 9, 12, -29, -14, 2, -7, -1, -22, -23, -26, -9, -33], // m
    [7, -16, 5, 10, 11, -2, 12, -21, 4, -30, -10, -11, -16, -6, 8, -12, -32, -15, 9, 15, -5, -6, -24, -29, -20, -23], // n
    [-10, -5, 5, 3, -16, -7, -5, -20, -9, -30, -12, 6, 5, 18, -2, 3, -38, 14, 4, 3, 5, -6, -2, -18, -28, -33], // o
    [14, -18, -3, -6, 14, -11, -17, -3, 6, -36, -19, 9, -11, -15, 11, 2, -26, 14, 2, 4, -2, -18, -18, -30, -6, -34], // p
    [1, -7, -3, -1, 0, -6, -15, -11, -4, -19, -17, 3, -7, -5, -11, -6, -2, 2, 6, -1, 26, -9, -8, -14, -14, -17], // q
    [14, -14, -1, -3, 20, -13, -6, -25, 13, -38, -11, -7, -2, -8, 11, -9, -25, -1, 5, 5, -6, -12, -21, -23, -9, -33], // r
    [2, -14, 5, -11, 15, -12, -15, 2, 10, -35, -8, -5, -9, -13, 4, 3, -18, -12, 7, 18, 3, -18, -14, -30, -6, -29], // s
    [13, -15, -1, -11, 18, -12, -19, 4, 15, -40, -26, -7, -11, -16, 8, -7, -30, 10, 4, 1, -5, -20, -18, -21, -4, -24], // t
    [0, 3, -2, -4, 3, -6, -6, -22, 1, -32, -22, 9, 7, 16, -13, 5, -36, 10, 11, 12, -24, -21, -30, -17, -29, -25], // u
    [17, -9, -4, -6, 24, -9, -13, -17, 16, -25, -25, -7, -6, -13, 3, -7, -24, -7, -2, -7, -17, -13, -15, -22, -16, -21], // v
    [15, -10, -4, -5, 13, -8, -13, -2, 15, -22, -13, -6, -5, 4, 8, -5, -20, 7, 8, -6, -15, -15, -10, -13, -20, -23], // w
    [7, -5, 5, -2, 7, 3, -15, -10, 5, -22, -17, -6, 0, -9, -6, 11, -19, -5, -2, 16, -14, -12, -15, 10, -4, -16], // x
    [6, -6, 1, -3, 5, -8, -9, -15, 1, -23, -18, 2, 5, 6, -1, 14, -22, -4, 12, 7, -6, -11, -10, -14, 4, -9], // y
    [12, -14, -8, -10, 22, -11, -15, -10, 14, -20, -14, -7, -10, -14, 0, -11, -17, -12, -11, -8, -10, -19, -13, -10, -7, 17], // z
];

/// Shortest value that can be judged.
const MIN_BYTES: usize = 12;

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
    // Random base 62 of n characters switches class about 0.6 n times and scores about -1 bit.
    match digits {
        0 => words < -0.3 && switches * 3 >= value.len(),
        1 => words < 0.0 && switches * 4 >= value.len(),
        _ => words < 0.4 && switches * 5 >= value.len(),
    }
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        && (value.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
            || value.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F' | b'-')))
}

/// Mean score of the pairs of letters, in bits: above 0 for words, about -1 for random letters.
fn wordiness(value: &[u8]) -> f32 {
    let mut sum = 0;
    let mut pairs = 0;
    for pair in value.windows(2) {
        if let [a, b] = pair
            && a.is_ascii_alphabetic()
            && b.is_ascii_alphabetic()
        {
            let index = |b: &u8| usize::from(b.to_ascii_lowercase() - b'a');
            sum += i32::from(FOLLOWS[index(a)][index(b)]);
            pairs += 1;
        }
    }
    // A few pairs prove nothing: three pairs of chance are mixed in.
    (sum - 3 * 8) as f32 / (8 * (pairs + 3)) as f32
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
        ] {
            assert!(!looks_random(value.as_bytes()), "{value}");
        }
    }
}
