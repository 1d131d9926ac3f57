//! Builds PDFs, for tests that hide keys in them.

use std::fmt::Write as _;

use crate::pack;

/// A PDF that is being written: objects, and what hangs on its root.
#[derive(Default)]
pub(crate) struct Pdf {
    /// From the object 1 on.
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    /// Entries of the trailer.
    pub(crate) trailer: String,
}

impl Pdf {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds an object; its number.
    pub(crate) fn object(&mut self, object: impl Into<Vec<u8>>) -> usize {
        self.objects.push(object.into());
        self.objects.len()
    }

    /// Adds a stream whose dictionary has these entries and its length.
    pub(crate) fn stream(&mut self, entries: &str, data: &[u8]) -> usize {
        let dict = format!("<<{entries}/Length {}>>\nstream\n", data.len());
        self.object([dict.as_bytes(), data, b"\nendstream"].concat())
    }

    /// As `stream`, packed.
    pub(crate) fn packed(&mut self, entries: &str, data: &[u8]) -> usize {
        self.stream(&format!("{entries}/Filter/FlateDecode"), &pack::zlib(data))
    }

    /// Adds a page with these entries.
    pub(crate) fn page(&mut self, entries: &str) -> usize {
        let page = self.object(format!("<</Type/Page{entries}>>"));
        self.pages.push(page);
        page
    }

    /// Adds a page that shows `text` in a font of one byte a letter.
    pub(crate) fn page_of(&mut self, text: &str) -> usize {
        let font =
            self.object("<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>");
        let content = self.packed("", &shown(text));
        self.page(&format!("/Contents {content} 0 R/Resources<</Font<</F1 {font} 0 R>>>>"))
    }

    /// Adds the file `name`, which a note on no page holds.
    pub(crate) fn attach(&mut self, name: &str, bytes: &[u8]) -> usize {
        let file = self.packed("/Type/EmbeddedFile", bytes);
        self.object(format!("<</Type/Filespec/F({name})/UF({name})/EF<</F {file} 0 R>>>>"))
    }

    /// Adds the tree of pages and the root; the root's number.
    fn root(&mut self) -> usize {
        let kids: String = self.pages.iter().map(|page| format!("{page} 0 R ")).collect();
        let count = self.pages.len();
        let pages = self.object(format!("<</Type/Pages/Kids[{kids}]/Count {count}>>"));
        self.object(format!("<</Type/Catalog/Pages {pages} 0 R>>"))
    }

    /// The file, with a table of its objects.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let root = self.root();
        let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", self.objects.len() + 1);
        for (object, number) in self.objects.iter().zip(1..) {
            writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
            file.extend_from_slice(&numbered(number, object));
        }
        let (size, at) = (self.objects.len() + 1, file.len());
        let trailer = format!("trailer\n<</Size {size}/Root {root} 0 R{}>>", self.trailer);
        file.extend(format!("{table}{trailer}\nstartxref\n{at}\n%%EOF\n").bytes());
        file
    }

    /// The file, with its objects in two streams, and one more as their table.
    pub(crate) fn finish_in_streams(mut self) -> Vec<u8> {
        let root = self.root();
        let is_stream = |object: &[u8]| object.ends_with(b"endstream");
        let (streams, others): (Vec<_>, Vec<_>) =
            self.objects.iter().zip(1..).partition(|(object, _)| is_stream(object));
        let mut file = b"%PDF-1.7\n".to_vec();
        let mut rows = Vec::new();
        for (object, number) in streams {
            rows.extend(row(1, file.len(), 0));
            file.extend_from_slice(&numbered(number, object));
        }
        let half = others.len().div_ceil(2);
        for (part, number) in others.chunks(half.max(1)).zip(self.objects.len() + 1..) {
            let places = part.iter().scan(0, |at, (object, number)| {
                let place = format!("{number} {at} ");
                *at += object.len() + 1;
                Some(place)
            });
            let places: String = places.collect();
            let objects: Vec<_> = part.iter().map(|(object, _)| object.as_slice()).collect();
            let held = [places.as_bytes(), &objects.join(&b'\n')].concat();
            let (count, first) = (part.len(), places.len());
            let entries = format!("/Type/ObjStm/N {count}/First {first}");
            let mut holder = Self::new();
            holder.packed(&entries, &held);
            rows.extend((0..count).flat_map(|n| row(2, number, n)));
            file.extend_from_slice(&numbered(number, &holder.objects[0]));
        }
        let at = file.len();
        let mut table = Self::new();
        let size = self.objects.len() + 4;
        let entries = format!("/Type/XRef/Size {size}/W[1 4 2]/Root {root} 0 R{}", self.trailer);
        table.packed(&entries, &rows);
        file.extend_from_slice(&numbered(size - 1, &table.objects[0]));
        file.extend(format!("startxref\n{at}\n%%EOF\n").bytes());
        file
    }
}

fn numbered(number: usize, object: &[u8]) -> Vec<u8> {
    [format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat()
}

fn row(kind: u8, place: usize, index: usize) -> Vec<u8> {
    [&[kind][..], &(place as u32).to_be_bytes(), &(index as u16).to_be_bytes()].concat()
}

/// `text` in the encoding of Windows and between parentheses.
pub(crate) fn literal(text: &str) -> Vec<u8> {
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(text);
    let escaped = bytes.iter().flat_map(|&byte| match byte {
        b'(' | b')' | b'\\' => vec![b'\\', byte],
        _ => vec![byte],
    });
    [&b"("[..], &escaped.collect::<Vec<_>>(), b")"].concat()
}

/// A content that shows the lines of `text`.
pub(crate) fn shown(text: &str) -> Vec<u8> {
    let mut content = b"BT /F1 10 Tf 12 TL 72 720 Td\n".to_vec();
    for line in text.lines() {
        content.extend([literal(line), b" Tj T*\n".to_vec()].concat());
    }
    content.extend_from_slice(b"ET\n");
    content
}

/// A page of `text`.
pub(crate) fn page(text: &str) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.page_of(text);
    pdf.finish()
}

/// A page of `text` in a font whose codes are numbers of glyphs, each letter moved a little; in streams of objects.
pub(crate) fn page_of_glyphs(text: &str) -> Vec<u8> {
    let mut letters: Vec<char> = text.chars().filter(|c| *c != '\n').collect();
    letters.sort_unstable();
    letters.dedup();
    let code = |letter| letters.iter().position(|l| *l == letter).unwrap() + 3;
    let mut map = String::from("begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n");
    for letters in letters.chunks(100) {
        writeln!(map, "{} beginbfchar", letters.len()).unwrap();
        for letter in letters {
            writeln!(map, "<{:04X}> <{:04X}>", code(*letter), u32::from(*letter)).unwrap();
        }
        map.push_str("endbfchar\n");
    }
    let mut content = String::from("BT /F1 10 Tf 1 0 0 1 72 720 Tm\n");
    for line in text.lines() {
        let glyphs = line.chars().zip([-20, 30, 7].into_iter().cycle());
        let glyphs: String = glyphs.map(|(l, by)| format!("<{:04X}>{by}", code(l))).collect();
        writeln!(content, "[{glyphs}] TJ 0 -12 Td").unwrap();
    }
    let mut pdf = Pdf::new();
    let map = pdf.packed("", map.as_bytes());
    let descendant = pdf.object("<</Type/Font/Subtype/CIDFontType2/DW 600>>");
    let font = pdf.object(format!(
        "<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode {map} 0 R/DescendantFonts[{descendant} 0 R]>>"
    ));
    let content = pdf.packed("", content.as_bytes());
    pdf.page(&format!("/Contents {content} 0 R/Resources<</Font<</F1 {font} 0 R>>>>"));
    pdf.finish_in_streams()
}
