//! Secrets that have a structure: reading it tells a real one from a look-alike, where it ends, and
//! what should be said about it (issuer, expiry, a passphrase).

mod basic;
mod bytes;
mod google;
mod jwt;
mod pem;

use std::ops::Range;

use base64::Engine as _;

pub use jwt::{Jwt, verifies};
use serde_json::{Map, Value};

use super::{Dropped, Evidence};
use crate::{
    content::alphabet::{STANDARD, URL_SAFE},
    rule::Structure,
};

/// The bytes behind base64 of either alphabet.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if text.iter().any(|b| matches!(b, b'-' | b'_')) {
        URL_SAFE.decode(text)
    } else {
        STANDARD.decode(text)
    }
    .ok()
}

/// Reads the secret at `span` and adds what it learns to `evidence`.
///
/// # Errors
///
/// If the secret can't be of its kind.
pub(super) fn read(
    kind: Structure,
    text: &[u8],
    span: Range<usize>,
    now: i64,
    evidence: &mut Evidence,
) -> Result<(), Dropped> {
    let value = &text[span.clone()];
    match kind {
        Structure::Jwt => jwt::read(text, span, now, evidence),
        Structure::Pem => pem::read(text, span, evidence),
        Structure::PuttyKey => pem::read_putty(text, span, evidence),
        Structure::BasicAuth => basic::read(value, evidence),
        Structure::GoogleServiceAccount => google::read_service_account(text, span, evidence),
        Structure::Base64Of64Bytes => bytes::read::<64>(value, evidence),
        Structure::Base64Of32Bytes => bytes::read::<32>(value, evidence),
        Structure::WireguardKey => bytes::read_wireguard(value, evidence),
        Structure::AwsKeyId => {
            evidence.facts.extend(bytes::aws_account(value));
            Ok(())
        }
        Structure::PypiMacaroon => {
            let body = value.strip_prefix(b"pypi-").unwrap_or(value);
            let decoded = decode_base64(body).ok_or(Dropped::Structure("it is not base64"))?;
            // Version 2, field 1 (location), its length, and the location itself.
            let site = decoded.starts_with(b"\x02\x01\x08pypi.org")
                || decoded.starts_with(b"\x02\x01\x0dtest.pypi.org");
            verified(
                site,
                "it is not a macaroon of pypi.org",
                "it is a macaroon of pypi.org",
                evidence,
            )
        }
        Structure::Base64Json => read_json(value, evidence).map(drop),
        Structure::SentryOrganization => {
            let parts: Vec<&[u8]> = value.split(|&b| b == b'_').collect();
            let [_, payload, _] = parts[..] else {
                return Err(Dropped::Structure("it does not have three parts"));
            };
            let payload = read_json(payload, evidence)?;
            let organization = payload.get("org").and_then(|o| o.as_str());
            evidence.facts.extend(organization.map(|o| format!("it belongs to `{o}`")));
            Ok(())
        }
    }
}

fn read_json(value: &[u8], evidence: &mut Evidence) -> Result<Map<String, Value>, Dropped> {
    let decoded = decode_base64(value).ok_or(Dropped::Structure("it is not base64"))?;
    let json = serde_json::from_slice(&decoded).ok();
    let problem = "it does not decode to a JSON object";
    verified(json.is_some(), problem, "it decodes to a JSON object", evidence)?;
    Ok(json.unwrap_or_default())
}

fn verified(
    holds: bool,
    problem: &'static str,
    fact: &str,
    evidence: &mut Evidence,
) -> Result<(), Dropped> {
    if !holds {
        return Err(Dropped::Structure(problem));
    }
    evidence.verified = true;
    evidence.facts.push(fact.into());
    Ok(())
}
