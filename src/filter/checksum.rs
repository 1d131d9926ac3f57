//! Published checksums inside tokens.

use crate::rule::Checksum;

/// Whether `token` carries the checksum that its kind carries.
pub(super) fn holds(kind: Checksum, token: &[u8]) -> bool {
    match kind {
        Checksum::Crc32Base62 => crc32_base62(token),
        Checksum::Crc32HexTail => crc32_hex_tail(token),
    }
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

/// Grafana: after the last underscore stands the CRC-32 of everything before it, in hex.
fn crc32_hex_tail(token: &[u8]) -> bool {
    let Some(at) = token.iter().rposition(|&b| b == b'_') else { return false };
    token[at + 1..] == *format!("{:08x}", crc32fast::hash(&token[..at])).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn base62_is_padded_to_six() {
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(61), b"00000z");
        assert_eq!(&base62(u32::MAX), b"4gfFC3");
    }
}
