//! Whether a bare word after a name is a value or an expression: `password=hunter2` in an env file and
//! `password = hunter2` in a C file.

use std::ops::Range;

use super::line_of;

/// Extensions of files in which a literal has quotes.
const LANGUAGES: [&str; 62] = [
    "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "m", "mm", "cs", "java", "kt", "kts",
    "scala", "groovy", "gradle", "go", "rs", "swift", "dart", "js", "jsx", "mjs", "cjs", "ts",
    "tsx", "mts", "cts", "vue", "svelte", "py", "pyi", "pyx", "rb", "php", "pl", "pm", "lua", "r",
    "jl", "ex", "exs", "erl", "hrl", "hs", "ml", "mli", "fs", "fsx", "clj", "cljs", "coffee",
    "sol", "vb", "pas", "d", "nim", "zig", "s", "asm", "dts",
];

/// How a programming language reads a value without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// As it stands: it has quotes, or stands in a string, a comment or a query.
    #[default]
    Literal,
    /// As the name of something else, or an expression.
    Expression,
    /// As it stands where back quotes hold strings, as an expression elsewhere.
    BetweenBackQuotes,
}

/// How a programming language reads the match at `whole`, whose value has no quotes of its own.
pub(super) fn reading(text: &[u8], whole: &Range<usize>, secret: &Range<usize>) -> Reading {
    let line = line_of(text, whole);
    let before = &text[line.start..whole.start];
    // The quote of a key, as in `"password": value`, opens no string.
    let word = before
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        .count();
    let line = &before[..before.len() - word];
    let closes = |quote: &u8| text[whole.start..secret.start].contains(quote);
    let line = match line.split_last() {
        Some((quote @ (b'"' | b'\''), rest)) if closes(quote) => rest,
        _ => before,
    };
    let before = &text[..whole.start];
    if in_string(line) || in_comment(line) || in_query(line) || in_block(before) {
        Reading::Literal
    } else if is_odd(before, b"`") {
        Reading::BetweenBackQuotes
    } else {
        Reading::Expression
    }
}

impl Reading {
    /// Whether it is an expression in the file at `path`.
    pub(super) fn is_expression(self, path: &str) -> bool {
        /// Languages in which a string between back quotes goes over lines.
        const BACK_QUOTES: [&str; 6] = ["go", "js", "ts", "mjs", "jsx", "tsx"];
        let name = path.rsplit('/').next().unwrap_or_default();
        let Some((_, extension)) = name.rsplit_once('.') else { return false };
        match self {
            Self::Literal => false,
            Self::BetweenBackQuotes if BACK_QUOTES.contains(&extension) => false,
            Self::BetweenBackQuotes | Self::Expression => {
                LANGUAGES.contains(&extension.to_ascii_lowercase().as_str())
            }
        }
    }
}

/// Whether quotes of one kind stand around `secret`: then it is what it says, and not the name of something.
pub(super) fn is_quoted(text: &[u8], secret: &Range<usize>) -> bool {
    let before = secret.start.checked_sub(1).map(|at| text[at]);
    before.is_some_and(|b| matches!(b, b'"' | b'\'')) && before == text.get(secret.end).copied()
}

/// Whether the quoted value at `secret` is the name of another value: in `"the password",` and below it
/// `"name": …` nothing is given to the password.
pub(super) fn is_key(text: &[u8], secret: &Range<usize>) -> bool {
    let quote =
        secret.start.checked_sub(1).map(|at| text[at]).filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    let after = &text[secret.end..text.len().min(secret.end + 8)];
    let Some(rest) = quote.and_then(|q| after.strip_prefix(&[q])) else { return false };
    let rest = rest.trim_ascii_start();
    (rest.starts_with(b":") && !rest.starts_with(b"::")) || rest.starts_with(b"=>")
}

/// Whether a comment or a string that began on an earlier line is still open.
fn in_block(before: &[u8]) -> bool {
    /// A longer comment is a file of its own.
    const MAX_COMMENT_BYTES: usize = 16 << 10;
    let near = &before[before.len().saturating_sub(MAX_COMMENT_BYTES)..];
    let last = |word: &[u8]| memchr::memmem::rfind(near, word);
    last(b"/*") > last(b"*/") || is_odd(before, b"\"\"\"") || is_odd(before, b"'''")
}

/// Whether so many `quotes` stand in `before` that the last of them opens something. They are counted
/// from the beginning: only that tells which opens and which closes.
fn is_odd(before: &[u8], quotes: &[u8]) -> bool {
    const MAX_COUNTED_BYTES: usize = 512 << 10;
    before.len() <= MAX_COUNTED_BYTES && memchr::memmem::find_iter(before, quotes).count() % 2 == 1
}

fn in_string(before: &[u8]) -> bool {
    let mut open = None;
    let mut bytes = before.iter();
    while let Some(&b) = bytes.next() {
        match (open, b) {
            (Some(_), b'\\') => {
                bytes.next();
            }
            (Some(quote), b) if b == quote => open = None,
            (None, b'"' | b'\'' | b'`') => open = Some(b),
            _ => {}
        }
    }
    open.is_some()
}

fn in_comment(before: &[u8]) -> bool {
    let line = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before).trim_ascii_start();
    [b"#".as_slice(), b"//", b"*", b"/*", b"--", b"%", b";"]
        .iter()
        .any(|leader| line.starts_with(leader))
        && !line.starts_with(b"#define")
}

fn in_query(before: &[u8]) -> bool {
    let word = before
        .iter()
        .rposition(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')));
    word.is_some_and(|at| {
        matches!(before[at], b'?' | b'&') && at > 0 && !before[at - 1].is_ascii_whitespace()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, line: &str) -> bool {
        let start = line.find("password").unwrap();
        let value = line.find("pw1").unwrap();
        reading(line.as_bytes(), &(start..line.len()), &(value..value + 3)).is_expression(path)
    }

    #[test]
    fn a_quoted_name_is_no_value() {
        let key = |text: &str| is_key(text.as_bytes(), &(1..4));
        assert!(key("'abc': 'x'"));
        assert!(key("\"abc\" => 1"));
        assert!(!key("'abc', 'x'"));
        assert!(!key("'abc'"));
    }

    #[test]
    fn a_bare_word_is_an_expression_in_code_only() {
        assert!(of("a.c", "ctx->password = pw1;"));
        assert!(of("a.py", "{'password': pw1}"));
        assert!(of("a.py", "{'old_password': pw1}"));
        assert!(!of("a.py", "['x-password: pw1'"), "the whole is a string");
        assert!(of("a.h", "#define password pw1"));
        assert!(!of(".env", "password=pw1"));
        assert!(!of("a.py", "dsn = 'user=x password=pw1'"));
        assert!(!of("a.py", "# password=pw1"));
        assert!(!of("a.py", "\"\"\"Usage:\n password=pw1"));
        assert!(of("a.py", "\"\"\"Usage.\"\"\"\npassword = pw1"));
        assert!(!of("a.c", "/* set\n password=pw1 */"));
        assert!(of("a.c", "/* set */\npassword = pw1;"));
        assert!(!of("a.js", "fetch(`x` + url?password=pw1"));
        assert!(!of("a.go", "conf := `users: [\n  {user: a, password: pw1"));
        assert!(of("a.go", "conf := `users`\n  a.password = pw1"));
    }
}
