//! The text of office documents: what stands between the tags of their XML, line by line.
//!
//! An editor cuts a word into runs at will, each in tags of its own, so a key in a document is whole only
//! without them. This reads from front to back with a few bytes of memory, whatever is in there: a
//! reader of XML that checks what it reads would keep a tag of a gigabyte, or stop at the first error.

use std::io::{self, BufRead, BufReader, Read};

/// A longer name of a tag or a character is nothing that matters here.
const MAX_NAME_BYTES: usize = 32;

/// Whether the member `name` of a zip is text of a document: of Word, Excel, PowerPoint or LibreOffice.
pub fn is_markup(name: &str, head: &[u8]) -> bool {
    let places = ["word/", "xl/worksheets/", "xl/sharedStrings", "ppt/slides/", "ppt/notesSlides/"];
    let is_place = name == "content.xml" || places.iter().any(|place| name.starts_with(place));
    is_place && name.ends_with(".xml") && head.trim_ascii_start().starts_with(b"<")
}

/// Reads the text of a document from its XML.
#[derive(Debug)]
pub struct Plain<R> {
    markup: BufReader<R>,
    state: State,
    /// Of the tag or the character that is being read.
    name: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// In the name of a tag.
    Name,
    /// Behind it.
    Tag,
    /// In a value, up to this quote.
    Quoted(u8),
    /// Behind a `&`.
    Character,
}

impl<R: Read> Plain<R> {
    /// The text in `markup`.
    pub fn new(markup: R) -> Self {
        Self { markup: BufReader::new(markup), state: State::Text, name: Vec::new() }
    }

    /// Takes a byte of markup; what it ends or is goes to `out`.
    fn take(&mut self, byte: u8, out: &mut Vec<u8>) {
        match (self.state, byte) {
            (State::Text, b'<') => self.begin(State::Name),
            (State::Text, b'&') => self.begin(State::Character),
            // Line breaks between tags are the layout of the file.
            (State::Text, b'\n' | b'\r') => {}
            (State::Text, _) => out.push(byte),
            (State::Name | State::Tag, b'>') => {
                out.extend(meaning(&self.name));
                self.state = State::Text;
            }
            (State::Name, b' ' | b'\t' | b'\n' | b'\r') => self.state = State::Tag,
            (State::Tag, b'"' | b'\'') => self.state = State::Quoted(byte),
            (State::Quoted(quote), _) if byte == quote => self.state = State::Tag,
            (State::Character, b';') => {
                let mut utf8 = [0; 4];
                if let Some(c) = character(&self.name) {
                    out.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
                }
                self.state = State::Text;
            }
            (State::Name | State::Character, _) if self.name.len() < MAX_NAME_BYTES => {
                self.name.push(byte);
            }
            (State::Name | State::Tag | State::Quoted(_), _) => {}
            // No character has so long a name: it was a lone `&`.
            (State::Character, _) => self.state = State::Text,
        }
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.name.clear();
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        /// What one byte of markup can become.
        const MOST: usize = 4;
        let mut text = Vec::with_capacity(out.len());
        while text.len() + MOST <= out.len() {
            let room = out.len() - text.len();
            let markup = self.markup.fill_buf()?;
            if markup.is_empty() {
                break;
            }
            let bytes = markup[..markup.len().min(room / MOST)].to_vec();
            self.markup.consume(bytes.len());
            bytes.iter().for_each(|&byte| self.take(byte, &mut text));
        }
        out[..text.len()].copy_from_slice(&text);
        Ok(text.len())
    }
}

/// What a tag means to the text.
fn meaning(tag: &[u8]) -> Option<u8> {
    let local = |tag: &'_ [u8]| tag.rsplit(|&b| b == b':').next().unwrap_or_default().to_vec();
    match tag.strip_prefix(b"/") {
        Some(end) => match &*local(end) {
            b"p" | b"h" | b"si" | b"row" | b"table-row" => Some(b'\n'),
            b"c" | b"table-cell" | b"tc" => Some(b'\t'),
            _ => None,
        },
        None => match &*local(tag.strip_suffix(b"/").unwrap_or(tag)) {
            b"br" | b"cr" | b"line-break" => Some(b'\n'),
            b"tab" => Some(b'\t'),
            b"s" => Some(b' '),
            _ => None,
        },
    }
}

/// The character that stands between `&` and `;`.
fn character(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        _ => {
            let number = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(markup: &str) -> String {
        let mut text = String::new();
        Plain::new(markup.as_bytes()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn runs_are_joined_and_paragraphs_are_lines() {
        let runs = "<w:p a='>'><w:r><w:t>ab</w:t></w:r>\n<w:r><w:t>cd</w:t></w:r></w:p>\n<w:p>e<w:br/>f</w:p>";
        assert_eq!(plain(runs), "abcd\ne\nf\n");
        assert_eq!(plain("<si><t>a</t></si><si><t>b</t></si>"), "a\nb\n");
        assert_eq!(plain("<row><c><v>1</v></c><c><v>2</v></c></row>"), "1\t2\t\n");
    }

    #[test]
    fn characters_are_what_they_stand_for() {
        assert_eq!(plain("a&amp;b&#65;&#x42;&nbsp;c&#xd800;"), "a&bABc");
    }

    #[test]
    fn broken_markup_ends() {
        let long = format!("a<{}b", "x".repeat(100_000));
        assert_eq!(plain(&long), "a");
        assert_eq!(plain("a&"), "a");
        assert_eq!(plain("<w:p a=\"<<>>>"), "");
    }

    #[test]
    fn only_texts_of_documents_are_markup() {
        assert!(is_markup("word/document.xml", b"<?xml"));
        assert!(is_markup("content.xml", b"<office"));
        assert!(!is_markup("word/document.xml", b"TOKEN=1"));
        assert!(!is_markup("pom.xml", b"<?xml"));
    }
}
