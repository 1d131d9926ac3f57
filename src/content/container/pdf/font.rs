//! Fonts: what characters a string shows, and how wide it is (ISO 32000-1, section 9.6 to 9.10). What glyphs look
//! like does not matter.

use std::{collections::HashMap, rc::Rc};

use super::{
    cmap::{Map, code_number},
    file::File,
    glyph::{self, Codes},
    lexer::name,
    sheet::Troubles,
    value::{Dict, Value, items, whole},
};
use crate::{
    content::container::{Members, Trouble},
    coverage::Limit,
};

/// What all fonts of a file may hold together: ranges of codes and widths.
const MAX_ENTRIES: usize = 1 << 20;
/// Of an em, for a glyph that nobody states a width of.
const USUAL_WIDTH: f64 = 0.5;
const COURIER_WIDTH: f64 = 0.6;

/// A font.
#[derive(Debug)]
pub(super) struct Font {
    map: Option<Rc<Map>>,
    coding: Coding,
    widths: Widths,
    /// Whether those are its own, and no guess.
    pub(super) is_exact: bool,
}

/// How strings are cut into codes, and what those are without a map.
#[derive(Debug)]
enum Coding {
    Bytes(Box<Codes>),
    /// The map of the encoding says how many bytes a code has.
    Mapped(Rc<Map>),
    /// Codes of two bytes, which are numbers of glyphs.
    Glyphs,
    /// Codes of two bytes, which are UTF-16.
    Utf16,
    /// ASCII, and codes of two bytes that begin with another.
    Mixed,
}

#[derive(Debug, Default)]
struct Widths {
    /// From the first code on.
    simple: Vec<f32>,
    first: u32,
    /// First and last code; in their order.
    ranges: Vec<(u32, u32, f32)>,
    usual: f32,
}

/// What a string shows.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shown {
    /// Its width in ems, without what the page adds.
    pub(super) width: f64,
    pub(super) glyphs: usize,
    /// Of these, spaces of one byte.
    pub(super) spaces: usize,
    /// Codes that stand for no character that is known.
    pub(super) unknown: usize,
}

impl Font {
    /// What is shown without a font.
    pub(super) fn plain() -> Self {
        Self {
            map: None,
            coding: Coding::Bytes(Box::new(glyph::codes(b""))),
            widths: Widths { usual: USUAL_WIDTH as f32, ..Widths::default() },
            is_exact: false,
        }
    }

    /// What `bytes` show; their characters are added to `text`.
    pub(super) fn show(&self, bytes: &[u8], text: &mut String) -> Shown {
        let mut shown = Shown::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (code, behind) = rest.split_at(self.code_bytes(rest).clamp(1, rest.len()));
            rest = behind;
            shown.width += self.widths.of(code_number(code));
            shown.glyphs += 1;
            shown.spaces += usize::from(code == b" ");
            let mut push = |character| glyph::push(character, text);
            if !self.map.as_ref().is_some_and(|map| map.characters(code, &mut push)) {
                match self.coding.character(code) {
                    Some(character) => push(character),
                    None => shown.unknown += 1,
                }
            }
        }
        shown
    }

    fn code_bytes(&self, rest: &[u8]) -> usize {
        match &self.coding {
            Coding::Bytes(_) => 1,
            Coding::Mapped(map) => map.code_bytes(rest).unwrap_or(2),
            Coding::Glyphs | Coding::Utf16 => 2,
            Coding::Mixed => 1 + usize::from(!rest[0].is_ascii()),
        }
    }
}

impl Coding {
    fn character(&self, code: &[u8]) -> Option<char> {
        let number = code_number(code);
        match self {
            Self::Bytes(codes) => Some(codes[usize::from(code[0])]),
            Self::Utf16 => char::from_u32(number),
            Self::Mixed => char::from_u32(number).filter(char::is_ascii),
            Self::Mapped(_) | Self::Glyphs => None,
        }
    }
}

impl Widths {
    /// Of a code, in ems.
    fn of(&self, code: u32) -> f64 {
        let simple = code.checked_sub(self.first).and_then(|at| self.simple.get(at as usize));
        let range = || {
            let behind = self.ranges.partition_point(|(first, ..)| *first <= code);
            let range = behind.checked_sub(1).map(|at| &self.ranges[at]);
            range.filter(|(_, last, _)| code <= *last).map(|(.., width)| width)
        };
        f64::from(*simple.or_else(range).unwrap_or(&self.usual))
    }
}

/// The fonts of a file, which are read once each.
#[derive(Default)]
pub(super) struct Fonts {
    /// By the place of their dictionaries.
    fonts: HashMap<usize, Rc<Font>>,
    /// By the numbers of their streams.
    maps: HashMap<u32, Rc<Map>>,
    entries: usize,
    /// Why not all could be read.
    pub(super) troubles: Troubles,
}

impl Fonts {
    /// The font that `dict` describes.
    pub(super) fn font(
        &mut self,
        file: &File<'_>,
        dict: Dict<'_>,
        members: &mut dyn Members,
    ) -> Result<Rc<Font>, Trouble> {
        let place = dict.0.as_ptr() as usize;
        if let Some(font) = self.fonts.get(&place) {
            return Ok(font.clone());
        }
        members.spend(dict.0.len() as u64)?;
        let map = self.map(file, dict.get(b"ToUnicode"), members)?;
        let font = match dict.is(b"Subtype", b"Type0") {
            true => self.composite(file, dict, map, members)?,
            false => self.simple(file, dict, map),
        };
        self.entries += font.widths.simple.len() + font.widths.ranges.len() + 1;
        let font = Rc::new(font);
        self.fonts.insert(place, font.clone());
        Ok(font)
    }

    /// The map in the stream that `value` refers to.
    fn map(
        &mut self,
        file: &File<'_>,
        value: Option<Value<'_>>,
        members: &mut dyn Members,
    ) -> Result<Option<Rc<Map>>, Trouble> {
        let Some(Value::Reference(number)) = value else { return Ok(None) };
        if let Some(map) = self.maps.get(&number) {
            return Ok(Some(map.clone()));
        }
        let Some(stream) = file.stream(number) else { return Ok(None) };
        if self.entries > MAX_ENTRIES {
            self.troubles.note(Trouble::Stopped(Limit::Held));
            return Ok(None);
        }
        let map = match Map::read(file, stream, members) {
            Ok(map) => Rc::new(map),
            Err(stopped @ Trouble::Stopped(_)) => return Err(stopped),
            Err(trouble) => {
                self.troubles.note(trouble);
                Rc::default()
            }
        };
        self.entries += map.len();
        self.maps.insert(number, map.clone());
        Ok(Some(map))
    }

    fn simple(&self, file: &File<'_>, dict: Dict<'_>, map: Option<Rc<Map>>) -> Font {
        let mut codes = Box::new(glyph::codes(b""));
        match file.get(dict, b"Encoding") {
            Some(Value::Name(base)) => *codes = glyph::codes(&name(base)),
            Some(Value::Dict(encoding)) => {
                if let Some(Value::Name(base)) = file.get(encoding, b"BaseEncoding") {
                    *codes = glyph::codes(&name(base));
                }
                if let Some(Value::Array(array)) = file.get(encoding, b"Differences") {
                    differ(&mut codes, array);
                }
            }
            Some(_) | None => {}
        }
        let (widths, is_exact) = simple_widths(file, dict);
        Font { map, coding: Coding::Bytes(codes), widths, is_exact }
    }

    fn composite(
        &mut self,
        file: &File<'_>,
        dict: Dict<'_>,
        map: Option<Rc<Map>>,
        members: &mut dyn Members,
    ) -> Result<Font, Trouble> {
        let encoding = dict.get(b"Encoding");
        let coding = match encoding {
            Some(Value::Name(written)) => {
                let encoding = name(written);
                let has = |part: &[u8]| memchr::memmem::find(&encoding, part).is_some();
                if has(b"Identity") {
                    Coding::Glyphs
                } else if has(b"UCS2") || has(b"UTF16") {
                    Coding::Utf16
                } else {
                    Coding::Mixed
                }
            }
            _ => self.map(file, encoding, members)?.map_or(Coding::Glyphs, Coding::Mapped),
        };
        let descendant = match file.get(dict, b"DescendantFonts") {
            Some(Value::Array(array)) => items(array).next().map(|value| file.resolve(value)),
            other => other,
        };
        let widths = match descendant {
            Some(Value::Dict(descendant)) => composite_widths(file, descendant),
            Some(_) | None => Widths { usual: 1.0, ..Widths::default() },
        };
        Ok(Font { map, coding, widths, is_exact: true })
    }
}

/// Changes `codes` as `array` says: a code, and the names of what begins there.
fn differ(codes: &mut Codes, array: &[u8]) {
    let mut code = 0_usize;
    for value in items(array) {
        match value {
            Value::Number(number) => code = whole(number).unwrap_or(0) as usize,
            Value::Name(written) => {
                if let Some((place, character)) =
                    codes.get_mut(code).zip(glyph::named(&name(written)))
                {
                    *place = character;
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
}

/// The widths of a font whose codes have one byte, and whether the font states them.
fn simple_widths(file: &File<'_>, dict: Dict<'_>) -> (Widths, bool) {
    let base = match dict.get(b"BaseFont") {
        Some(Value::Name(base)) => name(base),
        Some(_) | None => (&b""[..]).into(),
    };
    let is_courier = memchr::memmem::find(&base, b"Courier").is_some();
    let usual = if is_courier { COURIER_WIDTH } else { USUAL_WIDTH } as f32;
    let Some(Value::Array(array)) = file.get(dict, b"Widths") else {
        return (Widths { usual, ..Widths::default() }, is_courier);
    };
    // Fonts of type 3 have a measure of their own.
    let scale = match file.get(dict, b"FontMatrix") {
        Some(Value::Array(matrix)) => match items(matrix).next() {
            Some(Value::Number(scale)) => scale,
            Some(_) | None => 0.001,
        },
        Some(_) | None => 0.001,
    };
    let width = |value| match file.resolve(value) {
        Value::Number(number) => (number * scale) as f32,
        _ => usual,
    };
    let simple = items(array).take(256).map(width).collect();
    let first = dict.number(b"FirstChar").and_then(whole).unwrap_or(0);
    (Widths { simple, first, usual, ..Widths::default() }, true)
}

/// The widths of a font of glyphs with numbers: a first one and the widths from there on, or a first one, a last one
/// and their width.
fn composite_widths(file: &File<'_>, dict: Dict<'_>) -> Widths {
    const MAX_RANGES: usize = 1 << 16;
    let usual = dict.number(b"DW").unwrap_or(1000.0) / 1000.0;
    let mut widths = Widths { usual: usual as f32, ..Widths::default() };
    let Some(Value::Array(array)) = file.get(dict, b"W") else { return widths };
    let mut numbers = Vec::new();
    for value in items(array) {
        match file.resolve(value) {
            Value::Number(number) => numbers.push(number),
            Value::Array(list) => {
                let first = numbers.pop().and_then(whole).unwrap_or(0);
                for (code, value) in (first..).zip(items(list)).take(MAX_RANGES) {
                    if let Value::Number(width) = value {
                        widths.ranges.push((code, code, (width / 1000.0) as f32));
                    }
                }
                numbers.clear();
            }
            _ => numbers.clear(),
        }
        if let [first, last, width] = numbers[..] {
            let range = whole(first).zip(whole(last));
            widths.ranges.extend(range.map(|(f, l)| (f, l, (width / 1000.0) as f32)));
            numbers.clear();
        }
        if widths.ranges.len() > MAX_RANGES {
            break;
        }
    }
    widths.ranges.sort_by_key(|(first, ..)| *first);
    widths
}
