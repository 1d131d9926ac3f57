//! Published checksums inside tokens.

mod bip39;

use crate::rule::Checksum;

use std::ops::Range;

use bech32::{Bech32, primitives::decode::CheckedHrpstring};
use crc::{CRC_16_XMODEM, Crc};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};

/// What a token says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    /// Its checksum is right.
    Right,
    /// Its checksum is wrong.
    Wrong,
    /// It is of an older form, which has none.
    Absent,
}

/// Looks for the checksum that its kind carries in the token at `span` of `text`.
pub(super) fn check(kind: Checksum, text: &[u8], span: Range<usize>) -> Sum {
    let token = &text[span.clone()];
    let holds = match kind {
        Checksum::Crc32Base62 => crc32_base62(token),
        Checksum::Crc32HexTail => crc32_hex_tail(token),
        Checksum::Crc32Base62Tail => crc32_base62_tail(token),
        Checksum::Bech32 => bech32(token),
        Checksum::GitlabRoutable if !token.contains(&b'.') => return Sum::Absent,
        Checksum::GitlabRoutable => gitlab_routable(text, span),
        Checksum::Crc16Base32 => crc16_base32(token),
        Checksum::Base58Check => base58_check(token),
        Checksum::XorBase62 => xor_base62(token),
        Checksum::Bip39 => bip39::holds(token),
    };
    if holds { Sum::Right } else { Sum::Wrong }
}

/// GitHub and npm: the last six characters are the CRC-32 of the characters between the prefix and
/// them, in base 62 with digits, upper case, lower case, padded with `0` on the left.
/// <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>
fn crc32_base62(token: &[u8]) -> bool {
    const SUM_LEN: usize = 6;
    let Some(split) = token.len().checked_sub(SUM_LEN) else { return false };
    let Some(start) = token[..split].iter().rposition(|&b| b == b'_').map(|at| at + 1) else {
        return false;
    };
    token[split..] == base62(crc32fast::hash(&token[start..split]))
}

/// `n` in six base-62 digits; the largest 32-bit number needs exactly six.
pub fn base62(mut n: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut out = [b'0'; 6];
    for slot in out.iter_mut().rev() {
        *slot = DIGITS[(n % 62) as usize];
        n /= 62;
    }
    out
}

/// Grafana: after the last underscore stands the CRC-32 of everything before it, lowest byte first, in
/// hex. <https://github.com/grafana/grafana/blob/main/pkg/components/satokengen/tokengen.go>
fn crc32_hex_tail(token: &[u8]) -> bool {
    crc32_tail(token)
        .is_some_and(|(sum, tail)| *tail == *format!("{:08x}", sum.swap_bytes()).as_bytes())
}

/// Synapse: after the last underscore stands the CRC-32 of everything before it, in base 62.
/// <https://github.com/element-hq/synapse/blob/develop/synapse/handlers/auth.py>
fn crc32_base62_tail(token: &[u8]) -> bool {
    crc32_tail(token).is_some_and(|(sum, tail)| *tail == base62(sum))
}

/// The CRC-32 of everything before the last underscore of `token`, and what stands behind that.
fn crc32_tail(token: &[u8]) -> Option<(u32, &[u8])> {
    let at = token.iter().rposition(|&b| b == b'_')?;
    Some((crc32fast::hash(&token[..at]), &token[at + 1..]))
}

/// Age and Nostr. <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki>
fn bech32(token: &[u8]) -> bool {
    std::str::from_utf8(token).is_ok_and(|t| CheckedHrpstring::new::<Bech32>(t).is_ok())
}

/// GitLab: behind the last dot stand two characters, the length of the payload in base 36, and seven, the
/// CRC-32 of everything before them. Whether that begins with a prefix depends on the kind of token, and an
/// instance may have one of its own before it.
/// <https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/>
fn gitlab_routable(text: &[u8], span: Range<usize>) -> bool {
    const SUM_LEN: usize = 7;
    /// What an instance may choose, in GitLab's settings.
    const MAX_INSTANCE_PREFIX: usize = 20;
    /// `glagent-`, `glrtr-t1_`
    const MAX_PREFIX: usize = 10;
    let Some(split) = span.end.checked_sub(SUM_LEN).filter(|&at| at > span.start) else {
        return false;
    };
    let is_prefix = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let before = text[..span.start].iter().rev().take(MAX_INSTANCE_PREFIX);
    let first = span.start - before.take_while(|b| is_prefix(b)).count();
    let last = split.min(span.start + MAX_PREFIX);
    let sum = &text[split..span.end];
    (first..=last).any(|start| *sum == base36(crc32fast::hash(&text[start..split])))
}

/// `n` in seven base-36 digits; the largest 32-bit number needs exactly seven.
fn base36(mut n: u32) -> [u8; 7] {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut out = [b'0'; 7];
    for slot in out.iter_mut().rev() {
        *slot = DIGITS[(n % 36) as usize];
        n /= 36;
    }
    out
}

/// NATS <https://github.com/nats-io/nkeys/blob/main/strkey.go> and Stellar
/// <https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0023.md>.
fn crc16_base32(token: &[u8]) -> bool {
    const XMODEM: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);
    let Ok(bytes) = BASE32_NOPAD.decode(token) else { return false };
    let Some((body, sum)) = bytes.split_last_chunk::<2>() else { return false };
    XMODEM.checksum(body) == u16::from_le_bytes(*sum)
}

/// Bitcoin's private and extended private keys.
/// <https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki#serialization-format>
fn base58_check(token: &[u8]) -> bool {
    let Ok(bytes) = bs58::decode(token).into_vec() else { return false };
    let Some((body, sum)) = bytes.split_last_chunk::<4>() else { return false };
    Sha256::digest(Sha256::digest(body)).starts_with(sum)
}

/// crates.io. <https://github.com/rust-lang/crates.io/blob/main/crates/crates_io_trustpub/src/access_token.rs>
fn xor_base62(token: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let start = token.iter().rposition(|&b| b == b'_').map_or(0, |at| at + 1);
    let Some((sum, body)) = token[start..].split_last() else { return false };
    *sum == DIGITS[usize::from(body.iter().fold(0, |all, b| all ^ b) % 62)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors_hold() {
        // SEP-23's own invalid and valid forms of a public key; BIP 32's first test vector, public part.
        assert!(crc16_base32(b"GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"));
        assert!(!crc16_base32(b"GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGA"));
        let key = concat!(
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJo",
            "Cu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
        );
        assert!(base58_check(key.as_bytes()));
        assert!(!base58_check(&key.as_bytes()[1..]));
    }

    #[test]
    fn the_last_character_of_a_publishing_token_is_its_sum() {
        // crates.io's own example.
        let token = ["cio_tp_", "gGK6jurSwKyl9V3A", "z19z7YEFQI9aoOOd"].concat();
        assert!(xor_base62(token.as_bytes()));
        assert!(!xor_base62(token.replace("9a", "9b").as_bytes()));
    }

    #[test]
    fn a_gitlab_instance_may_have_a_prefix_of_its_own() {
        let body = b"acme-glpat-bzoxCnU6MQpnOjQKdTpiN19qqqzJfWLOv5_Zqw8.01.0w";
        let whole = [body.as_slice(), &base36(crc32fast::hash(body))].concat();
        assert_eq!(check(Checksum::GitlabRoutable, &whole, 5..whole.len()), Sum::Right);
        assert_eq!(check(Checksum::GitlabRoutable, &whole[5..], 0..whole.len() - 5), Sum::Wrong);
        let bare = [b"glrt-".as_slice(), b"t1_", &body[11..]].concat();
        let sum = base36(crc32fast::hash(&bare[5..]));
        let bare = [bare.as_slice(), &sum].concat();
        assert_eq!(check(Checksum::GitlabRoutable, &bare, 0..bare.len()), Sum::Right);
        assert_eq!(check(Checksum::GitlabRoutable, b"glpat-abc", 0..9), Sum::Absent);
    }

    #[test]
    fn bech32_of_the_specification_holds() {
        // Test vectors of BIP 173; none of them is a key.
        assert!(bech32(b"A12UEL5L"));
        assert!(!bech32(b"A12UEl5L"), "both cases");
        assert!(bech32(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"));
        assert!(!bech32(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxq"));
    }

    #[test]
    fn a_changed_character_breaks_the_sum() {
        let body = b"q8Zt1LmV0xWc5RbN7yHd3KsP9uGf2J";
        let token = [b"ghp_".as_slice(), body, &base62(crc32fast::hash(body))].concat();
        assert!(crc32_base62(&token));
        let mut other = token.clone();
        other[7] ^= 1;
        assert!(!crc32_base62(&other));
        assert!(!crc32_base62(b"gh"));
    }

    #[test]
    fn the_prefix_counts_in_the_sum_of_a_synapse_token() {
        let body = b"syt_am9l_ZtLmVxWcRbNyHdKsPuGf";
        let token = [body.as_slice(), b"_", &base62(crc32fast::hash(body))].concat();
        assert!(crc32_base62_tail(&token));
        assert!(!crc32_base62_tail(&[b"syr", &token[3..]].concat()));
        assert!(!crc32_base62_tail(b"syt"));
    }

    #[test]
    fn base62_is_padded_to_six() {
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(61), b"00000z");
        assert_eq!(&base62(u32::MAX), b"4gfFC3");
    }
}
