//! Mail: messages (RFC 5322), files of many (mbox, RFC 4155), and their parts (RFC 2045 and 2046).
//!
//! A mail is text, and whatever stands plainly in it is searched as its own text, with the lines of the
//! file; so are parts in quoted-printable, which decoders of text read in place. Only what is in base64
//! becomes a member, and fields of headers in encoded words (RFC 2047) that these hide something in; and only
//! line breaks remain of both in the text.
//!
//! It is read from front to back, a line at a time, whatever is in there. Headers are read by
//! `mail-parser`; its reader of bodies (version 0.11) nests as deep as a message asks for.

use std::io::{self, BufRead, BufReader, Read};

use base64::read::DecoderReader;
use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;
use mail_parser::{MessageParser, MimeHeaders};

use super::{Members, Trouble, named, shown};
use crate::{
    blob::{Before, Nature},
    content::{
        alphabet::STANDARD,
        read::{OVERLAP_BYTES, cut},
    },
    coverage::Limit,
    route::Step,
    span::{self, LineCol},
};

/// Of a longer line, the rest counts as another.
const MAX_LINE_BYTES: u64 = 64 << 10;
/// What follows in longer headers says nothing about a part.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// Nobody nests parts that deep.
const MAX_DEPTH: usize = 32;
/// Text is searched in pieces of about this size, between parts; and of no more than some times that.
const PIECE_BYTES: usize = 4 << 20;

/// Whether a message or an mbox begins with `head` that may have encoded parts.
pub(super) fn is_mail(head: &[u8]) -> bool {
    match head.strip_prefix(b"From ") {
        Some(rest) => is_mbox(rest),
        None => {
            let is_first = |name: &[u8]| {
                FIRST_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))
                    || name.starts_with(b"X-")
            };
            field_name(head).is_some_and(is_first) && has_mime(head)
        }
    }
}

/// Fields that messages begin with, and those of multipart documents that go by no mail.
const FIRST_FIELDS: [&[u8]; 30] = [
    b"arc-authentication-results",
    b"arc-message-signature",
    b"arc-seal",
    b"authentication-results",
    b"bcc",
    b"cc",
    b"content-disposition",
    b"content-language",
    b"content-transfer-encoding",
    b"content-type",
    b"date",
    b"delivered-to",
    b"dkim-signature",
    b"domainkey-signature",
    b"envelope-to",
    b"from",
    b"in-reply-to",
    b"list-id",
    b"list-unsubscribe",
    b"message-id",
    b"mime-version",
    b"received",
    b"received-spf",
    b"references",
    b"reply-to",
    b"return-path",
    b"sender",
    b"subject",
    b"thread-topic",
    b"to",
];

/// The name of the field that `line` begins with.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    const MAX_NAME_BYTES: usize = 40;
    let start = &line[..line.len().min(MAX_NAME_BYTES)];
    let name = &start[..memchr::memchr(b':', start)?];
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    (!name.is_empty() && name.iter().all(is_name)).then_some(name)
}

/// Whether all lines of `head`, up to an empty one, are fields of a header, and one of them is of MIME.
fn has_mime(head: &[u8]) -> bool {
    let mut found = false;
    for line in head.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => break,
            Some(b' ' | b'\t') => {}
            Some(_) => match field_name(line) {
                // A head may end in the middle of a name.
                None => return found && head.ends_with(line),
                Some(name) => {
                    found |= name.eq_ignore_ascii_case(b"mime-version")
                        || name.eq_ignore_ascii_case(b"content-transfer-encoding");
                }
            },
        }
    }
    found
}

/// Whether `rest`, which follows `From `, is a sender and a date, and a header comes next. Patches begin
/// like this, too (git-format-patch, `DISCUSSION`): these are text, unless they are written in MIME.
fn is_mbox(rest: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', rest) else { return false };
    let (envelope, message) = (rest[..end].trim_ascii_end(), &rest[end + 1..]);
    let has_time = envelope.windows(6).any(|w| {
        w[0] == b' '
            && w[1..3].iter().all(u8::is_ascii_digit)
            && w[3] == b':'
            && w[4].is_ascii_digit()
    });
    let is_patch = envelope.ends_with(b" Mon Sep 17 00:00:00 2001");
    end < 300 && has_time && field_name(message).is_some() && (!is_patch || has_mime(message))
}

/// Gives the encoded parts of a mail, and its text.
pub(super) fn open(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let mut mail = Mail::new(input);
    let mut stopped = Ok(());
    while mail.fill()? {
        if !mail.goes_on() {
            stopped = mail.end_field(stopped, members);
        }
        if let Some(border) = mail.border() {
            mail.cross(border);
            mail.text.flush(PIECE_BYTES, members);
            continue;
        }
        let Some(header) = mail.header.take_if(|_| is_empty(&mail.line)) else {
            mail.keep();
            if mail.text.cut(4 * PIECE_BYTES, members) {
                mail.field = None;
            }
            continue;
        };
        mail.keep();
        match Part::of(&header) {
            Part::Parts { boundary } if mail.boundaries.len() < MAX_DEPTH => {
                mail.boundaries.push(boundary);
            }
            Part::Parts { .. } => {
                mail.part += 1;
                let step = Step::Part { kind: "part", number: mail.part };
                stopped = stopped.and(members.gap(step, Trouble::Unsupported));
            }
            Part::Message => mail.header = Some(Vec::new()),
            Part::Encoded { name, charset } if stopped.is_ok() => {
                mail.part += 1;
                stopped = mail.give(name, charset, members);
            }
            Part::Encoded { .. } | Part::Plain => mail.part += 1,
        }
    }
    stopped = mail.end_field(stopped, members);
    mail.text.flush(0, members);
    Ok(stopped?)
}

fn is_empty(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// What a header says of the body behind it.
#[derive(Debug, PartialEq)]
enum Part {
    Parts {
        boundary: Vec<u8>,
    },
    Message,
    Encoded {
        name: Option<String>,
        /// Of a text, if its letters are not those of UTF-8.
        charset: Option<&'static Encoding>,
    },
    Plain,
}

impl Part {
    fn of(header: &[u8]) -> Self {
        // The empty line behind it tells the parser that it ends.
        let header = [header, b"\n"].concat();
        let parsed = MessageParser::new().with_mime_headers().parse_headers(&header);
        let Some(root) = parsed.as_ref().and_then(|message| message.parts.first()) else {
            return Self::Plain;
        };
        let encoding = root.content_transfer_encoding().map_or("", str::trim);
        let content_type = root.content_type();
        match content_type.map(|kind| (kind.ctype(), kind.attribute("boundary"))) {
            Some(("multipart", Some(boundary))) if !boundary.is_empty() => {
                Self::Parts { boundary: boundary.as_bytes().to_vec() }
            }
            _ if encoding.eq_ignore_ascii_case("base64") => {
                let text = content_type.filter(|kind| kind.ctype().eq_ignore_ascii_case("text"));
                let label = text.and_then(|kind| kind.attribute("charset")).map(str::as_bytes);
                let charset =
                    label.and_then(Encoding::for_label).filter(|&charset| charset != UTF_8);
                Self::Encoded { name: root.attachment_name().map(str::to_owned), charset }
            }
            Some(("message", _)) if root.is_content_type("message", "rfc822") => Self::Message,
            Some(_) | None => Self::Plain,
        }
    }
}

/// What separates parts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Border {
    /// A message of an mbox begins.
    Message,
    /// A part begins in the parts of this depth.
    Part(usize),
    /// The parts of this depth end.
    End(usize),
}

/// A mail, as far as it is read.
struct Mail<'i> {
    input: BufReader<&'i mut dyn Read>,
    is_mbox: bool,
    /// The next line, if it is read already.
    line: Vec<u8>,
    /// Whether that is no rest of one, and whether an empty one stands before it.
    is_start: bool,
    is_after_empty: bool,
    text: Own,
    /// The header that is being read, and where its last field begins in the text.
    header: Option<Vec<u8>>,
    field: Option<usize>,
    /// What separates the parts, from the outside inwards.
    boundaries: Vec<Vec<u8>>,
    /// How many parts of this message have begun that have no parts themselves.
    part: usize,
}

impl<'i> Mail<'i> {
    fn new(input: &'i mut dyn Read) -> Self {
        Self {
            input: BufReader::with_capacity(32 << 10, input),
            is_mbox: false,
            line: Vec::new(),
            is_start: true,
            is_after_empty: true,
            text: Own::default(),
            header: Some(Vec::new()),
            field: None,
            boundaries: Vec::new(),
            part: 0,
        }
    }

    /// Reads the next line, unless it is there; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.line.is_empty() {
            let mut line = (&mut self.input).take(MAX_LINE_BYTES);
            line.read_until(b'\n', &mut self.line)?;
            self.is_mbox |= self.text.is_new() && self.line.starts_with(b"From ");
        }
        Ok(!self.line.is_empty())
    }

    /// The next line has been dealt with.
    fn step(&mut self) {
        self.is_after_empty = self.is_start && is_empty(&self.line);
        self.is_start = self.line.ends_with(b"\n");
        self.line.clear();
    }

    /// Takes the next line for text.
    fn keep(&mut self) {
        if let Some(header) = &mut self.header
            && header.len() + self.line.len() <= MAX_HEADER_BYTES
        {
            self.field.get_or_insert(self.text.bytes.len());
            header.extend_from_slice(&self.line);
        }
        self.text.push(&self.line);
        self.step();
    }

    /// Whether the next line belongs to what the last one began.
    fn goes_on(&self) -> bool {
        !self.is_start || matches!(self.line.first(), Some(b' ' | b'\t'))
    }

    /// Gives the field that ends here as it is meant, if its encoded words hide something, and nothing was
    /// `stopped` before.
    fn end_field(
        &mut self,
        stopped: Result<(), Limit>,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let Some(start) = self.field.take() else { return stopped };
        stopped?;
        let field = &self.text.bytes[start..];
        let Some(first) = memchr::memmem::find(field, b"=?") else { return Ok(()) };
        let Some((name, meant)) = hidden_field(field) else { return Ok(()) };
        let place = self.text.place(start + first);
        self.text.blank(start);
        members.member_at(&[Step::Named(format!("header {name}"))], place, &mut meant.as_bytes())
    }

    /// Takes no more than the break of the next line for text.
    fn blank(&mut self) {
        let end = self.line.trim_ascii_end().len();
        self.text.bytes.extend_from_slice(&self.line[end..]);
        self.step();
    }

    /// What the next line separates.
    fn border(&self) -> Option<Border> {
        if !self.is_start {
            return None;
        }
        if self.is_mbox && self.is_after_empty && self.line.starts_with(b"From ") {
            return Some(Border::Message);
        }
        let rest = self.line.strip_prefix(b"--")?.trim_ascii_end();
        let innermost_first = self.boundaries.iter().enumerate().rev();
        innermost_first.into_iter().find_map(|(depth, boundary)| {
            match rest.strip_prefix(&**boundary)? {
                b"" => Some(Border::Part(depth)),
                b"--" => Some(Border::End(depth)),
                _ => None,
            }
        })
    }

    fn cross(&mut self, border: Border) {
        self.header = None;
        self.keep();
        match border {
            Border::Message => {
                self.boundaries.clear();
                self.part = 0;
            }
            Border::Part(depth) => self.boundaries.truncate(depth + 1),
            Border::End(depth) => self.boundaries.truncate(depth),
        }
        self.header = (!matches!(border, Border::End(_))).then(Vec::new);
    }

    /// Gives the encoded part that begins here.
    fn give(
        &mut self,
        name: Option<String>,
        charset: Option<&'static Encoding>,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let number = self.part;
        let step = match name {
            Some(name) if !name.is_empty() => named(name.as_bytes()),
            _ => Step::Part { kind: "part", number },
        };
        let place = self.text.end();
        let mut code = Code { mail: self, given: 0, is_over: false };
        let way = [step];
        let mut bytes = DecoderReader::new(&mut code, &STANDARD);
        match charset {
            None => members.member_at(&way, place, &mut bytes)?,
            Some(_) => {
                let mut text = DecodeReaderBytesBuilder::new().encoding(charset).build(bytes);
                members.member_at(&way, place, &mut text)?;
            }
        }
        // What the member had no use for is no text either.
        while code.next().unwrap_or_default() {
            code.mail.blank();
        }
        let is_cut = !code.is_over && !code.mail.boundaries.is_empty();
        let is_inside = matches!(code.mail.border(), Some(Border::Part(_) | Border::End(_)));
        if is_cut && !is_inside { members.gap_at(&way, Trouble::Damaged) } else { Ok(()) }
    }
}

/// The name of a field and what its encoded words mean (RFC 2047), if they hide anything as long as a key.
fn hidden_field(field: &[u8]) -> Option<(String, String)> {
    const MIN_HIDDEN_BYTES: usize = 12;
    let name = field_name(field)?;
    // Whatever the field is, it is read as a text.
    let subject = [b"Subject", &field[name.len()..], b"\n"].concat();
    let parsed = MessageParser::default().parse_headers(&subject)?;
    let meant = parsed.subject()?;
    let is_hidden = |word: &str| {
        word.len() >= MIN_HIDDEN_BYTES
            && word.is_ascii()
            && memchr::memmem::find(field, word.as_bytes()).is_none()
    };
    let hides = meant.split_ascii_whitespace().any(is_hidden);
    hides.then(|| (shown(name), meant.to_owned()))
}

/// The letters of a part in base64. What else stands in it is text, and so is what follows the padding.
struct Code<'m, 'i> {
    mail: &'m mut Mail<'i>,
    /// Bytes of the next line that were given.
    given: usize,
    is_over: bool,
}

impl Code<'_, '_> {
    /// Goes on to the next line of code; `false` if there is none.
    fn next(&mut self) -> io::Result<bool> {
        self.given = 0;
        while !self.is_over && self.mail.fill()? && self.mail.border().is_none() {
            let line = self.mail.line.trim_ascii_end();
            if is_code(line) {
                self.is_over = line.ends_with(b"=");
                return Ok(true);
            }
            self.mail.keep();
        }
        Ok(false)
    }
}

impl Read for Code<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == 0 && (out.is_empty() || !self.next()?) {
            return Ok(0);
        }
        let line = &self.mail.line.trim_ascii_end()[self.given..];
        let len = line.len().min(out.len());
        out[..len].copy_from_slice(&line[..len]);
        self.given += len;
        if len == line.len() {
            self.mail.blank();
            self.given = 0;
        }
        Ok(len)
    }
}

fn is_code(line: &[u8]) -> bool {
    let letters = line.strip_suffix(b"=").unwrap_or(line);
    let letters = letters.strip_suffix(b"=").unwrap_or(letters);
    let is_letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    !letters.is_empty() && letters.iter().all(is_letter)
}

/// The text of a mail that was not given yet.
#[derive(Default)]
struct Own {
    bytes: Vec<u8>,
    /// What of it was searched with the piece before it.
    searched: usize,
    /// What lies before it.
    before: Before,
    /// How many bytes of it have been counted, and what lies before the next.
    counted: (usize, Before),
}

impl Own {
    /// Whether nothing was read yet.
    fn is_new(&self) -> bool {
        self.bytes.is_empty() && self.before == Before::default()
    }

    /// Goes on with `line`. What calls ASCII back in ISO-2022 ends in a letter (RFC 1468), which is none of the
    /// text behind it.
    fn push(&mut self, line: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(line);
        let line = &mut self.bytes[start..];
        let mut from = 0;
        while let Some(at) = memchr::memchr(0x1b, &line[from..]).map(|at| from + at) {
            if let [_, b'(', letter @ (b'B' | b'J'), ..] = &mut line[at..] {
                *letter = b' ';
            }
            from = at + 1;
        }
    }

    /// Where byte `at` stands, which was not counted before.
    fn place(&self, at: usize) -> LineCol {
        let (counted, before) = self.counted;
        let Before { lines, columns } =
            span::advance(&self.bytes[counted.min(at)..at], self.bytes.get(at).copied(), before);
        LineCol { line: lines + 1, col: columns + 1 }
    }

    /// Leaves nothing but line breaks from byte `start` on.
    fn blank(&mut self, start: usize) {
        let mut at = 0;
        self.bytes.retain(|b| {
            at += 1;
            at <= start || matches!(b, b'\r' | b'\n')
        });
    }

    fn count(&mut self) -> Before {
        let (counted, before) = self.counted;
        let before = span::advance(&self.bytes[counted..], None, before);
        self.counted = (self.bytes.len(), before);
        before
    }

    /// Where it ends.
    fn end(&mut self) -> LineCol {
        let Before { lines, columns } = self.count();
        LineCol { line: lines + 1, col: columns + 1 }
    }

    /// Gives what there is, if it is `least` bytes or more.
    fn flush(&mut self, least: usize, members: &mut dyn Members) {
        if self.bytes.len() >= least {
            members.text(&self.bytes, self.searched..self.bytes.len(), self.before);
            self.before = self.count();
            self.counted = (0, self.before);
            self.searched = 0;
            self.bytes.clear();
        }
    }

    /// Gives what there is, if it is `least` bytes or more, but for its end; and keeps that for the next
    /// piece, with as much before it. Says whether it did.
    fn cut(&mut self, least: usize, members: &mut dyn Members) -> bool {
        if self.bytes.len() < least {
            return false;
        }
        let end = cut(&self.bytes, self.bytes.len() - OVERLAP_BYTES, Nature::Text);
        members.text(&self.bytes, self.searched..end, self.before);
        let start = cut(&self.bytes, end - OVERLAP_BYTES, Nature::Text);
        let next = self.bytes.get(start).copied();
        self.before = span::advance(&self.bytes[..start], next, self.before);
        self.counted = (0, self.before);
        self.searched = end - start;
        self.bytes.drain(..start);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, ops::Range};

    use super::*;

    #[test]
    fn mail_is_told_from_other_text() {
        let mails = [
            "Return-Path: <a@b>\nX-A: b\n c\nMIME-Version: 1.0\n\nHello\n",
            "content-type: multipart/mixed; boundary=x\r\nmime-version: 1.0\r\n\r\n",
            "From a@b.example Thu Jan  1 00:00:00 2026\nSubject: x\n\n",
            "From - Thu Jan 01 00:00:00 2026\r\nX-Mozilla-Status: 0001\r\n\r\n",
        ];
        let others = [
            "Subject: a plain mail\nFrom: a@b\n\nMIME-Version: 1.0\n",
            "date: 2026-01-01\ntitle: a page\n---\n",
            "To: be\nor not\nMIME-Version: 1.0\n\n",
            "From here to there\nit goes\n",
            "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A\n\n",
            "MIME-Version",
            "",
        ];
        assert_eq!(mails.map(|m| is_mail(m.as_bytes())), [true; 4]);
        assert_eq!(others.map(|m| is_mail(m.as_bytes())), [false; 7]);
        let cut = b"Received: by x\nMIME-Version: 1.0\nX-Long";
        assert!(is_mail(cut), "a head may end in the middle of a line");
    }

    #[test]
    fn a_header_says_what_is_behind_it() {
        let encoded = |name: &str| Part::Encoded { name: Some(name.into()), charset: None };
        let base64 = "Content-Transfer-Encoding: BASE64\r\n";
        let disposition = |value: &str| {
            Part::of(format!("{base64}Content-Disposition: attachment;\r\n {value}\r\n").as_bytes())
        };
        assert_eq!(disposition("filename=\"a b.env\""), encoded("a b.env"));
        assert_eq!(disposition("filename*0=set; filename*1=tings.env"), encoded("settings.env"));
        assert_eq!(disposition("filename*=UTF-8''%C3%A4.env"), encoded("ä.env"));
        assert_eq!(Part::of(base64.as_bytes()), Part::Encoded { name: None, charset: None });
        let text = |kind: &str, charset: &str| {
            let header = format!("{base64}Content-Type: {kind}; charset={charset}\r\n");
            match Part::of(header.as_bytes()) {
                Part::Encoded { charset, .. } => charset.map(Encoding::name),
                Part::Parts { .. } | Part::Message | Part::Plain => panic!("{header}"),
            }
        };
        assert_eq!(text("text/plain", "\"Windows-1251\""), Some("windows-1251"));
        assert_eq!(text("TEXT/html", "utf-16"), Some("UTF-16LE"));
        assert_eq!(text("text/plain", "utf-8"), None);
        assert_eq!(text("text/plain", "x-unknown"), None);
        assert_eq!(text("application/zip", "utf-16le"), None);
        let parts = Part::of(b"Content-Type: Multipart/Mixed; boundary=\"a:b\"\n");
        assert_eq!(parts, Part::Parts { boundary: b"a:b".to_vec() });
        assert_eq!(Part::of(b"Content-Type: message/rfc822\n"), Part::Message);
        assert_eq!(Part::of(b"Content-Type: multipart/mixed\n"), Part::Plain);
        assert_eq!(Part::of(b""), Part::Plain);
    }

    #[test]
    fn encoded_words_are_read_if_they_hide_something() {
        let meant = |field: &str| {
            let (name, meant) = hidden_field(field.as_bytes())?;
            Some(format!("{name}: {meant}"))
        };
        let hidden = |name: &str| Some(format!("{name}: é abcdefghijklmno"));
        assert_eq!(
            meant("Subject: =?utf-8?Q?=C3=A9_abcdef?=\r\n =?utf-8?Q?ghijklmno?=\r\n"),
            hidden("Subject")
        );
        assert_eq!(meant("X-A: =?iso-8859-1?b?6SBhYmNkZWZnaGlqa2xtbm8=?=\n"), hidden("X-A"));
        assert_eq!(meant("Subject: =?utf-8?Q?=C3=A9_abcdefghijklmno?=\r\n"), None);
        assert_eq!(meant("Subject: =?utf-8?B?YWJj?= =?\r\n"), None);
        assert_eq!(meant("Subject: abcdefghijklmno\r\n"), None);
    }

    #[test]
    fn a_cut_keeps_what_the_next_piece_must_see() {
        let mut given = Given::default();
        let mut own = Own::default();
        let line = "a line of text, ä\r\n";
        let lines = 3 * OVERLAP_BYTES / line.len();
        (0..lines).for_each(|_| own.push(line.as_bytes()));
        assert!(!own.cut(4 * OVERLAP_BYTES, &mut given));
        assert!(own.cut(2 * OVERLAP_BYTES, &mut given));
        own.push(b"the end");
        own.flush(0, &mut given);
        let [(first, before), (second, later)] = &given.0[..] else { panic!("two pieces") };
        assert_eq!(format!("{first}{second}"), line.repeat(lines) + "the end");
        assert_eq!(*before, Before::default());
        // Two overlaps before the end.
        assert_eq!(*later, Before { lines: 3276, columns: 8 });
    }

    /// The pieces of a text, and what lies before each.
    #[derive(Default)]
    struct Given(Vec<(String, Before)>);

    impl Members for Given {
        fn member_at(&mut self, _: &[Step], _: LineCol, _: &mut dyn Read) -> Result<(), Limit> {
            Ok(())
        }

        fn rename(&mut self, _: &HashMap<String, Step>) {}

        fn text(&mut self, text: &[u8], owned: Range<usize>, before: Before) {
            self.0.push((String::from_utf8_lossy(&text[owned]).into_owned(), before));
        }

        fn gap_at(&mut self, _: &[Step], _: Trouble) -> Result<(), Limit> {
            Ok(())
        }

        fn spend(&mut self, _: u64) -> Result<(), Limit> {
            Ok(())
        }

        fn hold(&mut self, _: &mut dyn Read) -> Result<Vec<u8>, Trouble> {
            Err(Trouble::Unsupported)
        }
    }

    #[test]
    fn pieces_of_text_go_on_where_the_last_one_ended() {
        let mut own = Own { bytes: b"a\r\nb\n".to_vec(), ..Own::default() };
        assert_eq!(own.end(), LineCol { line: 3, col: 1 });
        own.bytes.extend(b"xy");
        assert_eq!(own.end(), LineCol { line: 3, col: 3 });
    }
}
