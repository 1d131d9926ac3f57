//! The strings of an object outside of contents: what notes, links, forms, scripts and properties say, a line for each
//! with its name in front; and the files that it holds.

use super::{
    lexer::{Lexer, Token, Written, name},
    value::{text, whole},
};

/// Shorter strings are no secrets.
const MIN_BYTES: usize = 4;
/// What is deeper in there has no names.
const MAX_DEPTH: usize = 64;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Strings {
    pub(super) lines: String,
    /// Names of files, and the numbers of their streams.
    pub(super) files: Vec<(Vec<u8>, u32)>,
}

/// A dictionary or an array that is open.
#[derive(Debug, Default)]
struct Frame<'d> {
    is_dict: bool,
    /// What the next value of the dictionary is called, or the array itself.
    key: &'d [u8],
    is_value_next: bool,
    /// Whether it says where the bytes of a file are.
    holds_file: bool,
    /// The name and the value of a field.
    field: Option<String>,
    value: Option<String>,
    usual_value: Option<String>,
    file_name: Vec<u8>,
    file: Option<u32>,
}

impl Strings {
    /// Adds those of the object that is `written` so.
    pub(super) fn add(&mut self, written: &[u8]) {
        let (mut frames, mut deeper) = (Vec::<Frame<'_>>::new(), 0_usize);
        let mut numbers = [0.0; 2];
        for token in Lexer::new(written) {
            match token {
                Token::OpenDict | Token::OpenArray if frames.len() == MAX_DEPTH => deeper += 1,
                Token::OpenDict | Token::OpenArray => {
                    let key = frames.last().map_or(&b""[..], |outer| outer.key);
                    let is_dict = token == Token::OpenDict;
                    let holds_file = is_dict && key == b"EF";
                    frames.push(Frame { is_dict, key, holds_file, ..Frame::default() });
                }
                Token::CloseDict | Token::CloseArray if deeper > 0 => deeper -= 1,
                Token::CloseDict | Token::CloseArray => {
                    if let Some(frame) = frames.pop() {
                        self.close(frame, &mut frames);
                    }
                }
                Token::Name(written) => match frames.last_mut() {
                    Some(frame) if frame.is_dict && !frame.is_value_next => {
                        (frame.key, frame.is_value_next) = (written, true);
                        continue;
                    }
                    Some(_) | None => {}
                },
                Token::String(written) => self.string(written, frames.last_mut()),
                Token::Number(number) => numbers = [numbers[1], number],
                Token::Word(b"R") => {
                    if let Some(frame) = frames.last_mut().filter(|frame| frame.holds_file) {
                        frame.file = whole(numbers[0]).or(frame.file);
                    }
                }
                Token::Word(_) => {}
            }
            if let Some(frame) = frames.last_mut() {
                // Of a reference, the first number is not all of the value; the next name is a key all the same.
                frame.is_value_next = false;
            }
        }
        while let Some(frame) = frames.pop() {
            self.close(frame, &mut frames);
        }
    }

    fn string(&mut self, written: Written<'_>, frame: Option<&mut Frame<'_>>) {
        let bytes = written.bytes();
        let Some(said) = text(&bytes) else { return };
        match frame {
            Some(frame) if frame.is_dict => match &*name(frame.key) {
                b"T" => frame.field = Some(said),
                b"V" => frame.value = Some(said),
                b"DV" => frame.usual_value = Some(said),
                key => {
                    if matches!(key, b"UF") || key == b"F" && frame.file_name.is_empty() {
                        frame.file_name = said.clone().into_bytes();
                    }
                    self.line(key, &said);
                }
            },
            Some(_) if said.len() < MIN_BYTES => {}
            // Only the first of a list: its name must not be written more often than it was read.
            Some(frame) => self.line(&name(std::mem::take(&mut frame.key)), &said),
            None => self.line(b"", &said),
        }
    }

    fn line(&mut self, key: &[u8], said: &str) {
        if said.len() < MIN_BYTES {
            return;
        }
        if !key.is_empty() {
            self.lines.push_str(&String::from_utf8_lossy(key));
            self.lines.push_str(": ");
        }
        self.lines.push_str(said);
        self.lines.push('\n');
    }

    /// Says what is known of `frame` when it closes.
    fn close(&mut self, frame: Frame<'_>, outer: &mut [Frame<'_>]) {
        let values = [&frame.value, &frame.usual_value];
        let is_same = frame.value == frame.usual_value;
        let name = frame.field.as_deref().unwrap_or("V").as_bytes();
        for value in values.into_iter().flatten().skip(usize::from(is_same)) {
            self.line(name, value);
        }
        if let (Some(field), [None, None]) = (&frame.field, values) {
            self.line(b"T", field);
        }
        match (frame.holds_file, frame.file, outer.last_mut()) {
            (true, Some(file), Some(outer)) => outer.file = Some(file),
            (false, Some(file), _) => self.files.push((frame.file_name, file)),
            (_, None, _) | (true, Some(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(written: &str) -> Strings {
        let mut strings = Strings::default();
        strings.add(written.as_bytes());
        strings
    }

    #[test]
    fn strings_have_the_names_of_what_they_are() {
        let all = strings(
            "<</Title(A title)/A<</S/URI/URI(https://a.test/)>>/Names[(one) 3 0 R(chapter)]\
             /ID[<0102030405><00>]/Type/X/T(db_password)/Kids[1 0 R]/V(a value)/DV(a value)>>",
        );
        let lines = "Title: A title\nURI: https://a.test/\nNames: chapter\ndb_password: a value\n";
        assert_eq!((all.lines.as_str(), all.files), (lines, vec![]));
        assert_eq!(strings("(alone)").lines, "alone\n");
    }

    #[test]
    fn files_have_the_names_that_their_holders_have() {
        let all = strings(
            "[(a)<</Type/Filespec/F(old.env)/UF(new.env)/EF<</F 12 0 R/UF 12 0 R>>>>\
             <</EF<</F 7 0 R>>/F(b.zip)>>]",
        );
        assert_eq!(all.files, [(b"new.env".to_vec(), 12), (b"b.zip".to_vec(), 7)]);
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = format!("{}/A(text){}", "<</B[".repeat(1_000_000), "]>>".repeat(1_000_000));
        assert_eq!(strings(&deep).lines, "B: text\n");
    }
}
