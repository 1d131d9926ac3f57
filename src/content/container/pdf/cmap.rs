//! What characters the codes of a font are (ISO 32000-1, section 9.10.3), and how many bytes they have.

use super::{
    file::{File, Stream},
    lexer::{Token, Written},
    stream,
    window::Window,
};
use crate::content::container::{Members, Trouble};

/// More are not read of one font: its codes have two bytes.
const MAX_RANGES: usize = 1 << 16;
/// No code stands for more characters.
const MAX_TEXT_BYTES: usize = 16;

/// A map of codes.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// In their order.
    ranges: Vec<Range>,
    /// Numbers of bytes, and the first and the last code of so many.
    spaces: Vec<Codes>,
}

/// The codes from one to another, which have the same number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Codes {
    bytes: usize,
    first: u32,
    last: u32,
}

#[derive(Debug)]
struct Range {
    codes: Codes,
    /// What the first code stands for; the last character of it counts on.
    text: String,
}

/// What is being listed.
#[derive(Clone, Copy, PartialEq)]
enum List {
    Nothing,
    Spaces,
    Characters,
    Ranges,
}

impl Map {
    /// The map in `stream`.
    pub(super) fn read(
        file: &File<'_>,
        stream: Stream<'_>,
        members: &mut dyn Members,
    ) -> Result<Self, Trouble> {
        let mut window = Window::new(stream::reader(file, stream)?);
        let mut reading = Reading {
            map: Self::default(),
            list: List::Nothing,
            strings: Vec::new(),
            target: None,
        };
        while window.advance(members)? {
            let mut lexer = window.lexer();
            lexer.by_ref().for_each(|token| reading.take(token));
            let at = lexer.at;
            window.drop_first(at);
        }
        let mut map = reading.map;
        // Of equal codes, the last one said counts: the order of equals is kept.
        map.ranges.sort_by_key(|range| (range.codes.bytes, range.codes.first));
        Ok(map)
    }

    /// How many ranges it has.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// How many bytes the code has that `bytes` begin with, as far as the map says it.
    pub(super) fn code_bytes(&self, bytes: &[u8]) -> Option<usize> {
        let is_in = |space: &&Codes| {
            bytes
                .get(..space.bytes)
                .is_some_and(|code| (space.first..=space.last).contains(&code_number(code)))
        };
        self.spaces.iter().find(is_in).map(|space| space.bytes)
    }

    /// Gives the characters of `code` to `take`; `false` if the map has none.
    pub(super) fn characters(&self, code: &[u8], mut take: impl FnMut(char)) -> bool {
        let number = code_number(code);
        let key = (code.len(), number);
        let behind = self.ranges.partition_point(|r| (r.codes.bytes, r.codes.first) <= key);
        let range = behind.checked_sub(1).map(|at| &self.ranges[at]);
        let Some(range) = range.filter(|r| r.codes.bytes == code.len() && number <= r.codes.last)
        else {
            return false;
        };
        let offset = number - range.codes.first;
        let mut characters = range.text.chars();
        let Some(last) = characters.next_back() else { return false };
        characters.for_each(&mut take);
        char::from_u32(u32::from(last) + offset).into_iter().for_each(take);
        true
    }
}

/// The number that a code of up to four bytes is.
pub(super) fn code_number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |number, &byte| number << 8 | u32::from(byte))
}

struct Reading {
    map: Map,
    list: List,
    strings: Vec<Vec<u8>>,
    /// Of a range whose codes are listed one by one, the next code.
    target: Option<Codes>,
}

impl Reading {
    fn take(&mut self, token: Token<'_>) {
        match token {
            Token::Word(word) => {
                self.list = match word {
                    b"begincodespacerange" => List::Spaces,
                    b"beginbfchar" => List::Characters,
                    b"beginbfrange" => List::Ranges,
                    _ => List::Nothing,
                };
                self.strings.clear();
            }
            Token::String(written) if self.list != List::Nothing => self.string(written),
            Token::OpenArray => self.target = self.codes(),
            Token::CloseArray => {
                self.target = None;
                self.strings.clear();
            }
            Token::String(_)
            | Token::Number(_)
            | Token::Name(_)
            | Token::OpenDict
            | Token::CloseDict => {}
        }
    }

    /// The codes between the two strings that were read.
    fn codes(&self) -> Option<Codes> {
        let [first, last, ..] = &*self.strings else { return None };
        let is_code = (1..=4).contains(&first.len()) && first.len() == last.len();
        is_code.then(|| Codes {
            bytes: first.len(),
            first: code_number(first),
            last: code_number(last),
        })
    }

    fn string(&mut self, written: Written<'_>) {
        let mut bytes = written.bytes();
        bytes.truncate(MAX_TEXT_BYTES);
        if let Some(codes) = &mut self.target {
            let one = Codes { last: codes.first, ..*codes };
            if codes.first <= codes.last {
                codes.first = codes.first.saturating_add(1);
                self.add(one, &bytes);
            }
            return;
        }
        self.strings.push(bytes);
        match (self.list, self.strings.len()) {
            (List::Spaces, 2) => {
                if let Some(codes) = self.codes().filter(|_| self.map.spaces.len() < 64) {
                    self.map.spaces.push(codes);
                }
            }
            (List::Characters, 2) => {
                let target = self.strings.pop().unwrap_or_default();
                self.strings.extend(self.strings.first().cloned());
                self.codes().into_iter().for_each(|codes| self.add(codes, &target));
            }
            (List::Ranges, 3) => {
                let target = self.strings.pop().unwrap_or_default();
                self.codes().into_iter().for_each(|codes| self.add(codes, &target));
            }
            _ => return,
        }
        self.strings.clear();
    }

    fn add(&mut self, codes: Codes, target: &[u8]) {
        if self.map.ranges.len() == MAX_RANGES || codes.last < codes.first {
            return;
        }
        let text = match target {
            [one] => char::from(*one).to_string(),
            _ => encoding_rs::UTF_16BE.decode_without_bom_handling(target).0.into_owned(),
        };
        self.map.ranges.push(Range { codes, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Map {
        let mut reading =
            Reading { map: Map::default(), list: List::Nothing, strings: Vec::new(), target: None };
        super::super::lexer::Lexer::new(text.as_bytes()).for_each(|token| reading.take(token));
        let mut map = reading.map;
        map.ranges.sort_by_key(|range| (range.codes.bytes, range.codes.first));
        map
    }

    fn text(map: &Map, code: &[u8]) -> Option<String> {
        let mut text = String::new();
        map.characters(code, |c| text.push(c)).then_some(text)
    }

    #[test]
    fn codes_are_listed_in_three_ways() {
        let map = map("1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
             2 beginbfchar <0003> <0020> <0004> <00660066> endbfchar\n\
             2 beginbfrange <0010> <0012> <0041> <0020> <0022> [<0061> <D83DDE00> <007A>] endbfrange");
        let of = |code: u16| text(&map, &code.to_be_bytes());
        let expected = [" ", "ff", "A", "C", "a", "😀", "z"].map(|t| Some(t.to_owned()));
        assert_eq!([3, 4, 0x10, 0x12, 0x20, 0x21, 0x22].map(of), expected);
        assert_eq!([2, 5, 0x13, 0x23].map(of), [None, None, None, None]);
        assert_eq!(map.code_bytes(b"\0\x03"), Some(2));
        assert_eq!(text(&map, b"\x03"), None);
    }

    #[test]
    fn lists_that_lie_say_nothing() {
        let map =
            map("beginbfrange <02> <01> <0041> <01> <0002> <0041> <00> <FF> [<0041>] endbfrange \
             beginbfchar <> <0041> <01> endbfchar <01> <02> <03>");
        assert_eq!(map.len(), 1);
        assert_eq!(text(&map, b"\0").as_deref(), Some("A"));
    }
}
