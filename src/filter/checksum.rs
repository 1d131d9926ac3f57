//! Published checksums inside tokens.

use crate::rule::Checksum;

/// Whether `token` carries the checksum that its kind carries.
pub(super) fn holds(kind: Checksum, token: &[u8]) -> bool {
    match kind {
        Checksum::Crc32Base62 => crc32_base62(token),
        Checksum::Crc32HexTail => crc32_hex_tail(token),
        Checksum::Bech32 => bech32(token),
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

/// Grafana: after the last underscore stands the CRC-32 of everything before it, lowest byte first, in
/// hex. <https://github.com/grafana/grafana/blob/main/pkg/components/satokengen/tokengen.go>
fn crc32_hex_tail(token: &[u8]) -> bool {
    let Some(at) = token.iter().rposition(|&b| b == b'_') else { return false };
    token[at + 1..] == *format!("{:08x}", crc32fast::hash(&token[..at]).swap_bytes()).as_bytes()
}

/// BIP 173: the polynomial over the name, a zero, and the values of the data leaves 1.
/// <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki>
fn bech32(token: &[u8]) -> bool {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let lower = token.to_ascii_lowercase();
    let Some(split) = lower.iter().rposition(|&b| b == b'1') else { return false };
    let (name, data) = (&lower[..split], &lower[split + 1..]);
    let values: Option<Vec<u32>> =
        data.iter().map(|b| ALPHABET.iter().position(|a| a == b).map(|v| v as u32)).collect();
    let Some(values) = values else { return false };
    let expanded = name
        .iter()
        .map(|b| u32::from(b >> 5))
        .chain([0])
        .chain(name.iter().map(|b| u32::from(b & 31)));
    let step = |sum: u32, value: u32| {
        let mut next = ((sum & 0x1ff_ffff) << 5) ^ value;
        for (i, g) in GENERATOR.iter().enumerate() {
            if (sum >> 25) >> i & 1 == 1 {
                next ^= g;
            }
        }
        next
    };
    expanded.chain(values).fold(1, step) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bech32_of_the_specification_holds() {
        // Test vectors of BIP 173; none of them is a key.
        assert!(bech32(b"A12UEL5L"));
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
    fn base62_is_padded_to_six() {
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(61), b"00000z");
        assert_eq!(&base62(u32::MAX), b"4gfFC3");
    }
}
