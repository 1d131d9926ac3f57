//! A file as a list of objects (ISO 32000-1, section 7.5).
//!
//! Tables that say where objects are lie as easily as they break, so none is read: all objects that are there
//! count. Of several with the same number the last one has it, as after an update; but those that it replaced
//! are still in the file, and whoever opens it finds them. Objects of streams of objects stand where the stream
//! does.

use std::{
    cell::Cell,
    collections::HashMap,
    io::{self, Read},
    ops::Range,
};

use super::{
    lexer::{Lexer, Token},
    scan::{Found, Scan},
    sheet::Troubles,
    stream,
    value::{Dict, Value, whole},
};
use crate::{
    content::container::{Members, Trouble},
    coverage::Limit,
    route::Step,
};

/// More objects are not read: each takes some memory, and only some bytes of the file.
const MAX_OBJECTS: usize = 1 << 20;
/// Of references that lead to references.
const MAX_HOPS: usize = 8;

/// The objects of a file.
pub(super) struct File<'d> {
    bytes: &'d [u8],
    /// What streams of objects expand to.
    expanded: Vec<Vec<u8>>,
    /// By number.
    objects: Vec<Object>,
    /// The numbers that replaced objects go by here, which nothing refers to, and those that they had.
    replaced: HashMap<u32, u32>,
    trailer: Trailer,
    /// What stands between objects, without tables.
    pub(super) others: Vec<u8>,
    /// Why not all of its objects are there.
    pub(super) troubles: Troubles,
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
            replaced: HashMap::new(),
            trailer: Trailer::default(),
            others: Vec::new(),
            troubles: Troubles::default(),
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
        let mut scan = Scan::new(self.bytes);
        let mut end_of_last = 0;
        while let Some(found) = scan.next() {
            self.between(end_of_last..found.start);
            end_of_last = scan.at;
            if self.objects.len() == MAX_OBJECTS {
                self.troubles.note(Trouble::Stopped(Limit::Members));
                return;
            }
            let Found { number, start, value, stream, dict } = found;
            if stream.is_some() && dict.is(b"Type", b"XRef") {
                self.trailer.add(dict);
            }
            self.objects.push(Object { number, order: (start, 0), source: 0, value, stream });
        }
        self.between(end_of_last..self.bytes.len());
        if !scan.is_whole() {
            self.troubles.note(Trouble::Damaged);
        }
    }

    /// Takes what stands between two objects: the trailer, and what no reader looks at.
    fn between(&mut self, range: Range<usize>) {
        let bytes = &self.bytes[range];
        let mut lexer = Lexer::new(bytes);
        while let Some(found) = memchr::memmem::find(&bytes[lexer.at..], b"trailer") {
            lexer.at += found + b"trailer".len();
            if let Some(Value::Dict(dict)) = lexer.value() {
                self.trailer.add(dict);
            }
        }
        for line in bytes.split(|b| matches!(b, b'\n' | b'\r')) {
            if line.len() > MIN_LINE_BYTES && !is_of_table(line) {
                // A zero would make all of it no text.
                let plain = line.iter().map(|b| if b.is_ascii_control() { b' ' } else { *b });
                self.others.extend(plain);
                self.others.push(b'\n');
            }
        }
    }

    /// Brings the objects into the order of their numbers; those that were replaced get others.
    fn sort(&mut self) {
        self.objects.sort_unstable_by_key(|o| (o.number, std::cmp::Reverse(o.order)));
        let mut last = None;
        for object in &mut self.objects {
            let number = last.replace(object.number);
            if number == last {
                object.number = u32::MAX - self.replaced.len() as u32;
                self.replaced.insert(object.number, number.unwrap_or_default());
            }
        }
        self.objects.sort_unstable_by_key(|o| o.number);
    }

    /// Adds the objects of streams of objects.
    fn expand(&mut self, members: &mut dyn Members) -> Result<(), Trouble> {
        let holds_objects = |o: &&Object| o.stream.is_some() && self.dict(o).is(b"Type", b"ObjStm");
        let mut holders: Vec<_> = self.objects.iter().filter(holds_objects).collect();
        holders.sort_unstable_by_key(|o| o.order);
        let holders: Vec<(u32, usize)> = holders.iter().map(|o| (o.number, o.order.0)).collect();
        // Those that are known stay in their order until all are read.
        let mut held_objects = Vec::new();
        for (number, order) in holders {
            let Some(holder) = self.stream(number) else { continue };
            let count = holder.dict.number(b"N").and_then(whole).unwrap_or(0) as usize;
            let first = holder.dict.number(b"First").and_then(whole).unwrap_or(0) as usize;
            match held(self, holder, members) {
                Ok((held, is_damaged)) => {
                    if is_damaged {
                        self.troubles.note(Trouble::Damaged);
                    }
                    self.expanded.push(held);
                    self.list_held(count, first, order, &mut held_objects);
                }
                Err(stopped @ Trouble::Stopped(_)) => {
                    self.troubles.note(stopped);
                    break;
                }
                Err(trouble) => self.troubles.note(trouble),
            }
        }
        self.objects.append(&mut held_objects);
        Ok(())
    }

    /// Adds to `objects` the `count` objects of the last stream, which begin behind `first` bytes of places.
    fn list_held(&mut self, count: usize, first: usize, order: usize, objects: &mut Vec<Object>) {
        let Some(held) = self.expanded.last() else { return };
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
            if self.objects.len() + objects.len() + places.len() == MAX_OBJECTS {
                self.troubles.note(Trouble::Stopped(Limit::Members));
                break;
            }
            places.push((first.saturating_add(start as usize).min(held.len()), number));
        }
        places.sort_unstable();
        let ends = places.iter().skip(1).map(|&(start, _)| start).chain([held.len()]);
        let source = self.expanded.len();
        let new = places.iter().zip(ends).enumerate().map(|(n, (&(start, number), end))| Object {
            number,
            order: (order, n),
            source,
            value: start..end,
            stream: None,
        });
        objects.extend(new);
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

    /// The object `number`, as a step inwards.
    pub(super) fn step(&self, number: u32) -> Step {
        match self.replaced.get(&number) {
            Some(own) => Step::Named(format!("object {own} before an update")),
            None => Step::Part { kind: "object", number: number as usize },
        }
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

/// What `stream` expands to, and whether it ends with an error.
fn held(
    file: &File<'_>,
    stream: Stream<'_>,
    members: &mut dyn Members,
) -> Result<(Vec<u8>, bool), Trouble> {
    let mut content =
        Counted { content: stream::reader(file, stream)?, bytes: 0, is_damaged: false };
    let held = members.hold(&mut content);
    // What was too much was expanded all the same.
    members.spend(content.bytes)?;
    Ok((held?, content.is_damaged))
}

/// Counts what is read, and ends where an error stands.
struct Counted<R> {
    content: R,
    bytes: u64,
    is_damaged: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(out);
        self.is_damaged |= read.is_err();
        self.bytes += *read.as_ref().unwrap_or(&0) as u64;
        Ok(read.unwrap_or(0))
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
