//! Words of PDF: the syntax of objects and of page contents (ISO 32000-1, section 7.2 and 7.3).
//!
//! Nothing is copied, and nothing nests: whatever is in there, a token costs its own bytes.

use std::borrow::Cow;

/// One word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'d> {
    Number(f64),
    /// Without its slash, as it is written.
    Name(&'d [u8]),
    String(Written<'d>),
    OpenArray,
    CloseArray,
    OpenDict,
    CloseDict,
    /// An operator or a keyword.
    Word(&'d [u8]),
}

/// A string as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Written<'d> {
    /// What stands between parentheses.
    Literal(&'d [u8]),
    /// What stands between `<` and `>`.
    Hex(&'d [u8]),
}

/// Reads one token after the other.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'d> {
    bytes: &'d [u8],
    pub(super) at: usize,
    /// Whether `bytes` is all there is: else, what touches its end may go on.
    is_whole: bool,
}

impl<'d> Lexer<'d> {
    /// Of all of a text.
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self { bytes, at: 0, is_whole: true }
    }

    /// Of the beginning of a text. A token that touches the end is not read.
    pub(super) fn of_part(bytes: &'d [u8]) -> Self {
        Self { bytes, at: 0, is_whole: false }
    }

    /// Goes behind white space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                match memchr::memchr2(b'\n', b'\r', rest) {
                    Some(end) => self.at += end,
                    None if self.is_whole => self.at = self.bytes.len(),
                    None => return,
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The token that begins at `self.at`, and where it ends.
    fn token(&self) -> Option<(Token<'d>, usize)> {
        let rest = &self.bytes[self.at..];
        let one = |token| Some((token, self.at + 1));
        let two = |token| Some((token, self.at + 2));
        match (rest.first()?, rest.get(1)) {
            // A comment whose end is not there yet.
            (b'%', _) => None,
            (b'[', _) => one(Token::OpenArray),
            (b']', _) => one(Token::CloseArray),
            (b'<', Some(b'<')) => two(Token::OpenDict),
            (b'>', Some(b'>')) => two(Token::CloseDict),
            (b'(', _) => self.literal(),
            (b'<', _) => {
                let end = memchr::memchr(b'>', rest);
                let len = end.or(self.is_whole.then_some(rest.len()))?;
                let hex = Written::Hex(&rest[1..len.max(1)]);
                Some((Token::String(hex), self.at + (len + 1).min(rest.len())))
            }
            (b'/', _) => {
                let len = 1 + regular(&rest[1..]);
                Some((Token::Name(&rest[1..len]), self.at + len))
            }
            (b'>' | b')' | b'{' | b'}', _) => one(Token::Word(&rest[..1])),
            _ => {
                let len = regular(rest);
                let word = &rest[..len];
                let token = number(word).map_or(Token::Word(word), Token::Number);
                Some((token, self.at + len))
            }
        }
    }

    fn literal(&self) -> Option<(Token<'d>, usize)> {
        let rest = &self.bytes[self.at + 1..];
        let (mut depth, mut at) = (1_usize, 0);
        while let Some(next) = memchr::memchr3(b'(', b')', b'\\', &rest[at..]) {
            at += next + 1;
            match rest[at - 1] {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => at = (at + 1).min(rest.len()),
            }
            if depth == 0 {
                let text = Written::Literal(&rest[..at - 1]);
                return Some((Token::String(text), self.at + 1 + at));
            }
        }
        let cut = Token::String(Written::Literal(rest));
        self.is_whole.then_some((cut, self.bytes.len()))
    }

    /// What stands from `start` to `end`.
    pub(super) fn since(&self, start: usize, end: usize) -> &'d [u8] {
        &self.bytes[start..end.max(start)]
    }

    /// Whether all was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Goes behind the image that stands between operators, from its first byte. `false` if its end is not
    /// there yet.
    pub(super) fn skip_image(&mut self) -> bool {
        /// What follows an image is text: its own bytes may have these two letters in them, too.
        const LOOKED_AT: usize = 12;
        let rest = &self.bytes[self.at..];
        for end in memchr::memmem::find_iter(rest, b"EI") {
            let behind = &rest[end + 2..];
            let behind = &behind[..behind.len().min(LOOKED_AT)];
            if !self.is_whole && behind.len() < LOOKED_AT {
                break;
            }
            let is_word = end.checked_sub(1).is_none_or(|before| is_space(rest[before]))
                && behind.first().is_none_or(|&b| is_space(b));
            if is_word && behind.iter().all(|&b| is_space(b) && b != 0 || (32..127).contains(&b)) {
                self.at += end + 2;
                return true;
            }
        }
        self.at = match self.is_whole {
            true => self.bytes.len(),
            false => self.at.max(self.bytes.len().saturating_sub(LOOKED_AT + 3)),
        };
        false
    }
}

impl<'d> Iterator for Lexer<'d> {
    type Item = Token<'d>;

    fn next(&mut self) -> Option<Token<'d>> {
        self.skip_space();
        let (token, end) = self.token()?;
        if !self.is_whole && end >= self.bytes.len() {
            return None;
        }
        self.at = end;
        Some(token)
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0c | 0)
}

/// How many bytes of `bytes` neither separate words nor begin one of their own.
fn regular(bytes: &[u8]) -> usize {
    let ends = |&b: &u8| {
        is_space(b)
            || matches!(b, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
    };
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

fn number(word: &[u8]) -> Option<f64> {
    let digits = match word {
        [b'-' | b'+', rest @ ..] => rest,
        _ => word,
    };
    let (mut value, mut scale, mut is_fraction) = (0.0, 1.0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' if is_fraction => {
                scale /= 10.0;
                value += scale * f64::from(byte - b'0');
            }
            b'0'..=b'9' => value = value * 10.0 + f64::from(byte - b'0'),
            b'.' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    digits.iter().any(u8::is_ascii_digit).then_some(if word[0] == b'-' { -value } else { value })
}

impl Written<'_> {
    /// The bytes of the string.
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Hex(digits) => hex(digits),
            Self::Literal(text) => unescaped(text),
        }
    }
}

fn hex(written: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = written.iter().filter_map(|&b| digit(b)).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect()
}

/// The value of a hex digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        bytes.extend_from_slice(&rest[..at]);
        let escaped = &rest[at + 1..];
        let octal = escaped.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
        let len = match escaped.first() {
            _ if octal > 0 => {
                let value = escaped[..octal].iter().fold(0_u32, |v, b| v * 8 + u32::from(b - b'0'));
                bytes.push(value as u8);
                octal
            }
            // A break behind a backslash is none.
            Some(b'\r') if escaped.get(1) == Some(&b'\n') => 2,
            Some(b'\r' | b'\n') => 1,
            Some(&byte) => {
                bytes.push(match byte {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    other => other,
                });
                1
            }
            None => 0,
        };
        rest = &escaped[len..];
    }
    bytes.extend_from_slice(rest);
    bytes
}

/// The bytes of a name, in which `#41` is `A`.
pub(super) fn name(written: &[u8]) -> Cow<'_, [u8]> {
    if !written.contains(&b'#') {
        return Cow::Borrowed(written);
    }
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written;
    while let [first, behind @ ..] = rest {
        let code = match (first, behind) {
            (b'#', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        bytes.push(code.map_or(*first, |(high, low)| high << 4 | low));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &[u8]) -> Vec<Token<'_>> {
        Lexer::new(text).collect()
    }

    #[test]
    fn words_need_no_space_where_they_end_by_themselves() {
        let literal = |text| Token::String(Written::Literal(text));
        assert_eq!(
            tokens(b"[(a(b)\\))-20.5<41>]TJ/F#411 .5 Tf%x\n<</A/B>>"),
            [
                Token::OpenArray,
                literal(b"a(b)\\)"),
                Token::Number(-20.5),
                Token::String(Written::Hex(b"41")),
                Token::CloseArray,
                Token::Word(b"TJ"),
                Token::Name(b"F#411"),
                Token::Number(0.5),
                Token::Word(b"Tf"),
                Token::OpenDict,
                Token::Name(b"A"),
                Token::Name(b"B"),
                Token::CloseDict,
            ]
        );
        assert_eq!(tokens(b"- 1.2.3 --4"), [b"-".as_slice(), b"1.2.3", b"--4"].map(Token::Word));
        assert_eq!(tokens(b"(open"), [literal(b"open")]);
        assert_eq!(tokens(b"<41"), [Token::String(Written::Hex(b"41"))]);
    }

    #[test]
    fn what_touches_the_end_of_a_part_is_left() {
        for text in [b"a (b".as_slice(), b"a <4", b"a bc", b"a % b", b"a 12", b"a /N", b"a <"] {
            let mut lexer = Lexer::of_part(text);
            assert_eq!(lexer.next(), Some(Token::Word(b"a")));
            assert_eq!((lexer.next(), lexer.at), (None, 2), "{text:?}");
        }
    }

    #[test]
    fn strings_and_names_have_escapes() {
        let literal = Written::Literal(b"a\\n\\051\\1x\\(\\\r\nb\\q\\");
        assert_eq!(literal.bytes(), b"a\n)\x01x(bq");
        assert_eq!(Written::Hex(b"41 4 2\n5").bytes(), b"ABP");
        assert_eq!(&*name(b"A#42#4"), b"AB#4");
    }

    #[test]
    fn an_image_ends_where_text_goes_on() {
        let mut lexer = Lexer::new(b" \x01\xffaEI EI \x01\0 EI Q (a) Tj");
        assert!(lexer.skip_image());
        assert_eq!(lexer.next(), Some(Token::Word(b"Q")));
        assert!(!Lexer::new(b"abc EIx").skip_image());
    }
}
