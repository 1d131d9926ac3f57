//! Whether a bare word after a name is a value or an expression: `password=hunter2` in an env file and
//! `password = hunter2` in a C file.

use std::ops::Range;

use super::line_of;
use crate::content::Text;

/// Extensions of files in which a literal has quotes.
const LANGUAGES: [&str; 62] = [
    "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "m", "mm", "cs", "java", "kt", "kts",
    "scala", "groovy", "gradle", "go", "rs", "swift", "dart", "js", "jsx", "mjs", "cjs", "ts",
    "tsx", "mts", "cts", "vue", "svelte", "py", "pyi", "pyx", "rb", "php", "pl", "pm", "lua", "r",
    "jl", "ex", "exs", "erl", "hrl", "hs", "ml", "mli", "fs", "fsx", "clj", "cljs", "coffee",
    "sol", "vb", "pas", "d", "nim", "zig", "s", "asm", "dts",
];

/// Whether the match at `whole` is an expression: the file is in a programming language, and the match
/// stands neither in a string nor in a comment nor in a query.
pub(super) fn is_expression(text: &Text<'_>, whole: &Range<usize>, secret: &Range<usize>) -> bool {
    let name = text.path.rsplit('/').next().unwrap_or_default();
    let is_language = name
        .rsplit_once('.')
        .is_some_and(|(_, e)| LANGUAGES.contains(&e.to_ascii_lowercase().as_str()));
    if !is_language {
        return false;
    }
    let line = line_of(&text.bytes, whole);
    let before = &text.bytes[line.start..whole.start];
    // The quote of a key, as in `"password": value`, opens no string.
    let word = before
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        .count();
    let line = &before[..before.len() - word];
    let closes = |quote: &u8| text.bytes[whole.start..secret.start].contains(quote);
    let line = match line.split_last() {
        Some((quote @ (b'"' | b'\''), rest)) if closes(quote) => rest,
        _ => before,
    };
    !(in_string(line)
        || in_comment(line)
        || in_query(line)
        || in_block(&text.bytes[..whole.start], name))
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
fn in_block(before: &[u8], name: &str) -> bool {
    /// A longer comment is a file of its own.
    const MAX_COMMENT_BYTES: usize = 16 << 10;
    /// Triple quotes are counted from the beginning: only that tells which opens and which closes.
    const MAX_COUNTED_BYTES: usize = 512 << 10;
    let near = &before[before.len().saturating_sub(MAX_COMMENT_BYTES)..];
    let last = |word: &[u8]| memchr::memmem::rfind(near, word);
    let is_odd = |quotes: &[u8]| {
        before.len() <= MAX_COUNTED_BYTES
            && memchr::memmem::find_iter(before, quotes).count() % 2 == 1
    };
    last(b"/*") > last(b"*/") || is_odd(b"\"\"\"") || is_odd(b"'''")
        // In Go and in JavaScript a string between back quotes goes over lines.
        || [".go", ".js", ".ts", ".mjs", ".jsx", ".tsx"].iter().any(|e| name.ends_with(e))
            && is_odd(b"`")
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
        is_expression(
            &Text::whole(line.as_bytes(), path),
            &(start..line.len()),
            &(value..value + 3),
        )
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
