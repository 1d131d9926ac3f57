//! Values that stand for a value: `YOUR_API_KEY`, `xxxx`, `${TOKEN}`, `process.env.X`, `1234567890`.

use std::{fmt, ops::Range};

use super::{
    entropy::distinct,
    likeness::{Prior, looks_random},
};
use crate::{near::contains_ignoring_case, rule::Kind};

/// What gives a placeholder away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `${…}`, `{{…}}`, `<…>`, `[…]`, `%s`.
    Template,
    /// `process.env`, `os.environ`, `getenv`, `secrets.`.
    Lookup,
    /// A word that only an example has.
    Word(&'static str),
    /// `xxxx`, `****`, `....`, or cut off with `...`.
    Masked,
    /// Too few different characters.
    FewCharacters,
    /// `abcdefgh`, `12345678`, `qwertyui`.
    Sequence,
    /// The same few characters again and again.
    Repeated,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template => f.write_str("a template expression"),
            Self::Lookup => f.write_str("looked up at run time"),
            Self::Word(word) => write!(f, "contains `{word}`"),
            Self::Masked => f.write_str("masked or cut off"),
            Self::FewCharacters => f.write_str("has too few different characters"),
            Self::Sequence => f.write_str("is a sequence"),
            Self::Repeated => f.write_str("repeats itself"),
        }
    }
}

/// Why the secret at `span` of `text` is a placeholder, if it is. `body` is the secret without its
/// public prefix.
pub(super) fn reason(text: &[u8], span: Range<usize>, body: &[u8], kind: Kind) -> Option<Reason> {
    if is_template(text, &span, body, kind) {
        return Some(Reason::Template);
    }
    if LOOKUPS.iter().any(|l| contains_ignoring_case(body, l.as_bytes())) {
        return Some(Reason::Lookup);
    }
    if is_masked(text, &span, body, kind) {
        return Some(Reason::Masked);
    }
    if let Some(word) = example_word(unnamed(body, kind), kind) {
        return Some(Reason::Word(word));
    }
    if kind == Kind::Id {
        return None;
    }
    // What a prefix that nobody declared leads in: `u-abcabcabc`.
    let tail = body.rsplit(|b| matches!(b, b'_' | b'-')).next().unwrap_or(body);
    let body = if tail.len() * 2 > body.len() { tail } else { body };
    let few = match body.len() {
        0..8 => 1,
        8..16 => 3,
        _ => 4,
    };
    if distinct(body) <= few {
        return Some(Reason::FewCharacters);
    }
    if is_sequence(body) {
        return Some(Reason::Sequence);
    }
    is_repeated(body).then_some(Reason::Repeated)
}

const LOOKUPS: [&str; 14] = [
    "process.env",
    "os.environ",
    "os.getenv",
    "getenv(",
    "import.meta.env",
    "env[",
    "env.get",
    "env::var",
    "system.getproperty",
    "secrets.",
    "vault:",
    "ssm:",
    "arn:aws:",
    "keyvault",
];

fn is_template(text: &[u8], span: &Range<usize>, body: &[u8], kind: Kind) -> bool {
    let value = &text[span.clone()];
    let before = span.start.checked_sub(1).map(|at| text[at]);
    let after = text.get(span.end).copied();
    // `%(name)s` and `%s` are formats; `p%40ss` is a password in a URL.
    let has = |needle: &[u8]| body.windows(needle.len()).any(|w| w == needle);
    ["${", "$(", "{{", "}}", "#{", "<%", "%>", "%(", "@{", "$["].iter().any(|t| has(t.as_bytes()))
        // `P@$$word` is a password; `a$$b` in a Makefile or Compose file is not a token.
        || has(b"$$") && (kind != Kind::Password || body.starts_with(b"$$"))
        || is_marked(body)
        || body.starts_with(b"$")
            && body.len() > 1
            && body[1..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        || (body.starts_with(b"%") && body.ends_with(b"%") && body.len() > 2)
        || is_percent_name(body)
        || matches!(body, b"%s" | b"%d" | b"%v" | b"%q" | b"%@" | b"{}" | b"{0}")
        || matches!(
            (body.first(), body.last()),
            (Some(b'<'), Some(b'>')) | (Some(b'['), Some(b']')) | (Some(b'{'), Some(b'}'))
        )
        || matches!((before, after), (Some(b'<'), Some(b'>')) if !text[..span.start - 1].ends_with(b"\"") && is_plain_word(value))
        || matches!((before, after), (Some(b'['), Some(b']')) | (Some(b'{'), Some(b'}')) if is_plain_word(value) && !looks_random(body, Prior::GENERAL))
}

/// `###DB_PASSWORD###`, `@@TOKEN@@`, `__SECRET__`: to be replaced by a script.
fn is_marked(body: &[u8]) -> bool {
    body.starts_with(b"##")
        || body.starts_with(b"@@")
        || body.len() > 4 && body.starts_with(b"__") && body.ends_with(b"__")
}

/// `%HTTPPORT`: what test suites and batch files put a value in place of.
fn is_percent_name(body: &[u8]) -> bool {
    body.starts_with(b"%")
        && body.len() > 4
        && !body[1..3].iter().all(u8::is_ascii_hexdigit)
        && body[1..5].iter().all(u8::is_ascii_uppercase)
}

fn is_plain_word(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ' | b'.'))
}

fn is_masked(text: &[u8], span: &Range<usize>, body: &[u8], kind: Kind) -> bool {
    let after = &text[span.end..text.len().min(span.end + 4)];
    let cut_off =
        after.starts_with(b"...") || after.starts_with("…".as_bytes()) || after.starts_with(b"***");
    // A run of four by chance: one in 60,000 tokens of forty characters.
    let run = longest_run(body);
    let masked = run.is_some_and(|(b, n)| {
        n >= 4 && matches!(b, b'x' | b'X' | b'*' | b'.' | b'#' | b'?' | 0xa2)
    }) || run.is_some_and(|(_, n)| n >= 6 && n * 3 >= body.len());
    let wholly_masked =
        body.iter().all(|b| matches!(b, b'x' | b'X' | b'*' | b'.' | b'-' | b'_' | b'#'));
    let elided = body.ends_with(b"...") || body.ends_with("…".as_bytes());
    ((cut_off || elided) && kind != Kind::Password) || masked || wholly_masked || is_torn_jwt(body)
}

/// Whether `body` begins as a JWT does and lacks one of its three parts.
fn is_torn_jwt(body: &[u8]) -> bool {
    // `{"alg` and `{"typ` in base64: headers of no other format begin so.
    (body.starts_with(b"eyJhbGci") || body.starts_with(b"eyJ0eXAi"))
        && body.split(|&b| b == b'.').filter(|part| !part.is_empty()).count() < 3
}

fn longest_run(body: &[u8]) -> Option<(u8, usize)> {
    body.chunk_by(|a, b| a == b).map(|c| (c[0], c.len())).max_by_key(|&(_, n)| n)
}

/// Words that no machine draws and no person means: long enough not to come about by chance, or
/// counted only where they stand as a word.
const ANYWHERE: [&str; 41] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "change_this",
    "changethis",
    "replace",
    "redacted",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "yoursecret",
    "yourapi",
    "yourpass",
    "yourown",
    "insert",
    "dummy",
    "sample",
    "notreal",
    "notareal",
    "not_a_real",
    "not-a-real",
    "fakekey",
    "faketoken",
    "fake_",
    "fake-",
    "_here",
    "-here",
    "keyhere",
    "goes_here",
    "mysecret",
    "my_secret",
    "my-secret",
    "ejemplo",
    "exemplo",
    "beispiel",
    "exemple",
    "secret_key",
    "api_key",
];

/// Counted in machine-made values only; people do put these into passwords.
const IN_TOKENS: [&str; 18] = [
    "password",
    "passwd",
    "secretkey",
    "apikey",
    "api-key",
    "mytoken",
    "my_token",
    "my-token",
    "access_token",
    "foobar",
    "testing",
    "invalid",
    "undefined",
    "localhost",
    "deadbeef",
    "qwerty",
    "lorem",
    "abcdef",
];

/// Counted where they are a word of their own.
const AS_WORD: [&str; 14] = [
    "your", "test", "demo", "fake", "foo", "bar", "baz", "todo", "here", "mock", "stub", "key",
    "token", "secret",
];

/// `body` without what names the key in it: `acme-default-key:q8Zt…`.
fn unnamed(body: &[u8], kind: Kind) -> &[u8] {
    let key = body.rsplit(|&b| b == b':').next().unwrap_or(body);
    let is_most = key.len() * 2 > body.len();
    if kind == Kind::OpaqueToken && is_most && looks_random(key, Prior::GENERAL) {
        key
    } else {
        body
    }
}

fn example_word(body: &[u8], kind: Kind) -> Option<&'static str> {
    let has = |word: &&&str| contains_ignoring_case(body, word.as_bytes());
    if let Some(word) = ANYWHERE.iter().find(has) {
        return Some(word);
    }
    if kind == Kind::Password {
        return None;
    }
    if let Some(word) = IN_TOKENS.iter().find(has) {
        return Some(word);
    }
    // `yourmapboxkey1`: by chance, one value in a million begins so.
    if body.len() > 4 && body[..4].eq_ignore_ascii_case(b"your") && body[4].is_ascii_alphabetic() {
        return Some("your");
    }
    AS_WORD
        .iter()
        .find(|w| {
            body.split(|b| !b.is_ascii_alphabetic()).any(|part| {
                part.eq_ignore_ascii_case(w.as_bytes())
                    && part.len() >= 3
                    && is_delimited(body, part)
            })
        })
        .copied()
}

/// Whether `part` of `body` has no digit beside it: in `x7test9` the letters came about by chance.
fn is_delimited(body: &[u8], part: &[u8]) -> bool {
    let start = part.as_ptr() as usize - body.as_ptr() as usize;
    let before = start.checked_sub(1).map(|at| body[at]);
    let after = body.get(start + part.len()).copied();
    let open = |b: Option<u8>| b.is_none_or(|b| !b.is_ascii_digit());
    open(before) && open(after) && (before.is_some() || after.is_some() || part.len() == body.len())
}

const KEYBOARD: [&[u8]; 4] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm", b"1234567890"];

/// Whether at least half of `body` lies in runs of six or more that count up, down or along a
/// keyboard row.
fn is_sequence(body: &[u8]) -> bool {
    const MIN_RUN: usize = 6;
    let lower: Vec<u8> = body.iter().map(u8::to_ascii_lowercase).collect();
    let (mut covered, mut run) = (0, 1);
    for i in 1..=lower.len() {
        if i < lower.len() && follows(lower[i - 1], lower[i]) {
            run += 1;
            continue;
        }
        if run >= MIN_RUN {
            covered += run;
        }
        run = 1;
    }
    covered * 2 >= body.len() && covered > 0
}

fn follows(a: u8, b: u8) -> bool {
    let step = i16::from(b) - i16::from(a);
    let counts =
        a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && (step == 1 || step == -1);
    let wraps = matches!((a, b), (b'9', b'0' | b'a') | (b'f' | b'z', b'0' | b'a'));
    counts || wraps || KEYBOARD.iter().any(|row| row.windows(2).any(|w| w == [a, b]))
}

/// Whether `body` is one unit, three times or more (or twice, if the unit is long).
fn is_repeated(body: &[u8]) -> bool {
    (1..=body.len() / 2).any(|unit| {
        let times = body.len() / unit;
        (times >= 3 || (times == 2 && unit >= 8))
            && body[unit..].iter().zip(body).all(|(a, b)| a == b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<Reason> {
        reason(value.as_bytes(), 0..value.len(), value.as_bytes(), Kind::Token)
    }

    #[test]
    fn what_stands_for_a_value_is_known() {
        assert_eq!(of("${API_KEY}"), Some(Reason::Template));
        assert_eq!(of("<your key>"), Some(Reason::Template));
        assert_eq!(of("###ORACLE_PWD###"), Some(Reason::Template));
        assert_eq!(of("__DB_SECRET__"), Some(Reason::Template));
        assert_eq!(of("%HTTPPORT?a=b"), Some(Reason::Template));
        assert_eq!(of("fmmLpDSjArpksFv57r5..."), Some(Reason::Masked));
        assert_eq!(of("process.env.API_KEY"), Some(Reason::Lookup));
        assert_eq!(of("YOUR_API_KEY"), Some(Reason::Word("your_")));
        assert_eq!(of("yourmapboxkey1"), Some(Reason::Word("your")));
        assert_eq!(of("xxxxxxxxxxxxxxxx"), Some(Reason::Masked));
        assert_eq!(of("abcabcabcabcabcabc"), Some(Reason::FewCharacters));
        assert_eq!(of("q8Zt1q8Zt1q8Zt1q8Zt1"), Some(Reason::Repeated));
        assert_eq!(of("1234567890abcdefghij"), Some(Reason::Word("abcdef")));
        assert_eq!(of("9876543210zyxwvutsrq"), Some(Reason::Sequence));
    }

    #[test]
    fn a_random_value_is_not_a_placeholder() {
        for value in [
            "q8Zt1LmV0xWc5RbN7yHd3KsP9uGf2JaE",
            "x7test9LmV0xWc5RbN7yHd",
            "9f86d081884c7d659a2feaa0c55ad015",
        ] {
            assert_eq!(of(value), None, "{value}");
        }
    }

    #[test]
    fn an_undeclared_prefix_hides_no_repetition() {
        assert_eq!(of("u-abc123abc123abc123abc123"), Some(Reason::Repeated));
        assert_eq!(of("q8Zt1LmV0xWc-5RbN7yHd3KsP"), None);
    }

    #[test]
    fn the_name_of_a_key_does_not_make_it_an_example() {
        let of = |value: &[u8]| reason(value, 0..value.len(), value, Kind::OpaqueToken);
        assert_eq!(of(b"default-key:q8Zt1LmV0xWc5RbN7yHd3KsP"), None);
        assert_eq!(of(b"default-key:settings-of-the-user"), Some(Reason::Word("key")));
        assert_eq!(
            of(b"this-is-no-longer-my-key-for-tests:q8Zt1LmV0xWc"),
            Some(Reason::Word("key"))
        );
    }

    #[test]
    fn a_jwt_without_its_signature_is_cut_off() {
        assert_eq!(of("eyJhbGciOiJIUzI1NiJ9."), Some(Reason::Masked));
        assert_eq!(of("eyJhbGciOiJIUzI1NiJ9.q8Zt1LmV0xWc5R"), Some(Reason::Masked));
    }

    #[test]
    fn a_password_may_have_two_dollars() {
        let of = |value: &[u8]| reason(value, 0..value.len(), value, Kind::Password);
        assert_eq!(of(b"M@$$h0dn!!"), None);
        assert_eq!(of(b"$$DB_PASS"), Some(Reason::Template));
    }

    #[test]
    fn a_value_that_is_cut_off_is_masked() {
        let text = b"sk_live_q8Zt1LmV0xWc...";
        assert_eq!(reason(text, 0..20, &text[8..20], Kind::Token), Some(Reason::Masked));
    }
}
