//! Whether a value is part of an entry of a straykey baseline: a fingerprint, which opens nothing, beside
//! the name of a rule, which asks for what looks just like it.

use std::ops::Range;

use super::line_of;

/// What the first line of a baseline begins with.
pub const HEADER: &str = "# straykey baseline v1";

/// Whether `secret` is the fingerprint of an entry.
pub fn is_fingerprint(text: &[u8], secret: &Range<usize>) -> bool {
    fields(text, secret).is_some_and(|(line, fields)| {
        let start = line.start + fields[0].len() + 1;
        secret.start >= start && secret.end <= start + fields[1].len()
    })
}

/// Whether `secret` stands in an entry.
pub fn is_inside(text: &[u8], secret: &Range<usize>) -> bool {
    fields(text, secret).is_some()
}

/// The line of `secret` and its four fields, if it is an entry: rule, fingerprint, where, path.
fn fields<'t>(text: &'t [u8], secret: &Range<usize>) -> Option<(Range<usize>, [&'t [u8]; 4])> {
    if !text.starts_with(HEADER.as_bytes()) {
        return None;
    }
    let line = line_of(text, secret);
    let parts: Vec<&[u8]> = text[line.clone()].splitn(4, |b| *b == b' ').collect();
    let fields: [&[u8]; 4] = parts.try_into().ok()?;
    let is_entry = fields[1].len() == 32
        && fields[1].iter().all(u8::is_ascii_hexdigit)
        && matches!(fields[2], b"tree" | b"history");
    is_entry.then_some((line, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "a-rule 0123456789abcdef0123456789abcdef tree config/password.yml";

    #[test]
    fn an_entry_is_told_from_a_secret_in_its_place() {
        let text = format!("{HEADER}: more\n{ENTRY}\na-rule 0123 tree x\n");
        let at = |part: &str| {
            let at = text.find(part).expect("it is there");
            at..at + part.len()
        };
        let both = |part| {
            let span = at(part);
            [is_fingerprint(text.as_bytes(), &span), is_inside(text.as_bytes(), &span)]
        };
        assert_eq!(both("0123456789abcdef0123456789abcdef"), [true, true]);
        assert_eq!(both("config/password.yml"), [false, true]);
        assert_eq!(both("0123 tree"), [false, false]);
        assert!(!is_inside(ENTRY.as_bytes(), &(7..39)), "no header, no baseline");
    }
}
