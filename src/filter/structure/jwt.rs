//! JSON Web Tokens (RFC 7519): what they claim, whether they have run out, and whether a given
//! secret signed them (RFC 7515, HS256/384/512).

use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Sha256, Sha384, Sha512};

use super::{Dropped, Evidence, decode_base64};
use crate::{content::alphabet::URL_SAFE, filter::Weakness};

/// A token longer than this is not read to its end.
const MAX_BYTES: usize = 16 << 10;

/// A token, taken apart.
#[derive(Debug)]
pub struct Jwt<'t> {
    signed: &'t [u8],
    signature: &'t [u8],
    header: Option<Map<String, Value>>,
    payload: Option<Map<String, Value>>,
}

impl<'t> Jwt<'t> {
    /// Takes `token` apart; it may go on behind its end.
    fn split(token: &'t [u8]) -> Option<Self> {
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let part = |from: usize| {
            let len = token[from..].iter().position(|b| !is_part(b)).unwrap_or(token.len() - from);
            from..from + len
        };
        let header = part(0);
        let payload = (token.get(header.end) == Some(&b'.')).then(|| part(header.end + 1))?;
        let signature = (token.get(payload.end) == Some(&b'.')).then(|| part(payload.end + 1))?;
        let object =
            |range: Range<usize>| serde_json::from_slice(&decode_base64(&token[range])?).ok();
        Some(Self {
            signed: &token[..payload.end],
            signature: &token[signature],
            header: object(header.clone()),
            payload: object(header.end + 1..payload.end),
        })
    }

    fn len(&self) -> usize {
        self.signed.len() + 1 + self.signature.len()
    }

    fn algorithm(&self) -> Option<&str> {
        self.header.as_ref()?.get("alg")?.as_str()
    }

    fn claim(&self, name: &str) -> Option<&Value> {
        self.payload.as_ref()?.get(name)
    }
}

pub(super) fn read(
    text: &[u8],
    span: Range<usize>,
    now: i64,
    evidence: &mut Evidence,
) -> Result<(), Dropped> {
    let rest = &text[span.start..text.len().min(span.start + MAX_BYTES)];
    let jwt = Jwt::split(rest).ok_or(Dropped::Structure("it does not have three parts"))?;
    if jwt.signature.len() < 16 {
        return Err(Dropped::Structure("it has no signature"));
    }
    if jwt.algorithm().is_some_and(|a| a.eq_ignore_ascii_case("none")) {
        return Err(Dropped::Structure("it is not signed (`alg` is `none`)"));
    }
    // RFC 7519 §7.2: what is signed or encrypted is a JSON object, or it is a JWS or JWE of something else.
    if jwt.header.is_some() && jwt.payload.is_none() {
        return Err(Dropped::Structure("its claims are not a JSON object"));
    }
    evidence.end = Some(span.start + jwt.len());
    let (Some(_), Some(_)) = (&jwt.header, &jwt.payload) else {
        return Ok(());
    };
    evidence.verified = true;
    evidence.signed_token = jwt.algorithm().is_some_and(|a| a.starts_with("HS"));
    evidence.facts.push(describe(&jwt));
    if let Some(exp) = jwt.claim("exp").and_then(Value::as_f64) {
        let date = date(exp as i64);
        if (exp as i64) < now {
            evidence.weakness = Some(Weakness::Expired(date.to_string()));
        } else {
            evidence.facts.push(format!("it is valid until {date}"));
        }
    } else {
        evidence.facts.push("it never expires".into());
    }
    Ok(())
}

/// Algorithm, issuer and audience, in one sentence.
fn describe(jwt: &Jwt<'_>) -> String {
    let mut said =
        format!("a JWT signed with {}", clean(jwt.algorithm().unwrap_or("an unknown algorithm")));
    if let Some(issuer) = jwt.claim("iss").and_then(Value::as_str) {
        said.push_str(&format!(", issued by `{}`", clean(issuer)));
    }
    let audience = jwt.claim("aud").map(|a| match a {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        one => one.as_str().unwrap_or_default().to_owned(),
    });
    if let Some(audience) = audience.filter(|a| !a.is_empty()) {
        said.push_str(&format!(", for `{}`", clean(&audience)));
    }
    said
}

/// A claim as it may be printed: no control characters, no more than a line's worth.
fn clean(claim: &str) -> String {
    claim.chars().filter(|c| !c.is_control() && *c != '`').take(80).collect()
}

fn date(unix_seconds: i64) -> String {
    jiff::Timestamp::from_second(unix_seconds)
        .map_or_else(|_| "a day beyond the calendar".into(), |t| t.strftime("%Y-%m-%d").to_string())
}

/// Whether `secret` signed the HMAC token `token`: as it stands, or as base64 of the key.
pub fn verifies(token: &[u8], secret: &[u8]) -> bool {
    use base64::Engine as _;
    let Some(jwt) = Jwt::split(token) else { return false };
    let Ok(signature) = URL_SAFE.decode(jwt.signature) else { return false };
    let signs = |key: &[u8]| match jwt.algorithm() {
        Some("HS256") => Hmac::<Sha256>::new_from_slice(key)
            .is_ok_and(|m| m.chain_update(jwt.signed).verify_slice(&signature).is_ok()),
        Some("HS384") => Hmac::<Sha384>::new_from_slice(key)
            .is_ok_and(|m| m.chain_update(jwt.signed).verify_slice(&signature).is_ok()),
        Some("HS512") => Hmac::<Sha512>::new_from_slice(key)
            .is_ok_and(|m| m.chain_update(jwt.signed).verify_slice(&signature).is_ok()),
        _ => false,
    };
    signs(secret) || decode_base64(secret).is_some_and(|key| signs(&key))
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as B64};

    use super::*;

    fn signed(header: &str, payload: &str, key: &[u8]) -> String {
        let head = format!("{}.{}", B64.encode(header), B64.encode(payload));
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(head.as_bytes());
        format!("{head}.{}", B64.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn an_expired_token_says_when_it_expired() {
        let token = signed(
            r#"{"alg":"HS256"}"#,
            r#"{"iss":"acme","aud":["a","b"],"exp":1000000000}"#,
            b"k",
        );
        let mut evidence = Evidence::default();
        read(token.as_bytes(), 0..10, 2_000_000_000, &mut evidence).unwrap();
        assert_eq!(evidence.end, Some(token.len()));
        assert_eq!(evidence.weakness, Some(Weakness::Expired("2001-09-09".into())));
        assert_eq!(evidence.facts, ["a JWT signed with HS256, issued by `acme`, for `a b`"]);
    }

    #[test]
    fn only_the_right_secret_verifies() {
        let token = signed(r#"{"alg":"HS256"}"#, "{}", b"correct horse");
        assert!(verifies(token.as_bytes(), b"correct horse"));
        assert!(verifies(token.as_bytes(), B64.encode("correct horse").as_bytes()));
        assert!(!verifies(token.as_bytes(), b"battery staple"));
    }

    #[test]
    fn a_token_without_signature_is_dropped() {
        let token = format!("{}.{}.", B64.encode(r#"{"alg":"none"}"#), B64.encode("{}"));
        let dropped = read(token.as_bytes(), 0..10, 0, &mut Evidence::default());
        assert_eq!(dropped, Err(Dropped::Structure("it has no signature")));
    }
}
