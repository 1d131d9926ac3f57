//! A file as a list of objects (ISO 32000-1, section 7.5).
//!
//! Tables that say where objects are lie as easily as they break, so none is read: the file is searched for
//! what objects begin with, from front to back. Of several with the same number the last counts, as after an
//! update; those that it replaced are not read. Objects of streams of objects stand where the stream does.

use std::{cell::Cell, ops::Range};

use super::{
    lexer::{Lexer, Token, is_space},
    stream,
    value::{Dict, Value, whole},
};
use crate::content::container::{Members, Trouble};

/// More objects are not read: each takes some memory, and only some bytes of the file.
const MAX_OBJECTS: usize = 1 << 20;
/// Of references that lead to references.
const MAX_HOPS: usize = 8;
/// How many times its own length a file is read in search of objects that nothing closes.
const MAX_READINGS: usize = 8;

/// The objects of a file.
pub(super) struct File<'d> {
    bytes: &'d [u8],
    /// What streams of objects expand to.
    expanded: Vec<Vec<u8>>,
    /// By number.
    objects: Vec<Object>,
    trailer: Trailer,
    /// What stands between objects, without tables.
    pub(super) others: Vec<u8>,
    /// Why not all of its objects are there.
    pub(super) troubles: Vec<Trouble>,
    /// Bytes of objects that were asked for.
    work: Cell<u64>,
}

/// Where an object is.
struct Object {
    number: u32,
    /// Later ones replace those before.
    order: (usize, usize),
    /// `0` is the file; others are streams of objects.
    source: usize,
    value: Range<usize>,
    stream: Option<Range<usize>>,
}

/// What the file says of itself, as far as it says it at its end.
#[derive(Default)]
struct Trailer {
    root: Option<u32>,
    information: Option<u32>,
    is_encrypted: bool,
}

/// A stream, as it is stored.
#[derive(Clone, Copy)]
pub(super) struct Stream<'f> {
    pub(super) dict: Dict<'f>,
    pub(super) data: &'f [u8],
}

impl<'d> File<'d> {
    /// The objects in `bytes`.
    pub(super) fn read(bytes: &'d [u8], members: &mut dyn Members) -> Result<Self, Trouble> {
        let mut file = Self {
            bytes,
            expanded: Vec::new(),
            objects: Vec::new(),
            trailer: Trailer::default(),
            others: Vec::new(),
            troubles: Vec::new(),
            work: Cell::default(),
        };
        file.find_objects();
        if file.trailer.is_encrypted {
            return Err(Trouble::Encrypted);
        }
        if file.objects.is_empty() {
            return Err(Trouble::Damaged);
        }
        file.sort();
        file.expand(members)?;
        file.sort();
        Ok(file)
    }

    fn find_objects(&mut self) {
        let (mut at, mut readings, mut end_of_last) = (0, 0, 0);
        let mut streams_end = true;
        while let Some((start, number, value)) = next_object(self.bytes, at) {
            self.between(end_of_last..start);
            if self.objects.len() == MAX_OBJECTS {
                self.troubles.push(Trouble::Stopped(crate::coverage::Limit::Members));
                return;
            }
            let mut lexer = Lexer::new(self.bytes);
            lexer.at = value;
            let dict = match lexer.value() {
                Some(Value::Dict(dict)) => dict,
                Some(_) | None => Dict::default(),
            };
            readings += lexer.at - value;
            // A string that is never closed has hidden all the rest.
            let is_lost = lexer.is_at_end() && readings < MAX_READINGS * self.bytes.len();
            let mut end = if is_lost { value } else { lexer.at };
            let value_range = value..lexer.at;
            let stream = stream_start(self.bytes, lexer.at).map(|start| {
                let known = dict.number(b"Length").and_then(whole).map(|len| start + len as usize);
                let data_end = known.filter(|&end| is_end_of_stream(self.bytes, end)).or_else(|| {
                    let rest = self.bytes.get(start..).filter(|_| streams_end)?;
                    memchr::memmem::find(rest, b"endstream").map(|len| start + len)
                });
                streams_end &= data_end.is_some();
                // What follows may be its rest or other objects: both are looked for.
                end = data_end.unwrap_or(start);
                start..data_end.unwrap_or(self.bytes.len())
            });
            if dict.is(b"Type", b"XRef") {
                self.trailer.add(dict);
            }
            let order = (start, 0);
            self.objects.push(Object { number, order, source: 0, value: value_range, stream });
            (at, end_of_last) = (end, end);
        }
        self.between(end_of_last..self.bytes.len());
        let has_end = [b"%%EOF".as_slice(), b"startxref"]
            .iter()
            .any(|word| memchr::memmem::find(&self.bytes[end_of_last..], word).is_some());
        if !streams_end || !has_end {
            self.troubles.push(Trouble::Damaged);
        }
    }

    /// Takes what stands between two objects: the trailer, and what no reader looks at.
    fn between(&mut self, range: Range<usize>) {
        let bytes = &self.bytes[range];
        for at in memchr::memmem::find_iter(bytes, b"trailer") {
            if let Some(Value::Dict(dict)) = Lexer::new(&bytes[at + b"trailer".len()..]).value() {
                self.trailer.add(dict);
            }
        }
        for line in bytes.split(|b| matches!(b, b'\n' | b'\r')) {
            if line.len() > MIN_LINE_BYTES && !is_of_table(line) {
                self.others.extend_from_slice(line);
                self.others.push(b'\n');
            }
        }
    }

    /// Brings the objects into the order of their numbers, and drops those that were replaced.
    fn sort(&mut self) {
        self.objects.sort_unstable_by_key(|o| (o.number, std::cmp::Reverse(o.order)));
        self.objects.dedup_by_key(|o| o.number);
    }

    /// Adds the objects of streams of objects.
    fn expand(&mut self, members: &mut dyn Members) -> Result<(), Trouble> {
        let holds_objects = |o: &&Object| o.stream.is_some() && self.dict(o).is(b"Type", b"ObjStm");
        let mut holders: Vec<_> = self.objects.iter().filter(holds_objects).collect();
        holders.sort_unstable_by_key(|o| o.order);
        let holders: Vec<(u32, usize)> = holders.iter().map(|o| (o.number, o.order.0)).collect();
        for (number, order) in holders {
            let Some(holder) = self.stream(number) else { continue };
            let count = holder.dict.number(b"N").and_then(whole).unwrap_or(0) as usize;
            let first = holder.dict.number(b"First").and_then(whole).unwrap_or(0) as usize;
            let held = stream::reader(self, holder).and_then(|mut r| members.hold(&mut *r));
            match held {
                Ok(held) => {
                    members.spend(held.len() as u64)?;
                    self.add_objects(&held, count, first, order);
                    self.expanded.push(held);
                }
                Err(trouble) => self.troubles.push(trouble),
            }
        }
        Ok(())
    }

    fn add_objects(&mut self, held: &[u8], count: usize, first: usize, order: usize) {
        let header = held.get(..first).unwrap_or(held);
        let mut numbers = Lexer::new(header).map_while(|token| match token {
            Token::Number(number) => whole(number),
            _ => None,
        });
        let mut places: Vec<(usize, u32)> = Vec::new();
        while let Some((number, start)) = numbers.next().zip(numbers.next()) {
            if places.len() == count {
                break;
            }
            if self.objects.len() + places.len() == MAX_OBJECTS {
                self.troubles.push(Trouble::Stopped(crate::coverage::Limit::Members));
                break;
            }
            places.push(((first + start as usize).min(held.len()), number));
        }
        places.sort_unstable();
        let ends = places.iter().skip(1).map(|&(start, _)| start).chain([held.len()]);
        let source = self.expanded.len() + 1;
        let objects = places.iter().zip(ends).enumerate().map(|(n, (&(start, number), end))| {
            Object { number, order: (order, n), source, value: start..end, stream: None }
        });
        self.objects.extend(objects.collect::<Vec<_>>());
    }

    fn bytes_of(&self, object: &Object) -> &[u8] {
        let source = match object.source.checked_sub(1) {
            None => self.bytes,
            Some(n) => &self.expanded[n],
        };
        &source[object.value.clone()]
    }

    fn dict(&self, object: &Object) -> Dict<'_> {
        match Lexer::new(self.bytes_of(object)).value() {
            Some(Value::Dict(dict)) => dict,
            Some(_) | None => Dict::default(),
        }
    }

    fn object(&self, number: u32) -> Option<&Object> {
        let at = self.objects.binary_search_by_key(&number, |o| o.number).ok()?;
        Some(&self.objects[at])
    }

    /// The numbers of all objects.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.objects.iter().map(|o| o.number).collect()
    }

    /// The bytes of the object `number`, without those of its stream.
    pub(super) fn written(&self, number: u32) -> &[u8] {
        self.object(number).map_or(&[], |object| {
            self.work.set(self.work.get() + object.value.len() as u64);
            self.bytes_of(object)
        })
    }

    /// What `value` refers to, or itself.
    pub(super) fn resolve<'f>(&'f self, value: Value<'f>) -> Value<'f> {
        let mut value = value;
        for _ in 0..MAX_HOPS {
            let Value::Reference(number) = value else { return value };
            value = Lexer::new(self.written(number)).value().unwrap_or(Value::Word(b"null"));
        }
        value
    }

    /// What `key` of `dict` leads to.
    pub(super) fn get<'f>(&'f self, dict: Dict<'f>, key: &[u8]) -> Option<Value<'f>> {
        dict.get(key).map(|value| self.resolve(value))
    }

    /// The dictionary that `key` of `dict` leads to.
    pub(super) fn dict_at<'f>(&'f self, dict: Dict<'f>, key: &[u8]) -> Option<Dict<'f>> {
        match self.get(dict, key)? {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The stream of the object `number`, if it has one.
    pub(super) fn stream(&self, number: u32) -> Option<Stream<'_>> {
        let object = self.object(number)?;
        let data = &self.bytes[object.stream.clone()?];
        self.work.set(self.work.get() + object.value.len() as u64);
        Some(Stream { dict: self.dict(object), data })
    }

    /// The number of the object that all pages hang on: the root names it, if there is one.
    pub(super) fn first_pages(&self) -> Option<u32> {
        let of_root = |root| match self.resolve(Value::Reference(root)) {
            Value::Dict(root) => reference(root, b"Pages"),
            _ => None,
        };
        let is_root = |o: &&Object| self.dict(o).is(b"Type", b"Catalog");
        let found = || self.objects.iter().find(is_root).and_then(|root| of_root(root.number));
        self.trailer.root.and_then(of_root).or_else(found)
    }

    /// The number of what is said of the document.
    pub(super) fn information(&self) -> Option<u32> {
        self.trailer.information
    }

    /// How many bytes of objects were asked for since the last time.
    pub(super) fn take_work(&self) -> u64 {
        self.work.take()
    }
}

/// The number of the object that `key` of `dict` refers to.
fn reference(dict: Dict<'_>, key: &[u8]) -> Option<u32> {
    match dict.get(key) {
        Some(Value::Reference(number)) => Some(number),
        Some(_) | None => None,
    }
}

impl Trailer {
    fn add(&mut self, dict: Dict<'_>) {
        self.root = reference(dict, b"Root").or(self.root);
        self.information = reference(dict, b"Info").or(self.information);
        let is_null = |value| matches!(value, Value::Word(b"null"));
        self.is_encrypted |= dict.get(b"Encrypt").is_some_and(|value| !is_null(value));
    }
}

/// Shorter lines between objects hold nothing.
const MIN_LINE_BYTES: usize = 12;

/// Whether `line` is an entry of a table of objects: `0000000017 00000 n`.
fn is_of_table(line: &[u8]) -> bool {
    line.len() < 24 && line.iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'n' | b'f'))
}

/// Where the next object behind `at` begins, its number, and where its value begins: `7 0 obj`.
fn next_object(bytes: &[u8], at: usize) -> Option<(usize, u32, usize)> {
    memchr::memmem::find_iter(&bytes[at..], b"obj").find_map(|found| {
        let word = at + found;
        let is_longer = bytes.get(word + 3).is_some_and(u8::is_ascii_alphanumeric);
        let (generation, _) = number_before(bytes, at, word).filter(|_| !is_longer)?;
        let (start, number) = number_before(bytes, at, generation)?;
        Some((start, number, word + 3))
    })
}

/// Where the number begins that stands before `end`, with white space between, and which it is.
fn number_before(bytes: &[u8], from: usize, end: usize) -> Option<(usize, u32)> {
    const MOST: usize = 24;
    let before = &bytes[from.max(end.saturating_sub(MOST))..end];
    let spaces = before.iter().rev().take_while(|&&b| is_space(b)).count();
    let before = &before[..before.len() - spaces];
    let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let digits = &before[before.len() - digits..];
    let number = std::str::from_utf8(digits).ok()?.parse().ok().filter(|_| spaces > 0)?;
    Some((end - spaces - digits.len(), number))
}

/// Where the bytes of a stream begin whose dictionary ends at `at`.
fn stream_start(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at.min(bytes.len())..];
    let word = rest.trim_ascii_start().strip_prefix(b"stream")?;
    let len = match word {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    };
    Some(bytes.len() - word.len() + len)
}

fn is_end_of_stream(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|rest| {
        let space = rest.iter().take(4).take_while(|&&b| is_space(b)).count();
        rest[space..].starts_with(b"endstream")
    })
}
