//! Google's service account keys: a JSON object with a private key and the account that it belongs to.
//! <https://cloud.google.com/iam/docs/keys-create-delete>

use std::ops::Range;

use super::{Dropped, Evidence, pem};

/// How far from the key the address stands: the file has ten short fields.
const MAX_SIDE_BYTES: usize = 4 << 10;

/// Reads the private key whose head is at `span`, and the address beside it.
pub(super) fn read_service_account(
    text: &[u8],
    span: Range<usize>,
    evidence: &mut Evidence,
) -> Result<(), Dropped> {
    pem::read(text, span.clone(), evidence)?;
    let start = span.start.saturating_sub(MAX_SIDE_BYTES);
    let end = text.len().min(evidence.end.unwrap_or(span.end) + MAX_SIDE_BYTES);
    evidence.facts.extend(account(&text[start..end]));
    Ok(())
}

/// `"client_email": "name@project.iam.gserviceaccount.com"`
fn account(around: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(around, b".gserviceaccount.com")?;
    let is_address = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    let name = around[..at].iter().rev().take_while(|b| is_address(b)).count();
    let address = std::str::from_utf8(&around[at - name..at]).ok()?;
    address.contains('@').then(|| format!("it belongs to `{address}.gserviceaccount.com`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_named() {
        let text = br#""client_email": "deploy@shop-1.iam.gserviceaccount.com", "#;
        let fact = "it belongs to `deploy@shop-1.iam.gserviceaccount.com`";
        assert_eq!(account(text).as_deref(), Some(fact));
        assert_eq!(account(b"https://x.gserviceaccount.com"), None);
    }
}
