//! A token and the secret that signs it prove each other, wherever they stand.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    fakes,
    project::{Project, finding_in},
};

fn token(claims: &str, key: &str) -> String {
    let head = format!("{}.{}", B64.encode(r#"{"alg":"HS256","typ":"JWT"}"#), B64.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(head.as_bytes());
    format!("{head}.{}", B64.encode(mac.finalize().into_bytes()))
}

fn reasons(finding: &serde_json::Value) -> String {
    finding["reasons"].to_string()
}

#[test]
fn a_token_and_its_secret_in_two_files_prove_each_other() {
    let project = Project::with("config/.env", "PORT=8080\nJWT_SECRET=@@generic-secret@@\n");
    let claims = r#"{"iss":"shop","sub":"1","exp":4102444800}"#;
    let bearer = token(claims, &fakes::secret("generic-secret"));
    project.write("client/session.txt", format!("\nsession: {bearer}\n").as_bytes());
    let (run, report) = project.scan_json(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(crate::project::count(&report), 2);
    let (secret, signed) =
        (finding_in(&report, "config/.env"), finding_in(&report, "client/session.txt"));
    assert_eq!((&secret["rule"], &signed["rule"]), (&"generic-secret".into(), &"jwt-token".into()));
    for finding in [secret, signed] {
        assert_eq!(finding["confidence"], "high", "{finding:#}");
        assert_eq!(finding["severity"], "high", "{finding:#}");
    }
    assert!(reasons(secret).contains("client/session.txt:2"), "{secret:#}");
    assert!(reasons(signed).contains("config/.env:2"), "{signed:#}");
    assert!(reasons(signed).contains("issued by `shop`"), "{signed:#}");
    assert!(reasons(signed).contains("it is valid until 2100-01-01"), "{signed:#}");
    assert!(!run.stdout.contains(&bearer));
}

#[test]
fn a_secret_that_did_not_sign_is_not_proven() {
    let project = Project::with(".env", "JWT_SECRET=@@generic-secret@@\n");
    project.write("t.txt", token(r#"{"exp":4102444800}"#, "another").as_bytes());
    let (_, report) = project.scan_json(&[]);
    assert!(!reasons(finding_in(&report, ".env")).contains("signs"));
    assert!(!reasons(finding_in(&report, "t.txt")).contains("signs"));
}

#[test]
fn an_expired_token_says_so_and_is_low() {
    let project = Project::empty();
    project.write("t.txt", token(r#"{"iss":"shop","exp":1000000000}"#, "another").as_bytes());
    let (_, report) = project.scan_json(&[]);
    let finding = finding_in(&report, "t.txt");
    assert_eq!(finding["severity"], "low");
    assert!(reasons(finding).contains("it expired on 2001-09-09"), "{finding:#}");
}
