//! Builds containers of all kinds, for tests that hide keys in them.

use std::io::{Cursor, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// A file in a container: its path, and its bytes.
pub(crate) type File<'f> = (&'f str, Vec<u8>);

pub(crate) fn zip(files: &[File<'_>], method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn deflated(files: &[File<'_>]) -> Vec<u8> {
    zip(files, zip::CompressionMethod::DEFLATE)
}

pub(crate) fn tar(files: &[File<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(bytes).unwrap();
    zlib.finish().unwrap()
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    bzip2.write_all(bytes).unwrap();
    bzip2.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    xz.write_all(bytes).unwrap();
    xz.finish().unwrap()
}

pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut lzma = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    lzma.write_all(bytes).unwrap();
    lzma.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(bytes).unwrap();
    lz4.finish().unwrap()
}

pub(crate) fn sevenz(files: &[File<'_>]) -> Vec<u8> {
    let mut sevenz = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, bytes) in files {
        let entry = sevenz_rust2::ArchiveEntry::new_file(name);
        sevenz.push_archive_entry(entry, Some(bytes.as_slice())).unwrap();
    }
    sevenz.finish().unwrap().into_inner()
}

/// A Unix archive; names of more than 15 letters go the way of GNU.
pub(crate) fn ar(files: &[File<'_>]) -> Vec<u8> {
    let mut ar = b"!<arch>\n".to_vec();
    let mut member = |name: &str, bytes: &[u8]| {
        writeln!(ar, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, bytes.len())
            .unwrap();
        ar.extend_from_slice(bytes);
        ar.resize(ar.len().next_multiple_of(2), b'\n');
    };
    let table: String = files.iter().map(|(name, _)| format!("{name}/\n")).collect();
    member("//", table.as_bytes());
    let mut at = 0;
    for (name, bytes) in files {
        member(&format!("/{at}"), bytes);
        at += name.len() + 2;
    }
    ar
}

pub(crate) fn cpio(files: &[File<'_>]) -> Vec<u8> {
    let mut cpio = Vec::new();
    let mut member = |name: &str, mode: u32, bytes: &[u8]| {
        let (size, name_size) = (bytes.len(), name.len() + 1);
        write!(cpio, "070701{0:08x}{mode:08x}{0:08x}{0:08x}{1:08x}{0:08x}{size:08x}", 0, 1)
            .unwrap();
        write!(cpio, "{0:08x}{0:08x}{0:08x}{0:08x}{name_size:08x}{0:08x}{name}\0", 0).unwrap();
        cpio.resize(cpio.len().next_multiple_of(4), 0);
        cpio.extend_from_slice(bytes);
        cpio.resize(cpio.len().next_multiple_of(4), 0);
    };
    for (name, bytes) in files {
        member(name, 0o100_644, bytes);
    }
    member("TRAILER!!!", 0, b"");
    cpio
}

/// A package with nothing but a payload.
pub(crate) fn rpm(files: &[File<'_>]) -> Vec<u8> {
    let mut rpm = vec![0; 96];
    rpm[..4].copy_from_slice(b"\xed\xab\xee\xdb");
    // The tags of the signature end unaligned, those of the header do.
    for (tags, data) in [(1_u32, 5_u32), (2, 3)] {
        rpm.extend_from_slice(b"\x8e\xad\xe8\x01\0\0\0\0");
        rpm.extend_from_slice(&tags.to_be_bytes());
        rpm.extend_from_slice(&data.to_be_bytes());
        rpm.resize(rpm.len() + (16 * tags + data) as usize, 7);
        if data == 5 {
            rpm.resize(rpm.len().next_multiple_of(8), 0);
        }
    }
    rpm.extend(gzip(&cpio(files)));
    rpm
}

/// A database of one table, whose rows have one text each.
pub(crate) fn sqlite(table: &str, rows: &[&str]) -> Vec<u8> {
    sqlite_table(table, "", &rows.chunks(1).collect::<Vec<_>>())
}

/// A database of the table that `statement` makes.
pub(crate) fn sqlite_table(table: &str, statement: &str, rows: &[&[&str]]) -> Vec<u8> {
    let cell = |n: usize, values: &[&str], root: Option<u8>| {
        // Types first, in a header whose length comes before them; 1 is a number of one byte.
        let mut types: Vec<_> = values.iter().map(|v| varint(13 + 2 * v.len())).collect();
        let mut texts: Vec<_> = values.iter().map(|v| v.as_bytes().to_vec()).collect();
        if let Some(root) = root {
            // The schema has the root before the statement.
            types.insert(3, varint(1));
            texts.insert(3, vec![root]);
        }
        let types = types.concat();
        let record = [varint(types.len() + 1), types, texts.concat()].concat();
        [varint(record.len()), varint(n), record].concat()
    };
    let schema = cell(1, &["table", table, table, statement], Some(2));
    let cells: Vec<_> = rows.iter().zip(1..).map(|(row, n)| cell(n, row, None)).collect();
    let mut database = leaf(100, &[schema]);
    database[..16].copy_from_slice(b"SQLite format 3\0");
    database[16..24].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32]);
    database[28..32].copy_from_slice(&2_u32.to_be_bytes());
    database[56..60].copy_from_slice(&1_u32.to_be_bytes());
    database.extend(leaf(0, &cells));
    database
}

fn varint(n: usize) -> Vec<u8> {
    if n < 0x80 { vec![n as u8] } else { vec![0x80 | (n >> 7) as u8, (n & 0x7f) as u8] }
}

/// A page that holds rows, behind `start` bytes of something else.
fn leaf(start: usize, cells: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; 4096];
    let mut end = page.len();
    page[start] = 0x0d;
    page[start + 3..start + 5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
    for (n, cell) in cells.iter().enumerate() {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        let pointer = start + 8 + 2 * n;
        page[pointer..pointer + 2].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page
}

/// A class whose constant pool has these texts.
pub(crate) fn class(texts: &[&str]) -> Vec<u8> {
    let mut class = b"\xca\xfe\xba\xbe\0\0\0\x41".to_vec();
    class.extend_from_slice(&(texts.len() as u16 + 1).to_be_bytes());
    for text in texts {
        class.push(1);
        class.extend_from_slice(&(text.len() as u16).to_be_bytes());
        class.extend_from_slice(text.as_bytes());
    }
    class.extend_from_slice(&[0; 16]);
    class
}

/// A module of Python 3.12 that binds each name to its text.
pub(crate) fn pyc(texts: &[(&str, &str)]) -> Vec<u8> {
    let short = |text: &str| [b"z", &[text.len() as u8][..], text.as_bytes()].concat();
    let list = |all: Vec<Vec<u8>>| [b")", &[all.len() as u8][..], &all.concat()].concat();
    let code = (0..texts.len() as u8).flat_map(|n| [100, n, 90, n]).collect::<Vec<u8>>();
    let mut pyc = b"\xcb\x0d\r\n".to_vec();
    pyc.resize(16, 0);
    pyc.push(0xe3);
    pyc.resize(37, 0);
    pyc.push(b's');
    pyc.extend_from_slice(&(code.len() as u32).to_le_bytes());
    pyc.extend_from_slice(&code);
    pyc.extend(list(texts.iter().map(|(_, text)| short(text)).collect()));
    pyc.extend(list(texts.iter().map(|(name, _)| short(name)).collect()));
    pyc.extend_from_slice(b")\0s\0\0\0\0z\x01fz\x01mz\x01m\0\0\0\0s\0\0\0\0s\0\0\0\0");
    pyc
}

/// A mail with `text` in its body, and `files` behind it in base64.
pub(crate) fn mail(text: &str, files: &[File<'_>]) -> Vec<u8> {
    let mut mail = b"Return-Path: <a@b.example>\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed;\r\n\tboundary=\"=_b 1\"\r\n\r\n--=_b 1\r\n\
        Content-Type: text/plain\r\n\r\n"
        .to_vec();
    mail.extend_from_slice(text.as_bytes());
    for (name, bytes) in files {
        write!(mail, "\r\n--=_b 1\r\nContent-Transfer-Encoding: base64\r\n").unwrap();
        write!(mail, "Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n").unwrap();
        for line in BASE64_STANDARD.encode(bytes).as_bytes().chunks(76) {
            mail.extend_from_slice(line);
            mail.extend_from_slice(b"\r\n");
        }
    }
    mail.extend_from_slice(b"--=_b 1--\r\n");
    mail
}

/// Mails in one file.
pub(crate) fn mbox(mails: &[Vec<u8>]) -> Vec<u8> {
    let each = |mail: &Vec<u8>| {
        [&b"From a@b.example Thu Jan  1 00:00:00 2026\n"[..], mail, b"\n"].concat()
    };
    mails.iter().map(each).collect::<Vec<_>>().concat()
}
