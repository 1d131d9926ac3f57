//! Objects of PDF: what they are made of is read when it is asked for, from where it stands.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::lexer::{Lexer, Token, Written, name};

/// An object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'d> {
    Number(f64),
    Name(&'d [u8]),
    String(Written<'d>),
    /// What stands between its brackets.
    Array(&'d [u8]),
    Dict(Dict<'d>),
    /// The object of this number.
    Reference(u32),
    /// `true`, `false`, `null`, or what is no object.
    Word(&'d [u8]),
}

/// What stands between the brackets of a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Dict<'d>(pub(super) &'d [u8]);

/// No object has these in it: whatever is open where one stands was never closed.
const BORDERS: [&[u8]; 6] = [b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer"];

impl<'d> Lexer<'d> {
    /// The next object.
    pub(super) fn value(&mut self) -> Option<Value<'d>> {
        Some(match self.next()? {
            Token::Number(number) => self.reference(number).unwrap_or(Value::Number(number)),
            Token::Name(name) => Value::Name(name),
            Token::String(text) => Value::String(text),
            Token::OpenArray => Value::Array(self.inner()),
            Token::OpenDict => Value::Dict(Dict(self.inner())),
            Token::CloseArray | Token::CloseDict => Value::Word(b""),
            Token::Word(word) => Value::Word(word),
        })
    }

    /// What `number` begins, if that is a reference.
    fn reference(&mut self, number: f64) -> Option<Value<'d>> {
        let mut ahead = self.clone();
        let is_reference =
            matches!(ahead.next()?, Token::Number(_)) && matches!(ahead.next()?, Token::Word(b"R"));
        let number = whole(number).filter(|_| is_reference)?;
        self.at = ahead.at;
        Some(Value::Reference(number))
    }

    /// Goes behind the bracket that closes the one before, and gives what is between them.
    fn inner(&mut self) -> &'d [u8] {
        let start = self.at;
        let mut depth = 1_usize;
        loop {
            let before = self.at;
            match self.next() {
                Some(Token::OpenArray | Token::OpenDict) => depth += 1,
                Some(Token::CloseArray | Token::CloseDict) => depth -= 1,
                Some(Token::Word(word)) if BORDERS.contains(&word) => {
                    self.at = before;
                    return self.since(start, before);
                }
                Some(Token::Number(_) | Token::Name(_) | Token::String(_) | Token::Word(_)) => {}
                None => return self.since(start, self.at),
            }
            if depth == 0 {
                return self.since(start, before);
            }
        }
    }
}

/// A number that counts something.
pub(super) fn whole(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (0.0..f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
}

impl<'d> Dict<'d> {
    /// Its entries, in their order.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'d [u8], Value<'d>)> {
        let mut lexer = Lexer::new(self.0);
        std::iter::from_fn(move || {
            loop {
                if let Value::Name(key) = lexer.value()? {
                    return Some((key, lexer.value()?));
                }
            }
        })
    }

    /// The value of `key`.
    pub(super) fn get(self, key: &[u8]) -> Option<Value<'d>> {
        self.entries().find(|(written, _)| *name(written) == *key).map(|(_, value)| value)
    }

    /// Whether the value of `key` is the name `of`.
    pub(super) fn is(self, key: &[u8], of: &[u8]) -> bool {
        matches!(self.get(key), Some(Value::Name(written)) if *name(written) == *of)
    }

    /// The number that `key` has in the dictionary itself.
    pub(super) fn number(self, key: &[u8]) -> Option<f64> {
        match self.get(key)? {
            Value::Number(number) => Some(number),
            Value::Name(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Dict(_)
            | Value::Reference(_)
            | Value::Word(_) => None,
        }
    }
}

/// What an array has between its brackets.
pub(super) fn items(array: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let mut lexer = Lexer::new(array);
    std::iter::from_fn(move || lexer.value())
}

/// The numbers of the objects that an array refers to.
pub(super) fn references(array: &[u8]) -> impl Iterator<Item = u32> {
    items(array).filter_map(|item| match item {
        Value::Reference(number) => Some(number),
        _ => None,
    })
}

/// The text of a string that is shown to people (ISO 32000-1, section 7.9.2.2; UTF-8: ISO 32000-2). `None` if it
/// has bytes that no text has.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let (encoding, rest) = match bytes {
        [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
        [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => (UTF_8, rest),
        // It differs from the encoding of documents in signs that no key has.
        _ => (WINDOWS_1252, bytes),
    };
    let (text, _) = encoding.decode_without_bom_handling(rest);
    let is_sign = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().all(is_sign).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_says_what_it_has_at_its_own_level() {
        let Some(Value::Dict(dict)) =
            Lexer::new(b"<</A<</B 1>>/B 2/#43[3 4 0 R(]>>)]/D 5 0 R/E null>>").value()
        else {
            panic!("no dictionary");
        };
        assert_eq!(dict.number(b"B"), Some(2.0));
        assert_eq!(dict.get(b"D"), Some(Value::Reference(5)));
        let Some(Value::Array(array)) = dict.get(b"C") else { panic!("no array") };
        let string = Value::String(Written::Literal(b"]>>"));
        assert_eq!(
            items(array).collect::<Vec<_>>(),
            [Value::Number(3.0), Value::Reference(4), string]
        );
        assert_eq!(dict.get(b"F"), None);
    }

    #[test]
    fn what_is_not_closed_ends_at_the_next_object() {
        let mut lexer = Lexer::new(b"<</A [1 2 endobj 3 0 obj");
        assert_eq!(lexer.value(), Some(Value::Dict(Dict(b"/A [1 2"))));
        assert_eq!(lexer.next(), Some(Token::Word(b"endobj")));
        let deep = b"[".repeat(1_000_000);
        assert_eq!(Lexer::new(&deep).value(), Some(Value::Array(&deep[1..])));
    }

    #[test]
    fn texts_have_three_encodings() {
        assert_eq!(text(b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(text(b"\xfe\xff\0a\0b").as_deref(), Some("ab"));
        assert_eq!(text(b"\xef\xbb\xbfc\xc3\xa9").as_deref(), Some("cé"));
        assert_eq!(text(b"\x01\x02"), None);
    }
}
