//! Names and codes of characters (Adobe Glyph List Specification; ISO 32000-1, annex D), as far as keys and what
//! stands beside them need it.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

/// What the names of signs stand for; letters are their own.
const NAMES: [(&str, char); 68] = [
    ("space", ' '),
    ("nbspace", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("minus", '-'),
    ("sfthyphen", '-'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("asciicircum", '^'),
    ("circumflex", '^'),
    ("underscore", '_'),
    ("grave", '`'),
    ("braceleft", '{'),
    ("bar", '|'),
    ("braceright", '}'),
    ("asciitilde", '~'),
    ("tilde", '~'),
    ("quoteleft", '\u{2018}'),
    ("quoteright", '\u{2019}'),
    ("quotedblleft", '\u{201c}'),
    ("quotedblright", '\u{201d}'),
    ("quotesinglbase", '\u{201a}'),
    ("quotedblbase", '\u{201e}'),
    ("guillemotleft", '«'),
    ("guillemotright", '»'),
    ("endash", '\u{2013}'),
    ("emdash", '\u{2014}'),
    ("ellipsis", '\u{2026}'),
    ("bullet", '\u{2022}'),
    ("dotlessi", 'ı'),
    ("germandbls", 'ß'),
    ("ff", '\u{fb00}'),
    ("fi", '\u{fb01}'),
    ("fl", '\u{fb02}'),
    ("ffi", '\u{fb03}'),
    ("ffl", '\u{fb04}'),
    ("section", '§'),
];

/// The character that a glyph is named for.
pub(super) fn named(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    // What follows a dot is a variant of it.
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    let mut letters = name.chars();
    match (letters.next(), letters.as_str()) {
        (Some(letter), "") => Some(letter),
        (Some('u'), code) if known.is_none() => match code.strip_prefix("ni") {
            Some(digits) => digits.get(..4).and_then(hex),
            None => hex(code).filter(|_| (4..=6).contains(&code.len())),
        },
        _ => known,
    }
}

/// The character of each code.
pub(super) type Codes = [char; 256];

/// The codes of the encoding `name`; most have those of Windows.
pub(super) fn codes(name: &[u8]) -> Codes {
    match name {
        b"MacRomanEncoding" => of_encoding(MACINTOSH),
        b"StandardEncoding" => {
            let mut codes = of_encoding(WINDOWS_1252);
            (codes[0x27], codes[0x60]) = ('\u{2019}', '\u{2018}');
            (codes[0xae], codes[0xaf]) = ('\u{fb01}', '\u{fb02}');
            codes
        }
        _ => of_encoding(WINDOWS_1252),
    }
}

fn of_encoding(encoding: &'static Encoding) -> Codes {
    let character = |code: u8| {
        let bytes = [code];
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        text.chars().next().unwrap_or(' ')
    };
    std::array::from_fn(|code| character(code as u8))
}

/// Adds `character` to a text, as it is written in a key: without ligatures, and with one sort of space.
pub(super) fn push(character: char, text: &mut String) {
    match character {
        '\u{fb00}' => text.push_str("ff"),
        '\u{fb01}' => text.push_str("fi"),
        '\u{fb02}' => text.push_str("fl"),
        '\u{fb03}' => text.push_str("ffi"),
        '\u{fb04}' => text.push_str("ffl"),
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\t' => text.push(' '),
        '\u{2010}' | '\u{2011}' => text.push('-'),
        // Invisible ones stand where a line may break.
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
        _ if character.is_control() => {}
        _ => text.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_characters() {
        let all: [(&str, Option<char>); 9] = [
            ("A", Some('A')),
            ("u", Some('u')),
            ("underscore", Some('_')),
            ("seven.oldstyle", Some('7')),
            ("uni005F", Some('_')),
            ("u1F600", Some('😀')),
            ("g23", None),
            (".notdef", None),
            ("unknown", None),
        ];
        for (name, character) in all {
            assert_eq!(named(name.as_bytes()), character, "{name}");
        }
    }

    #[test]
    fn codes_are_those_of_the_encoding() {
        assert_eq!(codes(b"WinAnsiEncoding")[0x80], '€');
        assert_eq!(codes(b"MacRomanEncoding")[0x80], 'Ä');
        assert_eq!(codes(b"StandardEncoding")[0x27], '’');
        assert_eq!(codes(b"")[usize::from(b'_')], '_');
    }

    #[test]
    fn a_text_has_letters_and_one_sort_of_space() {
        let mut text = String::new();
        "a\u{fb03}b\u{a0}c\u{ad}d\u{0}\u{2011}".chars().for_each(|c| push(c, &mut text));
        assert_eq!(text, "affib cd-");
    }
}
