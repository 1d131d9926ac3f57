//! Values that are so many bytes in base64 or base 32, and what some of those bytes say.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::BASE32_NOPAD;

use super::{Dropped, Evidence, verified};

/// The bytes behind base64 that may be percent-encoded; none if its last character has bits that no
/// encoder leaves.
fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&b, tail)) = rest.split_first() {
        let escaped = (b == b'%').then(|| tail.get(..2)).flatten();
        let byte =
            escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        plain.push(byte.unwrap_or(b));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    STANDARD.decode(plain).ok()
}

/// Reads a value that must be `N` bytes.
pub(super) fn read<const N: usize>(value: &[u8], evidence: &mut Evidence) -> Result<(), Dropped> {
    let problem = match N {
        32 => "it does not decode to 32 bytes",
        _ => "it does not decode to 64 bytes",
    };
    let holds = decode(value).is_some_and(|bytes| bytes.len() == N);
    verified(holds, problem, &format!("it decodes to {N} bytes"), evidence)
}

/// WireGuard takes any 32 bytes; `wg genkey` sets and clears the bits that Curve25519 does not use.
/// <https://git.zx2c4.com/wireguard-tools/tree/src/curve25519.h>
pub(super) fn read_wireguard(value: &[u8], evidence: &mut Evidence) -> Result<(), Dropped> {
    let bytes = decode(value).filter(|b| b.len() == 32);
    let bytes = bytes.ok_or(Dropped::Structure("it does not decode to 32 bytes"))?;
    if bytes[0] & 0b111 == 0 && bytes[31] >> 6 == 0b01 {
        evidence.verified = true;
        evidence.facts.push("it has the form that `wg genkey` gives to keys".into());
    }
    Ok(())
}

/// What an AWS access key ID says of its account. AWS documents a call that tells it
/// (`GetAccessKeyInfo`), and Tal Be'ery what it reads: behind the prefix, in base 32, a bit that newer IDs
/// have set and then the account in forty. Older IDs have it clear and tell nothing.
/// <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>
pub(super) fn aws_account(id: &[u8]) -> Option<String> {
    const MAX_ACCOUNT: u64 = 999_999_999_999;
    let bytes = BASE32_NOPAD.decode(id.get(4..)?).ok()?;
    let head = bytes.get(..6)?.iter().fold(0, |all, &b| all << 8 | u64::from(b));
    let account = head >> 7 & ((1 << 40) - 1);
    (head >> 47 == 1 && account <= MAX_ACCOUNT)
        .then(|| format!("it belongs to the AWS account {account:012}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_id_tells_its_account() {
        // The ID that the method was published with.
        let id = ["ASIA", "Y34FZKBOKMUTVV7A"].concat();
        assert_eq!(
            aws_account(id.as_bytes()).as_deref(),
            Some("it belongs to the AWS account 609629065308")
        );
        assert_eq!(aws_account(b"AKIAIOSFODNN7EXAMPLE"), None, "an old one");
        assert_eq!(aws_account(b"AKIA"), None);
    }

    #[test]
    fn base64_has_no_stray_bits_and_may_be_escaped() {
        assert_eq!(decode(b"AAAA"), Some(vec![0; 3]));
        assert_eq!(decode(b"AA%3D%3d"), Some(vec![0]));
        assert_eq!(decode(b"AB=="), None);
        assert_eq!(decode(b"AA%3"), None);
    }
}
