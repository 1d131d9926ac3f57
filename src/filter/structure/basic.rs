//! `user:password` in base64.

use super::{Dropped, Evidence, decode_base64};

/// Names and passwords that documentation uses.
const EXAMPLES: [&str; 9] = [
    "user:pass",
    "username:password",
    "user:password",
    "aladdin:open sesame",
    "foo:bar",
    "test:test",
    "admin:admin",
    "user:passwd",
    "client_id:client_secret",
];

pub(super) fn read(value: &[u8], evidence: &mut Evidence) -> Result<(), Dropped> {
    let decoded = decode_base64(value).ok_or(Dropped::Structure("it is not base64"))?;
    let text = std::str::from_utf8(&decoded)
        .map_err(|_| Dropped::Structure("it does not decode to text"))?;
    if text.chars().any(char::is_control) {
        return Err(Dropped::Structure("it does not decode to text"));
    }
    let (user, password) = text
        .split_once(':')
        .ok_or(Dropped::Structure("it has no `:` between user and password"))?;
    if password.is_empty() {
        return Err(Dropped::Structure("its password is empty"));
    }
    if EXAMPLES.iter().any(|e| text.eq_ignore_ascii_case(e)) {
        return Err(Dropped::PublicExample);
    }
    if password.contains("${") || password.contains("{{") || password.starts_with('$') {
        return Err(Dropped::Placeholder(super::super::placeholder::Reason::Template));
    }
    evidence.verified = true;
    evidence.facts.push(match user {
        "" => "it decodes to a password without a user".into(),
        _ => format!("it decodes to the user `{user}` and a password"),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::*;

    #[test]
    fn a_pair_of_user_and_password_is_verified() {
        let read =
            |pair: &str| read(BASE64_STANDARD.encode(pair).as_bytes(), &mut Evidence::default());
        assert_eq!(read("deploy:q8Zt1LmV"), Ok(()));
        assert_eq!(read("deploy:"), Err(Dropped::Structure("its password is empty")));
        assert_eq!(
            read("deploy"),
            Err(Dropped::Structure("it has no `:` between user and password"))
        );
        assert_eq!(read("Aladdin:open sesame"), Err(Dropped::PublicExample));
        assert_eq!(
            super::read(b"@@@@", &mut Evidence::default()),
            Err(Dropped::Structure("it is not base64"))
        );
    }
}
