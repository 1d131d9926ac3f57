//! PDF: what its pages show, page by page, and what stands in it besides: properties, notes, links, forms, scripts and
//! the files that are attached to it.
//!
//! `lopdf` (0.47) builds all objects of a file at once, which takes a hundred times the bytes of a hostile one;
//! `hayro-syntax` (0.9) expands streams without a limit, and streams of objects unasked. So it is read here: objects
//! where they stand, streams a piece at a time at the expense of the budget, and nothing twice.
//!
//! What stands on a page is found in the order in which it is drawn. Pictures of text are not read.

mod cmap;
mod content;
mod file;
mod filter;
mod font;
mod glyph;
mod layout;
mod lexer;
mod pages;
mod predictor;
mod scan;
mod sheet;
mod stream;
mod strings;
mod value;
mod window;

use std::io::Read;

use self::{
    content::{Contents, Resources},
    file::{File, Stream},
    lexer::{Lexer, Token},
    pages::Page,
    sheet::{Sheet, Troubles},
    strings::Strings,
    value::{Dict, Value},
};
use super::{Members, Trouble, named};
use crate::{coverage::Limit, route::Step};

/// What stands before a file may be longer nowhere.
const MAX_BEFORE_BYTES: usize = 1024;

/// Whether a PDF begins with `head`, or behind what was put in front of it: white space, or what no text has.
pub(super) fn is_pdf(head: &[u8]) -> bool {
    const MAGIC: &[u8] = b"%PDF-";
    let start = &head[..head.len().min(MAX_BEFORE_BYTES)];
    let Some(at) = memchr::memmem::find(start, MAGIC) else { return false };
    let before = &start[..at];
    let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
    let is_version = matches!(start[at + MAGIC.len()..], [b'1' | b'2', b'.', b'0'..=b'9', ..]);
    // A text that only speaks of them is searched as such, and so is what has no object.
    let is_first = before.trim_ascii().is_empty();
    let is_meant = is_first || is_version && memchr::memchr2(0, 0x1b, before).is_some();
    is_meant && scan::next_object(head, at).is_some()
}

/// Gives what a PDF holds.
pub(super) fn open(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let bytes = members.hold(input)?;
    let file = File::read(&bytes, members)?;
    let mut document = Document {
        contents: Contents::new(&file),
        file: &file,
        files: Vec::new(),
        troubles: Troubles::default(),
    };
    document.pages(members)?;
    document.information(members)?;
    document.files(members)?;
    document.others(members)?;
    if !file.others.is_empty() {
        members.member(Step::Named("between objects".into()), &mut &*file.others)?;
    }
    let Document { mut troubles, contents, .. } = document;
    troubles.add(&contents.fonts.troubles);
    troubles.add(&file.troubles);
    troubles.say(members)
}

struct Document<'f, 'd> {
    file: &'f File<'d>,
    contents: Contents<'f, 'd>,
    /// Files that objects hold, with their names.
    files: Vec<(Vec<u8>, u32)>,
    troubles: Troubles,
}

fn numbered(kind: &'static str, number: usize) -> Step {
    Step::Part { kind, number }
}

impl<'f> Document<'f, '_> {
    fn pages(&mut self, members: &mut dyn Members) -> Result<(), Limit> {
        let pages = pages::pages(self.file, &mut self.contents.seen, members)?;
        for (page, number) in pages.into_iter().zip(1..) {
            let mut sheet = Sheet::new(numbered("page", number));
            self.page(page, &mut sheet, members)?;
            members.spend(self.file.take_work())?;
            self.give(sheet, members)?;
        }
        Ok(())
    }

    /// Adds to `sheet` what `page` shows, and the notes on it.
    fn page(
        &mut self,
        page: Page<'f>,
        sheet: &mut Sheet,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let streams = self.streams(page.dict.get(b"Contents"));
        let resources = self.contents.resources(page.resources, Resources::default());
        self.contents.show(&streams, resources, sheet, members)?;
        sheet.add_lines(&self.strings(page.number));
        let mut notes = self.references(page.dict.get(b"Annots"));
        notes.reverse();
        while let Some(note) = notes.pop() {
            let lines = self.strings(note);
            sheet.add_lines(&lines);
            let Value::Dict(dict) = self.file.resolve(Value::Reference(note)) else { continue };
            let mut looks = Sheet::new(self.file.step(note));
            self.appearance(dict, resources, &mut looks, members)?;
            sheet.add(looks, &lines);
            // A field has its name and its value where its boxes have them in common.
            notes.extend(self.references(dict.get(b"Parent")).into_iter().take(1));
            members.spend(self.file.take_work())?;
            sheet.give_lines(members)?;
        }
        Ok(())
    }

    /// Adds what the note `dict` looks like.
    fn appearance(
        &mut self,
        dict: Dict<'f>,
        around: Resources<'f>,
        sheet: &mut Sheet,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let Some(looks) = self.file.dict_at(dict, b"AP") else { return Ok(()) };
        for stream in self.streams(looks.get(b"N")) {
            let resources = self.contents.resources(stream.dict.get(b"Resources"), around);
            self.contents.show(&[stream], resources, sheet, members)?;
            sheet.layout.end_line();
        }
        Ok(())
    }

    /// The objects that `value` refers to, by itself or as an array, and that were not seen before.
    fn references(&mut self, value: Option<Value<'f>>) -> Vec<u32> {
        let mut value = value;
        if let Some(Value::Reference(number)) = value {
            match self.file.resolve(Value::Reference(number)) {
                array @ Value::Array(_) if self.contents.seen.insert(number) => value = Some(array),
                Value::Array(_) => return Vec::new(),
                _ => {}
            }
        }
        let seen = &mut self.contents.seen;
        match value {
            Some(Value::Reference(number)) if seen.insert(number) => vec![number],
            Some(Value::Array(array)) => {
                value::references(array).filter(|&number| seen.insert(number)).collect()
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn streams(&mut self, value: Option<Value<'f>>) -> Vec<Stream<'f>> {
        let file = self.file;
        self.references(value).into_iter().filter_map(|number| file.stream(number)).collect()
    }

    /// The strings of the object `number`, a line each.
    fn strings(&mut self, number: u32) -> String {
        let mut strings = Strings::default();
        strings.add(self.file.written(number));
        self.files.append(&mut strings.files);
        strings.lines
    }

    fn give(&mut self, sheet: Sheet, members: &mut dyn Members) -> Result<(), Limit> {
        let troubles = sheet.give(members)?;
        self.troubles.add(&troubles);
        Ok(())
    }

    fn information(&mut self, members: &mut dyn Members) -> Result<(), Limit> {
        let number = self.file.information().filter(|&n| self.contents.seen.insert(n));
        let Some(number) = number else { return Ok(()) };
        let mut sheet = Sheet::new(Step::Named("document information".into()));
        sheet.add_lines(&self.strings(number));
        self.give(sheet, members)
    }

    /// Gives the files that were found so far.
    fn files(&mut self, members: &mut dyn Members) -> Result<(), Limit> {
        for number in self.file.numbers() {
            // Holders of files are where nobody looks for them; what else they say comes in its turn.
            let written = self.file.written(number);
            if memchr::memmem::find(written, b"EF").is_some() {
                let mut strings = Strings::default();
                strings.add(written);
                self.files.append(&mut strings.files);
            }
        }
        members.spend(self.file.take_work())?;
        for (name, number) in std::mem::take(&mut self.files) {
            let Some(stream) = self.file.stream(number) else { continue };
            if self.contents.seen.insert(number) {
                let step = if name.is_empty() { self.file.step(number) } else { named(&name) };
                self.give_bytes(step, stream, members)?;
            }
        }
        Ok(())
    }

    fn give_bytes(
        &self,
        step: Step,
        stream: Stream<'f>,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        match stream::reader(self.file, stream) {
            Ok(mut content) => members.member(step, &mut *content),
            Err(trouble) => members.gap(step, trouble),
        }
    }

    /// Gives what no page leads to.
    fn others(&mut self, members: &mut dyn Members) -> Result<(), Limit> {
        for number in self.file.numbers() {
            if !self.contents.seen.insert(number) {
                continue;
            }
            let mut sheet = Sheet::new(self.file.step(number));
            sheet.add_lines(&self.strings(number));
            if let Some(stream) = self.file.stream(number) {
                self.other_stream(number, stream, &mut sheet, members)?;
            }
            members.spend(self.file.take_work())?;
            self.give(sheet, members)?;
        }
        Ok(())
    }

    fn other_stream(
        &mut self,
        number: u32,
        stream: Stream<'f>,
        sheet: &mut Sheet,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        const HEAD_BYTES: u64 = 4 << 10;
        if stream::is_image(self.file, stream) || has_no_text(stream.dict) {
            return Ok(());
        }
        if stream.dict.is(b"Type", b"EmbeddedFile") {
            return self.give_bytes(self.file.step(number), stream, members);
        }
        let mut content = match stream::reader(self.file, stream) {
            Ok(content) => content,
            Err(trouble) => {
                sheet.troubles.note(trouble);
                return Ok(());
            }
        };
        let head = stream::head(&mut content, HEAD_BYTES);
        members.spend(head.as_ref().map_or(0, Vec::len) as u64)?;
        match head {
            Err(_) => sheet.troubles.note(Trouble::Damaged),
            // Fonts, profiles and tables of numbers.
            Ok(head) if !is_text(&head) || is_map(&head) => {}
            Ok(head) if shows_text(&head) => {
                let own = stream.dict.get(b"Resources");
                let resources = self.contents.resources(own, Resources::default());
                self.contents.show(&[stream], resources, sheet, members)?;
            }
            Ok(head) if is_utf16(&head) => {
                members.member(self.file.step(number), &mut head.as_slice().chain(content))?;
            }
            Ok(head) => {
                let content = stream::without_zeros(head.as_slice().chain(content));
                members.member(self.file.step(number), &mut { content })?;
            }
        }
        Ok(())
    }
}

/// Whether streams of such a dictionary hold the objects of the file, or a font.
fn has_no_text(dict: Dict<'_>) -> bool {
    let is_of_file = dict.is(b"Type", b"ObjStm") || dict.is(b"Type", b"XRef");
    is_of_file || dict.get(b"Length1").is_some() || dict.get(b"Length3").is_some()
}

/// Whether what begins with `head` is text.
fn is_text(head: &[u8]) -> bool {
    let controls = head.iter().filter(|b| b.is_ascii_control() && !b.is_ascii_whitespace()).count();
    is_utf16(head) || controls * 50 <= head.len() && !head.is_empty()
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xfe\xff") || head.starts_with(b"\xff\xfe")
}

/// Whether what begins with `head` maps the codes of a font.
fn is_map(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"begincmap").is_some()
}

/// Whether what begins with `head` is the content of a page or a form: some text, and where it stands. Words of a
/// language are no operators.
fn shows_text(head: &[u8]) -> bool {
    let has = |operators: &[&[u8]]| {
        let is_one = |token| matches!(token, Token::Word(word) if operators.contains(&word));
        Lexer::new(head).any(is_one)
    };
    has(&[b"BT"]) && has(&[b"Tf", b"Tj", b"TJ", b"Td", b"Tm"])
}
