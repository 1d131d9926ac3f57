//! Compiled Python 3.6 to 3.14: the texts among the constants of its code, each with the name that it is
//! bound to, if it is bound where it is loaded.
//!
//! The form is that of the module `marshal`, in CPython's `Python/marshal.c`. It is read here, since the
//! crates for it are for one or two versions, or were given up. No code is run. Objects have numbers and
//! no pointers to each other, so that no nesting can fill a stack.

use std::{
    collections::{HashMap, HashSet},
    io::Read,
    ops::Range,
};

use super::{Members, START, Trouble};
use crate::{coverage::Limit, route::Step};

/// More is no module that anybody compiles.
const MAX_BYTES: usize = 8 << 20;
const MAX_OBJECTS: usize = 1 << 20;
const MAX_DEPTH: usize = 256;
/// A longer name is nobody's.
const MAX_NAME_BYTES: usize = 128;

/// Whether a module begins with `head`: a number that is the version's, a line break, and after 12 or 16
/// bytes an object that is code.
pub(super) fn is_pyc(head: &[u8]) -> bool {
    let &[a, b, b'\r', b'\n', ..] = head else { return false };
    let version = Version::of(u16::from_le_bytes([a, b]));
    version.is_some_and(|v| head.get(v.start).is_some_and(|&kind| kind & !IS_KEPT == b'c'))
}

/// Gives the texts of a module.
pub(super) fn open(input: &mut dyn Read, members: &mut dyn Members) -> Result<(), Trouble> {
    let bytes = members.hold(input)?;
    if bytes.len() > MAX_BYTES {
        return Err(Limit::Held.into());
    }
    let version = bytes.first_chunk().and_then(|magic| Version::of(u16::from_le_bytes(*magic)));
    let version = version.ok_or(Trouble::Damaged)?;
    let mut module = Module::new(&bytes, version);
    let read = module.object(0);
    members.member_at(&[Step::Named("constants".into())], START, &mut &*module.lines())?;
    read.map(|_| ()).ok_or(Trouble::Damaged)
}

/// What differs between versions.
#[derive(Debug, Clone, Copy)]
struct Version {
    /// Bytes of the file before its object.
    start: usize,
    /// Numbers at the start of code.
    numbers: usize,
    /// Whether code has the kinds of its variables, a qualified name and a table of exceptions.
    is_since_11: bool,
    codes: Codes,
}

/// Instructions: what they load, and where they store it.
#[derive(Debug, Clone, Copy)]
struct Codes {
    load: u8,
    store_name: u8,
    store_global: u8,
    store_fast: u8,
    extended: u8,
}

impl Version {
    /// The version that writes `magic`: `Include/internal/pycore_magic_number.h`.
    fn of(magic: u16) -> Option<Self> {
        let until_12 =
            Codes { load: 100, store_name: 90, store_global: 97, store_fast: 125, extended: 144 };
        let of_13 =
            Codes { load: 83, store_name: 114, store_global: 113, store_fast: 110, extended: 71 };
        let of_14 =
            Codes { load: 82, store_name: 116, store_global: 115, store_fast: 112, extended: 69 };
        let (start, numbers, is_since_11, codes) = match magic {
            3379 => (12, 5, false, until_12),
            3390..=3399 => (16, 5, false, until_12),
            3400..=3449 => (16, 6, false, until_12),
            3450..=3549 => (16, 5, true, until_12),
            3550..=3599 => (16, 5, true, of_13),
            3600..=3649 => (16, 5, true, of_14),
            _ => return None,
        };
        Some(Self { start, numbers, is_since_11, codes })
    }
}

/// The bit of a kind which says that others may refer to the object.
const IS_KEPT: u8 = 0x80;

/// Which object.
type Number = usize;

enum Object {
    Text(Range<usize>),
    /// Of any sort.
    List(Vec<Number>),
    Code {
        code: Number,
        constants: Number,
        names: Number,
        locals: Number,
    },
    /// Nothing that holds a text.
    Other,
}

struct Module<'b> {
    bytes: &'b [u8],
    at: usize,
    version: Version,
    /// The first is `Other`.
    objects: Vec<Object>,
    /// What others refer to by its place here.
    kept: Vec<Number>,
}

impl<'b> Module<'b> {
    fn new(bytes: &'b [u8], version: Version) -> Self {
        Self { bytes, at: version.start, version, objects: vec![Object::Other], kept: Vec::new() }
    }

    fn take(&mut self, len: usize) -> Option<Range<usize>> {
        let range = self.at..self.at.checked_add(len)?;
        self.bytes.get(range.clone())?;
        self.at = range.end;
        Some(range)
    }

    fn byte(&mut self) -> Option<u8> {
        let at = self.take(1)?.start;
        Some(self.bytes[at])
    }

    fn number(&mut self) -> Option<i32> {
        let range = self.take(4)?;
        Some(i32::from_le_bytes(self.bytes[range].try_into().ok()?))
    }

    fn len(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn short_len(&mut self) -> Option<usize> {
        self.byte().map(usize::from)
    }

    /// Reads an object that has `depth` others around it; `None` if it is none.
    fn object(&mut self, depth: usize) -> Option<Number> {
        let kind = self.byte()?;
        let place = (kind & IS_KEPT != 0).then_some(self.kept.len());
        if place.is_some() {
            self.kept.push(0);
        }
        let object = match kind & !IS_KEPT {
            b'r' => {
                let place = self.len()?;
                return self.kept.get(place).copied();
            }
            b'N' | b'F' | b'T' | b'S' | b'.' => return Some(0),
            other => self.value(other, depth)?,
        };
        if self.objects.len() == MAX_OBJECTS {
            return None;
        }
        let number = self.objects.len();
        self.objects.push(object);
        if let Some(place) = place {
            self.kept[place] = number;
        }
        Some(number)
    }

    fn value(&mut self, kind: u8, depth: usize) -> Option<Object> {
        if depth == MAX_DEPTH {
            return None;
        }
        let skipped = match kind {
            b'i' => 4,
            b'I' | b'g' => 8,
            b'y' => 16,
            b'f' => self.short_len()?,
            b'l' => 2 * usize::try_from(self.number()?.unsigned_abs()).ok()?,
            b'x' => {
                let real = self.short_len()?;
                self.take(real)?;
                self.short_len()?
            }
            b's' | b't' | b'u' | b'a' | b'A' => {
                let len = self.len()?;
                return self.take(len).map(Object::Text);
            }
            b'z' | b'Z' => {
                let len = self.short_len()?;
                return self.take(len).map(Object::Text);
            }
            b')' => {
                let len = self.short_len()?;
                return self.list(len, depth);
            }
            b'(' | b'[' | b'<' | b'>' => {
                let len = self.len()?;
                return self.list(len, depth);
            }
            b':' => return self.list(3, depth),
            b'{' => return self.dictionary(depth),
            b'c' => return self.code(depth),
            _ => return None,
        };
        self.take(skipped).map(|_| Object::Other)
    }

    fn list(&mut self, len: usize, depth: usize) -> Option<Object> {
        // Each takes a byte or more, so a length that lies reserves nothing and ends soon.
        let mut list = Vec::new();
        for _ in 0..len {
            list.push(self.object(depth + 1)?);
        }
        Some(Object::List(list))
    }

    fn dictionary(&mut self, depth: usize) -> Option<Object> {
        let mut list = Vec::new();
        while self.bytes.get(self.at)? != &b'0' {
            list.push(self.object(depth + 1)?);
        }
        self.at += 1;
        Some(Object::List(list))
    }

    fn code(&mut self, depth: usize) -> Option<Object> {
        self.take(4 * self.version.numbers)?;
        let [code, constants, names, locals] = self.several(depth)?;
        // Kinds of variables, file, name and qualified name; or free variables, cells, file and name.
        self.several::<4>(depth)?;
        // The first line.
        self.take(4)?;
        self.object(depth + 1)?;
        if self.version.is_since_11 {
            self.object(depth + 1)?;
        }
        Some(Object::Code { code, constants, names, locals })
    }

    fn several<const N: usize>(&mut self, depth: usize) -> Option<[Number; N]> {
        let mut all = [0; N];
        for number in &mut all {
            *number = self.object(depth + 1)?;
        }
        Some(all)
    }

    fn items(&self, list: Number) -> &[Number] {
        match &self.objects[list] {
            Object::List(items) => items,
            Object::Text(_) | Object::Code { .. } | Object::Other => &[],
        }
    }

    fn text(&self, number: Number) -> Option<&'b [u8]> {
        match &self.objects[number] {
            Object::Text(range) => Some(&self.bytes[range.clone()]),
            Object::List(_) | Object::Code { .. } | Object::Other => None,
        }
    }

    /// The texts among the constants of all code, each once.
    fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        let mut seen = HashSet::new();
        for object in &self.objects {
            if let Object::Code { constants, .. } = object {
                let bound = self.bound(object);
                let mut left: Vec<Number> = self.items(*constants).iter().rev().copied().collect();
                while let Some(number) = left.pop() {
                    if !seen.insert(number) {
                        continue;
                    }
                    match self.text(number) {
                        Some(text) => line(bound.get(&number).copied(), text, &mut lines),
                        None => left.extend(self.items(number)),
                    }
                }
            }
        }
        lines
    }

    /// The names that constants of a `code` are bound to by the instruction that follows their loading.
    fn bound(&self, code: &Object) -> HashMap<Number, &'b [u8]> {
        let mut bound = HashMap::new();
        let Object::Code { code, constants, names, locals } = code else { return bound };
        let codes = self.version.codes;
        let (mut loaded, mut high) = (None, 0_usize);
        let at = |list: &Number, place: usize| self.items(*list).get(place).copied();
        for &[code, low] in self.text(*code).unwrap_or_default().as_chunks().0 {
            let place = high << 8 | usize::from(low);
            if code == codes.extended {
                high = place & 0xff_ffff;
                continue;
            }
            let name = match code {
                _ if code == codes.store_name || code == codes.store_global => at(names, place),
                _ if code == codes.store_fast => at(locals, place),
                _ => None,
            };
            if let (Some(constant), Some(name)) = (loaded, name.and_then(|name| self.text(name))) {
                bound.entry(constant).or_insert(name);
            }
            loaded = if code == codes.load { at(constants, place) } else { None };
            high = 0;
        }
        bound
    }
}

/// Adds a text, as Python would write it if it has a name.
fn line(name: Option<&[u8]>, text: &[u8], lines: &mut Vec<u8>) {
    let name = name.filter(|name| name.len() <= MAX_NAME_BYTES);
    let is_plain = !text.iter().any(|b| matches!(b, b'"' | b'\n' | b'\\'));
    let quote: &[u8] = if is_plain { b"\"" } else { b"\"\"\"" };
    if let Some(name) = name {
        lines.extend_from_slice(name);
        lines.extend_from_slice(b" = ");
        lines.extend_from_slice(quote);
    }
    // With a zero in it, all of it would look like no text.
    lines.extend(text.iter().map(|&b| if b == 0 { b'\n' } else { b }));
    if name.is_some() {
        lines.extend_from_slice(quote);
    }
    lines.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of Python 3.12: `A = "b"`, and `c` in a tuple twice.
    const SMALL: &[u8] = b"\xcb\x0d\r\n\0\0\0\0\0\0\0\0\0\0\0\0\
        \xe3\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\
        s\x04\0\0\0\x64\0\x5a\0)\x02\xda\x01b)\x02\xda\x01cr\x02\0\0\0\
        )\x01z\x01A)\0s\0\0\0\0z\x01fz\x01mz\x01m\0\0\0\0s\0\0\0\0s\0\0\0\0";

    fn lines(bytes: &[u8]) -> (String, bool) {
        let magic = u16::from_le_bytes([bytes[0], bytes[1]]);
        let mut module = Module::new(bytes, Version::of(magic).unwrap());
        let read = module.object(0).is_some();
        (String::from_utf8(module.lines()).unwrap(), read)
    }

    #[test]
    fn texts_have_the_names_they_are_bound_to() {
        assert!(is_pyc(SMALL));
        assert_eq!(lines(SMALL), ("A = \"b\"\nc\n".into(), true));
    }

    #[test]
    fn what_has_quotes_or_zeros_stays_readable() {
        let mut out = Vec::new();
        line(Some(b"A"), b"say \"b\"", &mut out);
        line(None, b"c\0d", &mut out);
        assert_eq!(out, b"A = \"\"\"say \"b\"\"\"\"\nc\nd\n");
    }

    #[test]
    fn what_is_cut_off_or_endless_ends() {
        for end in 16..SMALL.len() {
            assert!(!lines(&SMALL[..end]).1, "{end}");
        }
        let deep = [&SMALL[..16], &b")\x01".repeat(100_000)].concat();
        assert_eq!(lines(&deep), (String::new(), false));
        let long = [&SMALL[..16], b"(\xff\xff\xff\x7f"].concat();
        assert_eq!(lines(&long), (String::new(), false));
    }

    #[test]
    fn other_files_are_no_modules() {
        assert!(!is_pyc(b"\xcb\x0d\r\n"));
        assert!(!is_pyc(b"a\n\r\n0000000000000000000c"));
    }
}
