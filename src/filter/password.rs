//! Whether a value is something that a person would choose as a password, and not a name for one.

use std::{fmt, ops::Range};

/// What speaks against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Under five characters.
    TooShort,
    /// A word that means "password" or "nothing" and is no secret.
    WeakWord,
    /// Letters only, or words joined like an identifier.
    Identifier,
    /// A call, a member access, an operator.
    Code,
    /// A file, a directory or an address.
    Path,
    /// Several words.
    Prose,
    /// A number, a date or a version.
    Number,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "shorter than five characters",
            Self::WeakWord => "a word that stands for a password",
            Self::Identifier => "words or an identifier",
            Self::Code => "an expression of a programming language",
            Self::Path => "a path or an address",
            Self::Prose => "several words",
            Self::Number => "a number, a date or a version",
        })
    }
}

/// Judges the value at `span` of `text`.
///
/// # Errors
///
/// What speaks against it.
pub(super) fn judge(text: &[u8], span: Range<usize>) -> Result<(), Reason> {
    let whole = &text[span];
    let value = trim_punctuation(whole);
    if value.len() < 5 {
        return Err(Reason::TooShort);
    }
    if value.iter().any(|b| b.is_ascii_whitespace()) {
        return Err(Reason::Prose);
    }
    if is_number(value) {
        return Err(Reason::Number);
    }
    if is_path(value) {
        return Err(Reason::Path);
    }
    if is_code(whole) {
        return Err(Reason::Code);
    }
    if is_weak_word(value) {
        return Err(Reason::WeakWord);
    }
    if is_identifier(value) {
        return Err(Reason::Identifier);
    }
    Ok(())
}

/// What may end a sentence or a statement is not what a judgement should rest on.
fn trim_punctuation(value: &[u8]) -> &[u8] {
    let end = value
        .iter()
        .rposition(|b| !matches!(b, b',' | b';' | b'.' | b':' | b')' | b'*'))
        .map_or(0, |at| at + 1);
    let start = value[..end].iter().position(|b| !matches!(b, b'(' | b'*')).unwrap_or(0);
    &value[start..end]
}

const WEAK: [&str; 39] = [
    "password",
    "passwort",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "admin",
    "administrator",
    "root",
    "user",
    "username",
    "test",
    "testing",
    "guest",
    "default",
    "none",
    "null",
    "undefined",
    "true",
    "false",
    "string",
    "text",
    "hidden",
    "required",
    "optional",
    "postgres",
    "mysql",
    "redis",
    "mongo",
    "docker",
    "changeit",
    "letmein",
    "hunter",
    "contraseña",
    "utf",
    "utf-",
    "latin",
    "base",
    "ascii",
];

fn is_weak_word(value: &[u8]) -> bool {
    let core: Vec<u8> =
        value.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    let rest = value.len() - core.len();
    // `password`, `Password1`, `test123`, `my_password`, `db-pass`
    let core = core
        .strip_prefix(b"my")
        .or(core.strip_prefix(b"the"))
        .or(core.strip_prefix(b"db"))
        .unwrap_or(&core);
    rest <= 4
        && (WEAK.iter().any(|w| core == w.as_bytes())
            || [b"password".as_slice(), b"passwd", b"secret"]
                .iter()
                .any(|w| core.ends_with(w) || core.starts_with(w)))
}

fn is_number(value: &[u8]) -> bool {
    value.starts_with(b"0x") && value[2..].iter().all(u8::is_ascii_hexdigit)
        || value.iter().all(|b| {
            b.is_ascii_digit()
                || matches!(
                    b,
                    b'.' | b'-' | b':' | b'/' | b',' | b'x' | b'^' | b'~' | b'>' | b'<' | b'='
                )
        })
}

fn is_path(value: &[u8]) -> bool {
    let starts = |p: &[u8]| value.starts_with(p);
    starts(b"/") && value[1..].iter().filter(|&&b| b == b'/').count() >= 1
        || starts(b"./")
        || starts(b"../")
        || starts(b"~/")
        || value.windows(3).any(|w| w == b"://")
        || value.len() > 3 && value[1] == b':' && value[2] == b'\\'
}

fn is_code(value: &[u8]) -> bool {
    let has = |needle: &[u8]| value.windows(needle.len()).any(|w| w == needle);
    let dotted = value.contains(&b'.')
        && value
            .split(|&b| b == b'.')
            .all(|p| !p.is_empty() && p.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_'));
    dotted
        || has(b"->")
        || has(b"::")
        || has(b"=>")
        || has(b"()")
        || has(b"[]")
        || has(b"</")
        || has(b"\\n")
        || value.contains(&b'(') && value.contains(&b')')
        || value.contains(&b'[') && value.contains(&b']')
        || value.starts_with(b"$")
        || value.starts_with(b"&")
        || value.starts_with(b"%") && value.len() < 6
}

/// Letters with separators only: `dbPassword`, `DB_PASSWORD`, `correct-horse`. A password of that
/// form exists, but nothing tells it from a name.
fn is_identifier(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<(), Reason> {
        judge(value.as_bytes(), 0..value.len())
    }

    #[test]
    fn names_and_code_are_not_passwords() {
        assert_eq!(of("password1"), Err(Reason::WeakWord));
        assert_eq!(of("dbPasswordField"), Err(Reason::WeakWord));
        assert_eq!(of("loginFormField"), Err(Reason::Identifier));
        assert_eq!(of("config.db.password"), Err(Reason::Code));
        assert_eq!(of("get_password()"), Err(Reason::Code));
        assert_eq!(of("/run/secrets/db"), Err(Reason::Path));
        assert_eq!(of("2024-01-01"), Err(Reason::Number));
        assert_eq!(of("^4.0.17"), Err(Reason::Number));
        assert_eq!(of("utf-8"), Err(Reason::WeakWord));
        assert_eq!(of("enter your pass"), Err(Reason::Prose));
        assert_eq!(of("abc1"), Err(Reason::TooShort));
    }

    #[test]
    fn what_people_choose_is_a_password() {
        for value in ["hunt3r2!", "Tr0ub4dor&3", "s3cr3tP4ss", "Winter2024!", "a1b2c3d4e5"] {
            assert_eq!(of(value), Ok(()), "{value}");
        }
    }
}
