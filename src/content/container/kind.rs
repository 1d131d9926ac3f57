//! What sort of container bytes are. How they begin says it: names lie, and blobs of a history have none.

use super::{Trouble, class, mail, pdf, pyc};

/// A sort of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Zip, and what is built on it: jar, apk, docx, epub, whl and others.
    Zip,
    /// 7-Zip.
    SevenZ,
    /// Tar of any age.
    Tar,
    /// Unix archives, and so Debian packages.
    Ar,
    /// Cpio of any age.
    Cpio,
    /// RPM packages.
    Rpm,
    /// One file, packed by gzip.
    Gzip,
    /// One file, packed by bzip2.
    Bzip2,
    /// One file, packed by xz.
    Xz,
    /// One file, packed by lzma.
    Lzma,
    /// One file, packed by zstd.
    Zstd,
    /// One file, packed by lz4.
    Lz4,
    /// An SQLite database.
    Sqlite,
    /// A bundle of git.
    Bundle,
    /// A class of Java.
    Class,
    /// A compiled module of Python.
    Pyc,
    /// A mail, or many in a file.
    Mail,
    /// A PDF.
    Pdf,
    /// Private keys behind a password, in PKCS #12 or in Java's own format.
    Keystore,
    /// A container that no sound library opens.
    Unsupported,
}

impl Kind {
    /// Whether it packs one file.
    pub fn is_packed(self) -> bool {
        matches!(self, Self::Gzip | Self::Bzip2 | Self::Xz | Self::Lzma | Self::Zstd | Self::Lz4)
    }

    /// Why nothing of this sort is opened.
    pub fn closed(self) -> Option<Trouble> {
        match self {
            Self::Keystore => Some(Trouble::Keystore),
            Self::Unsupported => Some(Trouble::Unsupported),
            Self::Zip
            | Self::SevenZ
            | Self::Tar
            | Self::Ar
            | Self::Cpio
            | Self::Rpm
            | Self::Sqlite
            | Self::Bundle
            | Self::Class
            | Self::Pyc
            | Self::Mail
            | Self::Pdf => None,
            Self::Gzip | Self::Bzip2 | Self::Xz | Self::Lzma | Self::Zstd | Self::Lz4 => None,
        }
    }

    /// Whether it is text, with members between its lines.
    pub fn is_text(self) -> bool {
        self == Self::Mail
    }

    /// Whether its members stand in it as they are.
    pub fn copies(self) -> bool {
        matches!(self, Self::Tar | Self::Ar | Self::Cpio | Self::Rpm)
    }
}

/// How containers begin.
const MAGIC: [(&[u8], Kind); 29] = [
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"PK\x07\x08PK\x03\x04", Kind::Zip),
    // Extensions of Chromium: a header, then a zip.
    (b"Cr24", Kind::Zip),
    (b"7z\xbc\xaf\x27\x1c", Kind::SevenZ),
    (b"!<arch>\n", Kind::Ar),
    (b"070701", Kind::Cpio),
    (b"070702", Kind::Cpio),
    (b"070707", Kind::Cpio),
    (b"\xc7\x71", Kind::Cpio),
    (b"\xed\xab\xee\xdb", Kind::Rpm),
    (b"\x1f\x8b\x08", Kind::Gzip),
    (b"\xfd7zXZ\0", Kind::Xz),
    (b"\x28\xb5\x2f\xfd", Kind::Zstd),
    (b"\x04\x22\x4d\x18", Kind::Lz4),
    (b"Rar!\x1a\x07", Kind::Unsupported),
    (b"MSCF\0\0\0\0", Kind::Unsupported),
    (b"\x1f\x9d", Kind::Unsupported),
    (b"\x02\x21\x4c\x18", Kind::Unsupported),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Unsupported),
    (b"xar!", Kind::Unsupported),
    (b"SQLite format 3\0", Kind::Sqlite),
    // Pages of a database that are not in it yet, or no more: without it they have no tables.
    (b"\x37\x7f\x06\x82", Kind::Unsupported),
    (b"\x37\x7f\x06\x83", Kind::Unsupported),
    (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", Kind::Unsupported),
    (b"# v2 git bundle\n", Kind::Bundle),
    (b"# v3 git bundle\n", Kind::Bundle),
    (b"\xfe\xed\xfe\xed\0\0\0", Kind::Keystore),
    (b"\xce\xce\xce\xce\0\0\0", Kind::Keystore),
];

/// What sort of container begins with `head`, if it is one.
pub fn kind(head: &[u8]) -> Option<Kind> {
    let of_magic = || MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|m| m.1);
    match head.first()? {
        b'B' if is_bzip2(head) => Some(Kind::Bzip2),
        _ => of_magic()
            .or_else(|| is_pkcs12(head).then_some(Kind::Keystore))
            .or_else(|| is_tar(head).then_some(Kind::Tar))
            .or_else(|| is_lzma(head).then_some(Kind::Lzma))
            .or_else(|| class::is_class(head).then_some(Kind::Class))
            .or_else(|| pdf::is_pdf(head).then_some(Kind::Pdf))
            .or_else(|| pyc::is_pyc(head).then_some(Kind::Pyc))
            .or_else(|| mail::is_mail(head).then_some(Kind::Mail)),
    }
}

/// A sequence that begins with the number 3, and whose second part is data (RFC 7292, section 4).
fn is_pkcs12(head: &[u8]) -> bool {
    const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    head.first() == Some(&0x30)
        && head.get(..40).is_some_and(|start| {
            start.windows(3).take(8).any(|w| w == b"\x02\x01\x03")
                && memchr::memmem::find(start, DATA).is_some()
        })
}

/// `BZh`, the size of blocks, and the first digits of π or of its root.
fn is_bzip2(head: &[u8]) -> bool {
    head.starts_with(b"BZh")
        && matches!(head.get(3), Some(b'1'..=b'9'))
        && matches!(
            head.get(4..10),
            Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90")
        )
}

/// Archives of before 1988 have no magic, but all have the sum of their header.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let sum = &header[148..156];
    let digits: Vec<u8> = sum.iter().copied().filter(u8::is_ascii_digit).collect();
    let stated = std::str::from_utf8(&digits).ok().and_then(|d| u64::from_str_radix(d, 8).ok());
    let real: u64 = header[..148].iter().chain(&header[156..]).map(|&b| u64::from(b)).sum();
    header[0] != 0 && stated == Some(real + 8 * u64::from(b' '))
}

/// No magic, but the usual parameters, a size of dictionary that packers use, a length that is unknown or
/// plausible, and the zero that every stream begins with.
fn is_lzma(head: &[u8]) -> bool {
    let Some((&[0x5d, 0, 0, c, d], rest)) = head.split_first_chunk() else { return false };
    let Some((length, [0, ..])) = rest.split_first_chunk() else { return false };
    let (dictionary, length) = (u16::from_le_bytes([c, d]), u64::from_le_bytes(*length));
    let is_round = dictionary.is_power_of_two() || (dictionary / 3 * 2).is_power_of_two();
    is_round && (length == u64::MAX || length < 1 << 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_begins_like_a_container_is_none() {
        for text in ["BZh9 is how", "PK", "]\0\0", "07070 is no", "%PD", "# v2 git", "Rar", "0"] {
            assert_eq!(kind(text.as_bytes()), None, "{text}");
        }
        assert_eq!(kind(b""), None);
        assert_eq!(kind(&[0; 2000]), None);
        assert_eq!(kind(&[b' '; 2000]), None);
    }

    #[test]
    fn keystores_are_told_from_other_sequences() {
        let data = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x82\x09\x00";
        let pfx = [b"\x30\x82\x09\x50\x02\x01\x03\x30\x82\x09\x10", &data[..], &[7; 40]].concat();
        assert_eq!(kind(&pfx), Some(Kind::Keystore));
        let certificate = [b"\x30\x82\x09\x50\x30\x82\x01\x03\x02\x01\x02", &[7; 60][..]].concat();
        assert_eq!(kind(&certificate), None);
    }
}
