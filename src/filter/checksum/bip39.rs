//! Mnemonic phrases of wallets (BIP 39): each word stands for eleven bits, and the last of all bits begin
//! the SHA-256 of the others. <https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki>

use sha2::{Digest as _, Sha256};

/// BIP 39's English words, sorted; its text and its lists are under the MIT licence.
/// <https://github.com/bitcoin/bips/blob/master/bip-0039/english.txt>
const WORDS: &str = include_str!("bip39-english.txt");

const WORD_BITS: usize = 11;

/// Whether `phrase` is one. Its words may stand in any case, with anything between them that is no letter.
pub(super) fn holds(phrase: &[u8]) -> bool {
    let all: Vec<&str> = WORDS.lines().collect();
    let mut bits = Vec::new();
    for word in phrase.split(|b| !b.is_ascii_alphabetic()).filter(|w| !w.is_empty()) {
        let word = word.to_ascii_lowercase();
        let Ok(n) = all.binary_search_by(|known| known.as_bytes().cmp(word.as_slice())) else {
            return false;
        };
        bits.extend((0..WORD_BITS).rev().map(|bit| n >> bit & 1 == 1));
    }
    // 12, 15, 18, 21 or 24 words: 128 to 256 bits, and one more for each 32 of them.
    if ![132, 165, 198, 231, 264].contains(&bits.len()) {
        return false;
    }
    let (entropy, sum) = bits.split_at(bits.len() / 33 * 32);
    let bytes: Vec<u8> =
        entropy.chunks(8).map(|byte| byte.iter().fold(0, |n, &b| n << 1 | u8::from(b))).collect();
    let digest = Sha256::digest(bytes);
    sum.iter().enumerate().all(|(n, &bit)| (digest[n / 8] >> (7 - n % 8) & 1 == 1) == bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_decides() {
        // Published test vectors: entropy of zeros only.
        let phrase = |last: &str| format!("{}{last}", "abandon ".repeat(11));
        assert!(holds(phrase("about").as_bytes()));
        assert!(holds(phrase("about").to_ascii_uppercase().as_bytes()));
        assert!(holds(format!("{}art", "abandon ".repeat(23)).as_bytes()));
        assert!(!holds(phrase("abandon").as_bytes()));
        assert!(!holds(phrase("abroad").as_bytes()));
        assert!(!holds(b"about"));
    }
}
