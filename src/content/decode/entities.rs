//! Character references of HTML and XML: by number, and the few names that XML has.

use super::word::Unit;

/// The names, as <https://www.w3.org/TR/xml/#sec-predefined-ent> lists them.
const NAMES: [(&[u8], char); 5] =
    [(b"&amp;", '&'), (b"&lt;", '<'), (b"&gt;", '>'), (b"&quot;", '"'), (b"&apos;", '\'')];

/// `&#65;`, `&#x41;` or `&amp;` at `at`.
pub(super) fn unit(text: &[u8], at: usize) -> Option<Unit> {
    /// Of a number: no character has more.
    const MAX_DIGITS: usize = 7;
    let rest = &text[at..];
    if let Some((name, char)) = NAMES.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some(Unit::char(name.len(), *char));
    }
    let number = rest.strip_prefix(b"&#")?;
    let (digits, radix, lead) = match number.first()? {
        b'x' | b'X' => (&number[1..], 16, 3),
        _ => (number, 10, 2),
    };
    let len = digits.iter().take(MAX_DIGITS + 1).position(|&b| b == b';').filter(|&n| n > 0)?;
    let code = digits[..len]
        .iter()
        .try_fold(0, |n, &b| Some(n * radix + char::from(b).to_digit(radix)?))?;
    Some(Unit::char(lead + len + 1, char::from_u32(code)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_characters() {
        assert_eq!(unit(b"&#95;", 0), Some(Unit::char(5, '_')));
        assert_eq!(unit(b"&#x5F;", 0), Some(Unit::char(6, '_')));
        assert_eq!(unit(b"&#0000095;", 0), Some(Unit::char(10, '_')));
        assert_eq!(unit(b"&amp;", 0), Some(Unit::char(5, '&')));
        let not = ["&", "&#", "&#;", "&#x;", "&#95", "&#9a;", "&#99999999;", "&#xd800;", "&foo;"];
        for not in not {
            assert_eq!(unit(not.as_bytes(), 0), None, "{not}");
        }
    }
}
