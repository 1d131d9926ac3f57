//! SQLite databases: the rows of each table, a line for each, with the names of the columns in front of the
//! values: <https://www.sqlite.org/fileformat2.html>.
//!
//! Only what a table needs is read, a page at a time; no statement is run, so nothing that a schema
//! defines can do anything. What was deleted is not read.

use std::io::{self, Read, SeekFrom};

use super::{Members, ReadSeek, Trouble, named};

/// More pages in each other are no tree that SQLite makes.
const MAX_DEPTH: usize = 32;
/// A longer row is not put together.
const MAX_ROW_BYTES: u64 = 16 << 20;

pub(super) fn open(input: &mut dyn ReadSeek, members: &mut dyn Members) -> Result<(), Trouble> {
    let mut pages = Pages::new(input)?;
    let mut tables = Vec::new();
    let mut schema = Rows::new(&mut pages, 1);
    while let Some(row) = schema.next()? {
        if let [Value::Text(kind), _, Value::Text(name), Value::Number(root), rest @ ..] = &*row
            && kind == b"table"
        {
            let columns = match rest {
                [Value::Text(statement), ..] => columns(statement).unwrap_or_default(),
                _ => Vec::new(),
            };
            let root = u32::try_from(*root).ok().filter(|&root| root > 0);
            tables.extend(root.map(|root| (name.clone(), root, columns)));
        }
    }
    for (name, root, columns) in tables {
        members.member(named(&name), &mut Lines::new(Rows::new(&mut pages, root), columns))?;
        let mut rows = Rows::new(&mut pages, root);
        // What has zeros would make the whole table look like no text.
        while let Some(row) = rows.next().unwrap_or_default() {
            for value in row {
                if let Value::Text(bytes) | Value::Bytes(bytes) = value
                    && memchr::memchr(0, &bytes).is_some()
                {
                    members.member(named(&name), &mut &*bytes)?;
                }
            }
        }
    }
    Ok(())
}

/// The pages of a database.
struct Pages<'i> {
    input: &'i mut dyn ReadSeek,
    size: usize,
    /// Of a page, without what extensions reserve.
    usable: usize,
    count: u64,
}

impl<'i> Pages<'i> {
    fn new(input: &'i mut dyn ReadSeek) -> Result<Self, Trouble> {
        let mut header = [0; 100];
        let len = input.seek(SeekFrom::End(0))?;
        input.rewind()?;
        input.read_exact(&mut header)?;
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 1 << 16,
            size if size.is_power_of_two() && size >= 512 => usize::from(size),
            _ => return Err(Trouble::Damaged),
        };
        // Of UTF-16 nobody makes databases; zero is an empty one.
        if header[59] > 1 {
            return Err(Trouble::Unsupported);
        }
        let usable = size - usize::from(header[20]);
        Ok(Self { input, size, usable, count: len.div_ceil(size as u64) })
    }

    fn page(&mut self, number: u32) -> io::Result<Vec<u8>> {
        let before = u64::from(number).checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        let mut page = vec![0; self.size];
        self.input.seek(SeekFrom::Start(before * self.size as u64))?;
        self.input.read_exact(&mut page)?;
        page.truncate(self.usable);
        Ok(page)
    }

    /// The payload of `len` bytes that begins with `start`, and goes on in other pages.
    fn payload(&mut self, start: &[u8], len: u64, is_table: bool) -> Option<Vec<u8>> {
        let usable = self.usable as u64;
        let least = (usable - 12) * 32 / 255 - 23;
        let most = if is_table { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        if len <= most {
            return start.get(..len as usize).map(<[u8]>::to_vec);
        }
        if len > MAX_ROW_BYTES {
            return None;
        }
        let local = least + (len - least) % (usable - 4);
        let local = if local <= most { local } else { least } as usize;
        let mut payload = start.get(..local)?.to_vec();
        let mut next = long(start, local)?;
        while (payload.len() as u64) < len {
            let page = self.page(next).ok()?;
            next = long(&page, 0)?;
            let left = len as usize - payload.len();
            payload.extend_from_slice(&page[4..page.len().min(4 + left)]);
        }
        Some(payload)
    }
}

enum Value {
    Number(i64),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Nothing,
}

/// The rows of one tree of pages, in their order.
struct Rows<'p, 'i> {
    pages: &'p mut Pages<'i>,
    /// Pages on the way to the next cell, and that cell's number in each.
    way: Vec<(Node, usize)>,
    root: Option<u32>,
    /// Pages that may still be visited: each stands in one place of a tree.
    left: u64,
}

struct Node {
    page: Vec<u8>,
    /// Where its header begins.
    start: usize,
    cells: usize,
}

impl Node {
    const TABLE: u8 = 0x0d;
    const TABLES: u8 = 0x05;
    const INDEX: u8 = 0x0a;
    const INDICES: u8 = 0x02;

    fn kind(&self) -> u8 {
        self.page[self.start]
    }

    fn is_inner(&self) -> bool {
        matches!(self.kind(), Self::TABLES | Self::INDICES)
    }

    fn cell(&self, number: usize) -> Option<&[u8]> {
        let pointers = self.start + if self.is_inner() { 12 } else { 8 };
        self.page.get(usize::from(short(&self.page, pointers + 2 * number)?)..)
    }
}

impl<'p, 'i> Rows<'p, 'i> {
    fn new(pages: &'p mut Pages<'i>, root: u32) -> Self {
        let left = pages.count;
        Self { pages, way: Vec::new(), root: Some(root), left }
    }

    fn enter(&mut self, number: u32) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        let page = self.pages.page(number)?;
        let start = if number == 1 { 100 } else { 0 };
        let cells = short(&page, start + 3).map_or(0, usize::from);
        let node = Node { page, start, cells };
        let known = [Node::TABLE, Node::TABLES, Node::INDEX, Node::INDICES];
        if self.way.len() == MAX_DEPTH || !known.contains(&node.kind()) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.way.push((node, 0));
        Ok(())
    }

    /// The next row.
    fn next(&mut self) -> io::Result<Option<Vec<Value>>> {
        if let Some(root) = self.root.take() {
            self.enter(root)?;
        }
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        while let Some((node, number)) = self.way.last_mut() {
            let at = *number;
            *number += 1;
            if at > node.cells || at == node.cells && !node.is_inner() {
                self.way.pop();
                continue;
            }
            if at == node.cells {
                let last = long(&node.page, node.start + 8).ok_or_else(damaged)?;
                self.enter(last)?;
                continue;
            }
            let (kind, cell) = (node.kind(), node.cell(at).ok_or_else(damaged)?.to_vec());
            let row = match kind {
                Node::TABLES => None,
                Node::INDICES => Some(self.row(cell.get(4..).unwrap_or_default(), kind)),
                _ => Some(self.row(&cell, kind)),
            };
            if matches!(kind, Node::TABLES | Node::INDICES) {
                self.enter(long(&cell, 0).ok_or_else(damaged)?)?;
            }
            if let Some(row) = row {
                return row.ok_or_else(damaged).map(Some);
            }
        }
        Ok(None)
    }

    fn row(&mut self, cell: &[u8], kind: u8) -> Option<Vec<Value>> {
        let (len, mut rest) = varint(cell)?;
        let is_table = kind == Node::TABLE;
        if is_table {
            rest = varint(rest)?.1;
        }
        let payload = self.pages.payload(rest, len, is_table)?;
        values(&payload)
    }
}

/// The values of a record.
fn values(record: &[u8]) -> Option<Vec<Value>> {
    let (len, rest) = varint(record)?;
    let header_len = usize::try_from(len).ok()?;
    let mut types = record.get(record.len() - rest.len()..header_len)?;
    let mut body = record.get(header_len..)?;
    let mut values = Vec::new();
    while !types.is_empty() {
        let (kind, more) = varint(types)?;
        types = more;
        let len = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            _ => kind.checked_sub(12)? / 2,
        };
        let (value, more) = body.split_at_checked(usize::try_from(len).ok()?)?;
        body = more;
        values.push(match kind {
            1..=6 => Value::Number(number(value)),
            12.. if kind.is_multiple_of(2) => Value::Bytes(value.to_vec()),
            12.. => Value::Text(value.to_vec()),
            _ => Value::Nothing,
        });
    }
    Some(values)
}

fn number(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |&b| i64::from(b as i8));
    bytes.iter().skip(1).fold(first, |number, &b| number << 8 | i64::from(b))
}

/// Seven bits a byte, and all eight of a ninth.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for n in 0..8 {
        let byte = *bytes.get(n)?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, &bytes[n + 1..]));
        }
    }
    Some((value << 8 | u64::from(*bytes.get(8)?), &bytes[9..]))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The columns of a table, by the statement that made it; nothing if it is not clear in which order rows
/// have them.
fn columns(statement: &[u8]) -> Option<Vec<Vec<u8>>> {
    // Comments; tables that are stored as their index; columns that are not stored.
    const UNCLEAR: [&[u8]; 4] = [b"--", b"/*", b"without", b" as"];
    let lower = statement.to_ascii_lowercase();
    if UNCLEAR.iter().any(|word| memchr::memmem::find(&lower, word).is_some()) {
        return None;
    }
    let list = &statement[memchr::memchr(b'(', statement)? + 1..];
    let (mut columns, mut start, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    for (at, &byte) in list.iter().enumerate() {
        match (quote, byte) {
            (Some(end), _) => quote = Some(end).filter(|end| *end != byte),
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'[') => quote = Some(b']'),
            (None, b'(') => depth += 1,
            (None, b',' | b')') if depth == 0 => {
                let Some(name) = column(&list[start..at])? else { return Some(columns) };
                columns.push(name);
                if byte == b')' {
                    return Some(columns);
                }
                start = at + 1;
            }
            (None, b')') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

/// The name of the column that is declared; `Some(None)` of what is said of the whole table, which comes last.
fn column(declared: &[u8]) -> Option<Option<Vec<u8>>> {
    const OF_TABLE: [&[u8]; 5] = [b"constraint", b"primary", b"unique", b"check", b"foreign"];
    let declared = declared.trim_ascii();
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | 0x80..);
    let end = match declared.first()? {
        b'[' => b']',
        quote @ (b'"' | b'\'' | b'`') => *quote,
        _ => {
            let word: Vec<u8> = declared.iter().copied().take_while(|b| is_word(b)).collect();
            let is_of_table = OF_TABLE.iter().any(|of| word.eq_ignore_ascii_case(of));
            return (!word.is_empty()).then_some((!is_of_table).then_some(word));
        }
    };
    let name = declared[1..].split(|b| *b == end).next()?;
    name.iter().all(is_word).then(|| Some(name.to_vec()))
}

/// Rows as lines, their values between tabs; texts have the name of their column in front.
struct Lines<'p, 'i> {
    rows: Rows<'p, 'i>,
    columns: Vec<Vec<u8>>,
    line: io::Cursor<Vec<u8>>,
}

impl<'p, 'i> Lines<'p, 'i> {
    fn new(rows: Rows<'p, 'i>, columns: Vec<Vec<u8>>) -> Self {
        Self { rows, columns, line: io::Cursor::default() }
    }
}

impl Read for Lines<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.line.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let Some(row) = self.rows.next()? else { return Ok(0) };
            let mut line = Vec::new();
            for (number, value) in row.into_iter().enumerate() {
                match value {
                    Value::Text(bytes) | Value::Bytes(bytes) => {
                        if memchr::memchr(0, &bytes).is_none() {
                            if let Some(name) = self.columns.get(number) {
                                line.extend_from_slice(name);
                                line.push(b'=');
                            }
                            line.extend(bytes);
                        }
                    }
                    Value::Number(number) => line.extend(number.to_string().into_bytes()),
                    Value::Nothing => {}
                }
                line.push(b'\t');
            }
            line.pop();
            line.push(b'\n');
            self.line = io::Cursor::new(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(statement: &str) -> Option<String> {
        let names = columns(statement.as_bytes())?;
        Some(String::from_utf8_lossy(&names.join(&b' ')).into_owned())
    }

    #[test]
    fn a_table_names_its_columns() {
        for statement in [
            "CREATE TABLE t (a, b, c)",
            "create table \"t\"(a integer primary key, [b] text not null default ',)', `c` decimal(10, 2))",
            "CREATE TABLE t(\n\ta TEXT,\n\t'b' TEXT CHECK(length(b) > 2),\n\tc,\n\tPRIMARY KEY (a, b)\n)",
            "CREATE TABLE t (a, b, c, FOREIGN KEY(a) REFERENCES u(x))",
        ] {
            assert_eq!(names(statement).as_deref(), Some("a b c"), "{statement}");
        }
    }

    #[test]
    fn columns_in_an_unclear_order_have_no_names() {
        for statement in [
            "",
            "CREATE TABLE t",
            "CREATE TABLE t (a, b",
            "CREATE TABLE t (a, -- or so,\n b)",
            "CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID",
            "CREATE TABLE t (a, b GENERATED ALWAYS AS (a), c)",
            "CREATE TABLE t (a, \"b c\")",
            "CREATE VIRTUAL TABLE t USING fts5",
        ] {
            assert_eq!(names(statement), None, "{statement}");
        }
    }
}
