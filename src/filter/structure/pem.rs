//! Private key blocks: PEM (RFC 7468), OpenSSH, PGP (RFC 9580 §6) and PuTTY.
//!
//! The block may stand in source code: its lines may be quoted, escaped, joined or indented. Only
//! the characters of its body count.

use std::ops::Range;

use super::{Dropped, Evidence, decode_base64};
use crate::filter::Weakness;
use crate::{filter::entropy, near::contains_ignoring_case};

/// An RSA key of 16,384 bits takes 13 kB; a longer block is not read to its end.
const MAX_BYTES: usize = 32 << 10;
/// An Ed25519 key in PKCS#8 has 64 characters of base64; nothing useful has fewer than 40.
const MIN_BODY_CHARS: usize = 40;

pub(super) fn read(
    text: &[u8],
    span: Range<usize>,
    evidence: &mut Evidence,
) -> Result<(), Dropped> {
    let label = &text[span.clone()];
    let rest = &text[span.end..text.len().min(span.end + MAX_BYTES)];
    let end = find(rest, b"-----END").or_else(|| find(rest, b"-----BEGIN")).unwrap_or(rest.len());
    let block = &rest[..end];
    if find(block, b"...").is_some() || find(block, "…".as_bytes()).is_some() {
        return Err(Dropped::Structure("its body is cut off"));
    }
    let (headers, body) = read_body(block);
    if body.chars.len() < MIN_BODY_CHARS {
        return Err(Dropped::Structure("its body is too short for a key"));
    }
    if entropy::distinct(&body.chars) < 12 {
        return Err(Dropped::Structure("its body is a placeholder"));
    }
    let closing = if rest[end..].starts_with(b"-----END") { end_line(&rest[end..]) } else { 0 };
    evidence.end = Some(span.end + if closing > 0 { end + closing } else { body.end });
    let decoded = decode_prefix(&body.chars);
    if contains_ignoring_case(label, b"ENCRYPTED")
        || headers.encrypted
        || openssh_cipher(&decoded).is_some_and(|c| c != b"none")
    {
        evidence.weakness = Some(Weakness::Encrypted);
    }
    if is_key(&decoded, label) {
        evidence.verified = true;
        evidence.facts.push("its body is a well-formed key".into());
    }
    Ok(())
}

#[derive(Default)]
struct Headers {
    encrypted: bool,
}

struct Body {
    /// Base64 characters in order.
    chars: Vec<u8>,
    /// The byte of the block after the last of them.
    end: usize,
}

/// Splits a block into its RFC 1421 headers and its base64 characters. Stops at the first line that
/// belongs to neither a body nor the source code around it.
fn read_body(block: &[u8]) -> (Headers, Body) {
    let headers = Headers {
        encrypted: contains_ignoring_case(&block[..block.len().min(200)], b"4,ENCRYPTED"),
    };
    let mut body = Body { chars: Vec::new(), end: 0 };
    let mut at = 0;
    while at < block.len() {
        let len =
            block[at..].iter().position(|b| matches!(b, b'\n' | b'\\')).unwrap_or(block.len() - at);
        let line = &block[at..at + len];
        let is_header = line.windows(2).any(|w| w == b": ");
        if !is_header && !push_line(line, at, &mut body) {
            break;
        }
        at += len;
        // A line break, or an escape that stands for one: `\n`, `\r`, `\\n`.
        while block.get(at) == Some(&b'\\') {
            at += 1;
            if matches!(block.get(at), Some(b'n' | b'r')) {
                at += 1;
            }
        }
        if block.get(at) == Some(&b'\n') {
            at += 1;
        }
    }
    (headers, body)
}

/// Adds the base64 of a line that starts at `at`; false if the line has anything but base64 and what
/// source code puts around it. A whole key on one line has spaces for line breaks.
fn push_line(line: &[u8], at: usize, body: &mut Body) -> bool {
    const SHORTEST_PART: usize = 16;
    let start = line.iter().position(|b| !is_decoration(*b)).unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(|b| !is_decoration(*b) && *b != b'+')
        .map_or(start, |i| (i + 1).max(start));
    let parts: Vec<&[u8]> =
        line[start..end].split(|b| matches!(b, b' ' | b'\t')).filter(|p| !p.is_empty()).collect();
    let is_body =
        |p: &&[u8]| p.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    let (last, others) = match parts.split_last() {
        Some((last, others)) => (last, others),
        None => return true,
    };
    if !parts.iter().all(is_body) || others.iter().any(|p| p.len() < SHORTEST_PART) {
        return false;
    }
    body.chars.extend(others.iter().chain([last]).flat_map(|p| p.iter()));
    body.end = at + end;
    true
}

/// What source code, diffs and comments put around a line of a key.
fn is_decoration(b: u8) -> bool {
    b.is_ascii_whitespace()
        || matches!(
            b,
            b'"' | b'\''
                | b'`'
                | b','
                | b';'
                | b'#'
                | b'*'
                | b'>'
                | b'|'
                | b'-'
                | b'.'
                | b'&'
                | b'('
                | b')'
        )
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, needle)
}

/// The length of `-----END …-----` at the start of `text`.
fn end_line(text: &[u8]) -> usize {
    let limit = text.len().min(80);
    find(&text[5..limit], b"-----").map_or(8, |at| 5 + at + 5)
}

/// As many bytes as the beginning of a body gives: enough to see what it is.
fn decode_prefix(chars: &[u8]) -> Vec<u8> {
    let len = chars.iter().position(|&b| b == b'=').unwrap_or(chars.len()).min(128) / 4 * 4;
    decode_base64(&chars[..len]).unwrap_or_default()
}

fn is_key(decoded: &[u8], label: &[u8]) -> bool {
    if contains_ignoring_case(label, b"PGP") {
        // Tag 5, secret key, in the old and the new packet format.
        return decoded.first().is_some_and(|b| {
            b & 0x80 != 0 && if b & 0x40 == 0 { (b >> 2) & 0xf == 5 } else { b & 0x3f == 5 }
        });
    }
    decoded.starts_with(OPENSSH_MAGIC) || decoded.starts_with(&[0x30])
}

const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";

fn openssh_cipher(decoded: &[u8]) -> Option<&[u8]> {
    let rest = decoded.strip_prefix(OPENSSH_MAGIC)?;
    let len = u32::from_be_bytes(*rest.first_chunk::<4>()?) as usize;
    rest.get(4..4 + len.min(64))
}

pub(super) fn read_putty(
    text: &[u8],
    span: Range<usize>,
    evidence: &mut Evidence,
) -> Result<(), Dropped> {
    let rest = &text[span.start..text.len().min(span.start + MAX_BYTES)];
    let lines =
        find(rest, b"Private-Lines:").ok_or(Dropped::Structure("it has no private part"))?;
    let end = find(&rest[lines..], b"Private-MAC:").map_or(rest.len(), |at| lines + at);
    let encryption = find(&rest[..lines], b"Encryption: ").map(|at| &rest[at + 12..]);
    match encryption {
        Some(e) if e.starts_with(b"none") => {}
        Some(_) => evidence.weakness = Some(Weakness::Encrypted),
        None => return Err(Dropped::Structure("it does not say how it is encrypted")),
    }
    evidence.verified = true;
    evidence.facts.push("it has a private part".into());
    evidence.end = Some(span.start + end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DER of nothing in particular: a SEQUENCE that goes on for a while.
    const BODY: &str = "MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3+LQmlQ";

    fn block(body: &str) -> String {
        format!("-----BEGIN {0}-----\n{body}\n-----END {0}-----\n", "PRIVATE KEY")
    }

    fn read_block(block: &str) -> Result<Evidence, Dropped> {
        let mut evidence = Evidence::default();
        read(block.as_bytes(), 0..27, &mut evidence).map(|()| evidence)
    }

    #[test]
    fn a_block_is_read_to_its_end_also_in_source_code() {
        let plain = block(BODY);
        let evidence = read_block(&plain).unwrap();
        assert!(evidence.verified);
        assert_eq!(evidence.end, Some(plain.len() - 1));
        let (a, b) = BODY.split_at(32);
        for joined in [format!("{a}\\n{b}"), format!("\" +\n  \"{a}\\n\" +\n  \"{b}\\n\" +\n  \"")]
        {
            let evidence = read_block(&block(&joined)).unwrap();
            assert!(evidence.verified, "{joined}");
        }
    }

    #[test]
    fn a_locked_key_is_weak_and_a_stub_is_nothing() {
        let locked = block(&format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{BODY}"));
        assert_eq!(read_block(&locked).unwrap().weakness, Some(Weakness::Encrypted));
        assert_eq!(read_block(&block("MIIB...")), Err(Dropped::Structure("its body is cut off")));
        assert_eq!(
            read_block(&block("MIIB")),
            Err(Dropped::Structure("its body is too short for a key"))
        );
        assert_eq!(
            read_block(&block(&"ab".repeat(40))),
            Err(Dropped::Structure("its body is a placeholder"))
        );
    }
}
