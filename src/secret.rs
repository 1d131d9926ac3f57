//! Bytes that do not print themselves, what may be shown of them, and how they are told apart.

use std::fmt;

use sha2::{Digest, Sha256};

/// A secret. It has no `Display`, and its `Debug` says nothing: `expose` is the only way to it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes a copy of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes themselves. Every use of this name is a place to audit.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// What everyone may see: its first `public` bytes and a mask whose length says nothing.
    pub fn redacted(&self, public: usize) -> String {
        let head = String::from_utf8_lossy(&self.0[..public.min(self.0.len())]);
        format!("{head}{MASK}")
    }
}

/// Stands for what is not shown.
const MASK: &str = "********";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How easily the secret behind a hash can be found by trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guessable {
    /// Chosen by a person: a list of passwords and a fast computer find it.
    Yes,
    /// Made by a machine.
    No,
}

/// Names one finding: the same rule, path and value give the same fingerprint on every machine,
/// whatever line or commit they stand in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// SHA-256 over rule, path and value, cut to 128 bits, in hex.
    ///
    /// Of a guessable value only 8 bits take part, and they are the same 8 in every fingerprint. So all
    /// fingerprints together say no more than that: of a million passwords that somebody tries, four
    /// thousand fit. That a password was changed is seen 255 times of 256.
    pub fn new(rule: &str, path: &str, secret: &Secret, guessable: Guessable) -> Self {
        let mut value = Sha256::digest(secret.expose()).to_vec();
        if guessable == Guessable::Yes {
            value.truncate(1);
        }
        let mut hash = Sha256::new();
        for part in [b"straykey/1".as_slice(), rule.as_bytes(), path.as_bytes(), &value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hex(&hash.finalize()[..16]))
    }

    /// 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells secrets of one run apart: the same number for the same value of the same rule. It stays in
/// memory, since it would let a guess be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 16]);

impl Identity {
    /// The first 128 bits of a SHA-256 over the rule's number and the value.
    pub fn new(rule: usize, secret: &Secret) -> Self {
        let mut hash = Sha256::new();
        hash.update((rule as u64).to_be_bytes());
        hash.update(secret.expose());
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finalize()[..16]);
        Self(first)
    }
}

/// `bytes` in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// SHA-256 of `bytes`, in hex: how rule files name values that are published and worth nothing.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_its_prefix_and_neither_its_body_nor_its_length() {
        let secret = Secret::new(b"acp_live_q8Zt1LmV");
        assert_eq!(secret.redacted(9), "acp_live_********");
        assert_eq!(secret.redacted(0), "********");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_fingerprint_depends_on_rule_path_and_value() {
        let of = |r, p, s: &str| Fingerprint::new(r, p, &Secret::new(s.as_bytes()), Guessable::No);
        assert_eq!(of("a-b", "x", "1"), of("a-b", "x", "1"));
        assert_ne!(of("a-b", "x", "1"), of("a-b", "x", "2"));
        assert_ne!(of("a-b", "x", "1"), of("a-b", "y", "1"));
        assert_ne!(of("a-b", "x", "1"), of("a-c", "x", "1"));
        assert_ne!(of("ab", "c", "1"), of("a", "bc", "1"));
    }

    #[test]
    fn a_password_cannot_be_told_from_others_by_its_fingerprint() {
        let of = |n: usize| {
            let secret = Secret::new(format!("hunter{n}").as_bytes());
            Fingerprint::new("a-b", "x", &secret, Guessable::Yes)
        };
        let guesses: std::collections::BTreeSet<_> = (0..10_000).map(of).collect();
        assert_eq!(guesses.len(), 256);
        assert_ne!(of(1), of(2), "a change is seen nearly always");
    }
}
