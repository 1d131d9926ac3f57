//! Whether a value is something that a person would choose as a password, and not a name for one.

use std::{fmt, ops::Range};

use super::likeness;
use crate::near::contains_ignoring_case;

/// What speaks against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Under four characters, or four that could be anything.
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
    /// What a directory stores instead of the password: `{SSHA}…`.
    Hash,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "too short",
            Self::WeakWord => "a word that stands for a password",
            Self::Identifier => "words or an identifier",
            Self::Code => "an expression of a programming language",
            Self::Path => "a path or an address",
            Self::Prose => "several words",
            Self::Number => "a number, a date or a version",
            Self::Hash => "the hash of a password",
        })
    }
}

/// Judges the value at `span` of `text`; returns where it ends, which is before the match does if the
/// match took more than the value.
///
/// # Errors
///
/// What speaks against it.
pub(super) fn judge(text: &[u8], span: Range<usize>) -> Result<usize, Reason> {
    let quoted =
        span.start.checked_sub(1).is_some_and(|at| matches!(text[at], b'"' | b'\'' | b'`'));
    let whole = &text[span.clone()];
    let whole = if quoted { whole } else { without_neighbours(whole) };
    let value = trim_punctuation(whole);
    if value.len() < MIN_BYTES || value.len() == MIN_BYTES && !is_wordless(value) {
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
    if is_directory_hash(value) {
        return Err(Reason::Hash);
    }
    Ok(span.start + whole.len())
}

/// Shortest password that is looked at.
const MIN_BYTES: usize = 4;

/// A bare `value` without what a query or a record goes on with: `&next=…`, `}`.
fn without_neighbours(value: &[u8]) -> &[u8] {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let next = value.iter().enumerate().position(|(at, &b)| {
        let name = value[at + 1..].iter().take_while(|b| is_name(b)).count();
        b == b'&' && at > 0 && name > 0 && value.get(at + 1 + name) == Some(&b'=')
    });
    let mut value = &value[..next.unwrap_or(value.len())];
    for (open, close) in [(b'{', b'}'), (b'[', b']'), (b'{', b'}')] {
        let closed = value.iter().rposition(|&b| b != close).map_or(0, |at| at + 1);
        if closed < value.len() && !value.contains(&open) {
            value = &value[..closed];
        }
    }
    value
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

const WEAK: [&str; 78] = [
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
    // "Password" in other languages.
    "wachtwoord",
    "heslo",
    "parola",
    "salasana",
    "adgangskode",
    "kodeord",
    "senha",
    "passord",
    "geslo",
    "lozinka",
    "motdepasse",
    "haslo",
    "sifre",
    "mima",
    // What stands beside a password: protocols, formats, algorithms.
    "bcrypt",
    "scrypt",
    "argon",
    "pbkdf",
    "sha",
    "md",
    "hmac",
    "ntlm",
    "saml",
    "ldap",
    "oauth",
    "smtp",
    "http",
    "https",
    "xml",
    "html",
    "json",
    "yaml",
    "jdbc",
    "psql",
    "pgsql",
    "mssql",
    "sqlite",
    "mongodb",
    "rabbitmq",
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

/// Six to eight digits can be a password; a round number, a date or an error code is more likely not.
fn is_number(value: &[u8]) -> bool {
    if value.iter().all(u8::is_ascii_digit) {
        let is_date = value.len() == 8 && (value.starts_with(b"19") || value.starts_with(b"20"));
        let distinct = (b'0'..=b'9').filter(|d| value.contains(d)).count();
        return !(6..=8).contains(&value.len())
            || distinct < 4
            || is_date
            || value.ends_with(b"000");
    }
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
        || is_call(value)
        || value.contains(&b'[') && value.contains(&b']')
        || value.starts_with(b"$")
        || value.starts_with(b"&")
        || value.starts_with(b"%") && value.len() < 6
}

/// Whether `value`, of letters, stands on the line below a comma: in `matched`, from the name on. It is the
/// next name of a list, and a list may hold anything.
pub(super) fn is_next_item(matched: &[u8], value: &[u8]) -> bool {
    let glue = &matched[..matched.len().saturating_sub(value.len())];
    let comma = glue.iter().position(|&b| b == b',');
    comma.is_some_and(|at| glue[at..].contains(&b'\n'))
        && value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-'))
}

/// `c.Ctx.FormValue(`, cut off where its first argument opens.
fn is_call(value: &[u8]) -> bool {
    value.iter().position(|&b| b == b'(').is_some_and(|open| {
        let name = &value[..open];
        name.len() >= 3
            && name.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.'))
            && (open + 1 == value.len() || matches!(value[open + 1], b'"' | b'\''))
    })
}

/// Letters with separators only, `dbPassword`, `DB_PASSWORD`, `correct-horse`, or the name of a
/// constant, `LABEL_2FA`: nothing tells a password of that form from a name, unless its letters follow
/// each other as in no word.
fn is_identifier(value: &[u8]) -> bool {
    // Letters of other alphabets are letters too, and a sentence in one of them has no spaces to tell it.
    let foreign = !value.is_ascii();
    let letters = value.iter().all(|b| {
        b.is_ascii_alphabetic()
            || matches!(b, b'_' | b'-' | b'.' | b':' | b'/')
            || foreign && (!b.is_ascii() || matches!(b, b'?' | b'!'))
    });
    let constant = value.contains(&b'_')
        && value.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    (letters || constant) && !is_wordless(value)
}

/// Words that the names around a password are made of.
const NAMES: [&str; 14] = [
    "pass", "pwd", "secret", "token", "user", "name", "login", "field", "input", "key", "auth",
    "text", "label", "conf",
];

/// Whether the letters of `value` form no word. The shorter it is, the stranger they must be: an
/// abbreviation has few pairs of letters.
fn is_wordless(value: &[u8]) -> bool {
    let limit = match value.len() {
        0..6 => -0.4,
        6..8 => -0.1,
        _ => 0.0,
    };
    likeness::letter_bits(value).is_some_and(|bits| bits < limit)
        && !NAMES.iter().any(|name| contains_ignoring_case(value, name.as_bytes()))
}

/// RFC 2307: `{SSHA}` and base64.
fn is_directory_hash(value: &[u8]) -> bool {
    [b"{MD5}".as_slice(), b"{SMD5}", b"{SHA}", b"{SSHA", b"{CRYPT}", b"{PBKDF2", b"{ARGON2"]
        .iter()
        .any(|scheme| value.get(..scheme.len()).is_some_and(|v| v.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<(), Reason> {
        judge(value.as_bytes(), 0..value.len()).map(drop)
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
        assert_eq!(of("LABEL_INITIAL_2FA"), Err(Reason::Identifier));
        assert_eq!(of("txtPwdRpt"), Err(Reason::Identifier));
        assert_eq!(of("c.Ctx.FormValue("), Err(Reason::Code));
        assert_eq!(of("{SSHA}q8Zt1LmV0xWc5RbN"), Err(Reason::Hash));
        assert_eq!(of("wachtwoord"), Err(Reason::WeakWord));
        assert_eq!(of("3221225579"), Err(Reason::Number));
        assert_eq!(of("111333"), Err(Reason::Number));
        assert_eq!(of("demo"), Err(Reason::TooShort));
        assert_eq!(of("新しいパスワード!"), Err(Reason::Identifier));
    }

    #[test]
    fn letters_that_form_no_word_are_a_password() {
        for value in ["hgkfqwx", "zjobtnbb", "NLqrb", "pxqz", "qn-wcpd", "906817"] {
            assert_eq!(of(value), Ok(()), "{value}");
        }
    }

    #[test]
    fn the_next_name_of_a_list_is_not_a_password() {
        assert!(is_next_item(b"name\",\n  \"SNQWSL", b"SNQWSL"));
        assert!(!is_next_item(b"name\", \"SNQWSL", b"SNQWSL"));
        assert!(!is_next_item(b"name\",\n  \"hunt3r2", b"hunt3r2"));
    }

    #[test]
    fn a_bare_value_ends_where_the_next_begins() {
        let end = |value: &str| judge(value.as_bytes(), 0..value.len());
        assert_eq!(end("hunt3r2&page=2"), Ok(7));
        assert_eq!(end("hunt3r2}]"), Ok(7));
        assert_eq!(end("hunt{3r2}"), Ok(9));
        assert_eq!(end("myAuth&domain=a1"), Err(Reason::Identifier));
        let quoted = b"'hunt3r2}'";
        assert_eq!(judge(quoted, 1..9), Ok(9), "quotes say where it ends");
    }

    #[test]
    fn what_people_choose_is_a_password() {
        for value in [
            "hunt3r2!",
            "BreadWithHam!",
            "M5fUi;Rb§W",
            "Tr0ub4dor&3",
            "s3cr3tP4ss",
            "Winter2024!",
            "a1b2c3d4e5",
        ] {
            assert_eq!(of(value), Ok(()), "{value}");
        }
    }
}
