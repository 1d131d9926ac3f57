//! Archives, packed files and documents: what they hold, member by member. Readers know nothing of
//! searching, nesting or budgets: each gives the members of one container to whoever asks, in the order
//! in which they are stored, and says which it cannot give. No name of a member is ever used as a path.

mod archive;
mod bundle;
mod class;
mod kind;
mod mail;
mod markup;
mod packed;
mod pdf;
mod pyc;
mod sevenz;
mod sqlite;
mod zip;

use std::{
    collections::HashMap,
    io::{self, Read, Seek},
    ops::Range,
};

pub use kind::{Kind, kind};
pub use markup::{Plain, is_markup};

use crate::{
    blob::Before,
    coverage::{Limit, Skip},
    route::Step,
    span::LineCol,
};

/// A container's bytes.
#[expect(missing_debug_implementations, reason = "readers have nothing to show")]
pub enum Input<'i> {
    /// They come once, in order.
    Stream(&'i mut dyn Read),
    /// They can be read in any order.
    Seekable(&'i mut dyn ReadSeek),
}

/// Bytes that can be read in any order.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek + ?Sized> ReadSeek for T {}

/// Why a container, or a member of one, is not given, or only in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It needs a password.
    Encrypted,
    /// It holds private keys, and needs a password.
    Keystore,
    /// In a form that nobody here can read.
    Unsupported,
    /// Its bytes are not what they should be.
    Damaged,
    /// A limit was reached; nothing more is to be given.
    Stopped(Limit),
}

impl Trouble {
    /// What the ledger says of it.
    pub fn skip(self) -> Skip {
        match self {
            Self::Encrypted => Skip::Encrypted,
            Self::Keystore => Skip::Keystore,
            Self::Unsupported => Skip::Unopened,
            Self::Damaged => Skip::DamagedContainer,
            Self::Stopped(limit) => Skip::Stopped(limit),
        }
    }
}

impl From<Limit> for Trouble {
    fn from(limit: Limit) -> Self {
        Self::Stopped(limit)
    }
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::Damaged
    }
}

/// The place of all that a container holds which is no text itself.
pub const START: LineCol = LineCol { line: 1, col: 1 };

/// Who is given the members of a container.
pub trait Members {
    /// Takes a member. What `content` leaves unread is skipped, and an error of it is the member's own.
    ///
    /// # Errors
    ///
    /// The limit that is reached. Then nothing more is taken.
    fn member(&mut self, step: Step, content: &mut dyn Read) -> Result<(), Limit> {
        self.member_at(&[step], START, content)
    }

    /// Takes a member that `way` leads to, and that stands at `place` in the container's own text.
    ///
    /// # Errors
    ///
    /// As `member`.
    fn member_at(
        &mut self,
        way: &[Step],
        place: LineCol,
        content: &mut dyn Read,
    ) -> Result<(), Limit>;

    /// Says by which other steps members go that were given, by their names.
    fn rename(&mut self, steps: &HashMap<String, Step>);

    /// Takes a piece of the container's own text, which has `before` in front of it. What begins in `owned`
    /// is the piece's own: pieces may overlap.
    fn text(&mut self, text: &[u8], owned: Range<usize>, before: Before);

    /// Notes that a member is not given.
    ///
    /// # Errors
    ///
    /// As `member`: what is not given counts.
    fn gap(&mut self, step: Step, trouble: Trouble) -> Result<(), Limit> {
        self.gap_at(&[step], trouble)
    }

    /// Notes that the member is not given that `way` leads to.
    ///
    /// # Errors
    ///
    /// As `gap`.
    fn gap_at(&mut self, way: &[Step], trouble: Trouble) -> Result<(), Limit>;

    /// Spends `bytes` that are no member's, and had to be unpacked all the same.
    ///
    /// # Errors
    ///
    /// As `member`.
    fn spend(&mut self, bytes: u64) -> Result<(), Limit>;

    /// All of a container's bytes, for a reader that needs them in any order.
    ///
    /// # Errors
    ///
    /// If they can't be read, or are too many.
    fn hold(&mut self, content: &mut dyn Read) -> Result<Vec<u8>, Trouble>;
}

/// Gives the members of the container `input` to `members`.
///
/// # Errors
///
/// If the rest of it is not given. Trouble with one member is noted, and the others follow.
pub fn open(kind: Kind, input: Input<'_>, members: &mut dyn Members) -> Result<(), Trouble> {
    match kind {
        Kind::Zip => seekable(input, members, |input, members| zip::open(input, members)),
        Kind::SevenZ => seekable(input, members, |input, members| sevenz::open(input, members)),
        Kind::Sqlite => seekable(input, members, |input, members| sqlite::open(input, members)),
        Kind::Tar => archive::tar(as_stream(input), members),
        Kind::Class => class::open(as_stream(input), members),
        Kind::Pyc => pyc::open(as_stream(input), members),
        Kind::Bundle => bundle::open(as_stream(input), members),
        Kind::Mail => mail::open(as_stream(input), members),
        Kind::Pdf => pdf::open(as_stream(input), members),
        Kind::Ar => archive::ar(as_stream(input), members),
        Kind::Cpio => archive::cpio(as_stream(input), members),
        Kind::Rpm => archive::rpm(as_stream(input), members),
        Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Lzma | Kind::Zstd | Kind::Lz4 => {
            packed::open(kind, as_stream(input), members)
        }
        Kind::Keystore => Err(Trouble::Keystore),
        Kind::Unsupported => Err(Trouble::Unsupported),
    }
}

fn as_stream<'i>(input: Input<'i>) -> &'i mut dyn Read {
    match input {
        Input::Stream(stream) => stream,
        Input::Seekable(input) => input,
    }
}

/// Calls `read` with bytes that can be read in any order.
fn seekable(
    input: Input<'_>,
    members: &mut dyn Members,
    read: impl FnOnce(&mut dyn ReadSeek, &mut dyn Members) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    match input {
        Input::Seekable(input) => read(input, members),
        Input::Stream(stream) => {
            let held = members.hold(stream)?;
            read(&mut io::Cursor::new(held), members)
        }
    }
}

/// A name as it is shown: without control characters, and not endless. It may be anything, `..` too,
/// since nobody opens it.
pub(super) fn shown(name: &[u8]) -> String {
    const MAX_CHARS: usize = 512;
    let name = String::from_utf8_lossy(name);
    let name = name.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(&name);
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    name.chars().take(MAX_CHARS).map(clean).collect()
}

fn named(name: &[u8]) -> Step {
    Step::Member(shown(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::ARROW;

    /// What a reader gives: ways, contents as far as they can be read, and what it notes.
    #[derive(Default)]
    struct Given {
        members: Vec<(String, Vec<u8>)>,
        gaps: Vec<(Step, Trouble)>,
        /// The line of each member.
        places: Vec<usize>,
        text: Vec<u8>,
    }

    impl Members for Given {
        fn member_at(
            &mut self,
            way: &[Step],
            place: LineCol,
            content: &mut dyn Read,
        ) -> Result<(), Limit> {
            let mut bytes = Vec::new();
            if content.read_to_end(&mut bytes).is_err() {
                self.gaps.extend(way.last().map(|step| (step.clone(), Trouble::Damaged)));
            }
            let steps: Vec<String> = way.iter().map(Step::to_string).collect();
            self.members.push((steps.join(ARROW), bytes));
            self.places.push(place.line);
            Ok(())
        }

        fn rename(&mut self, _steps: &HashMap<String, Step>) {}

        fn text(&mut self, text: &[u8], owned: Range<usize>, _before: Before) {
            self.text.extend_from_slice(&text[owned]);
        }

        fn gap_at(&mut self, way: &[Step], trouble: Trouble) -> Result<(), Limit> {
            self.gaps.extend(way.last().map(|step| (step.clone(), trouble)));
            Ok(())
        }

        fn spend(&mut self, _bytes: u64) -> Result<(), Limit> {
            Ok(())
        }

        fn hold(&mut self, content: &mut dyn Read) -> Result<Vec<u8>, Trouble> {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            Ok(bytes)
        }
    }

    fn given(bytes: &[u8]) -> (Given, Result<(), Trouble>) {
        let mut given = Given::default();
        let kind = kind(bytes).unwrap();
        let result = open(kind, Input::Stream(&mut &*bytes), &mut given);
        (given, result)
    }

    #[test]
    fn a_name_is_shown_and_never_a_way_out() {
        assert_eq!(shown(b"./a/b"), "a/b");
        assert_eq!(shown(b"../../etc/passwd"), "../../etc/passwd");
        assert_eq!(shown(b"/a\n\x1b[2J\xff"), "/a\u{fffd}\u{fffd}[2J\u{fffd}");
        assert_eq!(shown(&[b'a'; 5000]).len(), 512);
    }

    #[test]
    fn names_of_bsd_stand_before_the_content() {
        let (given, result) = given(
            b"!<arch>\n#1/12           0           0     0     100644  15        `\nlong name.x\0abc\n",
        );
        assert_eq!(
            (given.members, result),
            (vec![("long name.x".into(), b"abc".to_vec())], Ok(()))
        );
    }

    #[test]
    fn an_archive_of_1977_has_short_numbers() {
        let mut cpio = b"\xc7\x71\0\0\0\0\xa4\x81\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x03\0".to_vec();
        cpio.extend_from_slice(b"a\0xyz\0");
        let (given, result) = given(&cpio);
        assert_eq!((given.members, result), (vec![("a".into(), b"xyz".to_vec())], Ok(())));
    }

    #[test]
    fn frames_of_zstd_follow_each_other() {
        let frame = |text: &[u8]| {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(text, level)
        };
        let skipped = b"\x50\x2a\x4d\x18\x02\0\0\0xx";
        let (given, result) = given(&[&frame(b"ab")[..], skipped, &frame(b"cd")].concat());
        assert_eq!((given.members, result), (vec![("content".into(), b"abcd".to_vec())], Ok(())));
    }

    #[test]
    fn a_mail_gives_what_is_encoded_and_keeps_its_lines() {
        let mail = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
            Content-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\
            \r\nYWJj\r\nZGVm\r\nZw==\r\nfooter, no code\r\n--b--\r\nend\r\n";
        let (given, result) = given(mail);
        assert_eq!(given.members, [("part 2".to_owned(), b"abcdefg".to_vec())]);
        assert_eq!((given.places, result), (vec![11], Ok(())));
        let text = String::from_utf8(given.text).unwrap();
        let kept = String::from_utf8_lossy(mail);
        let kept = ["YWJj", "ZGVm", "Zw=="].iter().fold(kept.into_owned(), |t, c| t.replace(c, ""));
        assert_eq!(text, kept);
    }

    #[test]
    fn messages_of_an_mbox_follow_each_other() {
        let message =
            "From a@b Thu Jan  1 00:00:00 2026\nContent-Transfer-Encoding: base64\n\nYWJj\n\n";
        let (given, _) = given(message.repeat(2).as_bytes());
        let part = || ("part 1".to_owned(), b"abc".to_vec());
        assert_eq!((given.members, given.places), (vec![part(), part()], vec![4, 9]));
    }

    #[test]
    fn a_lie_about_a_size_takes_no_memory() {
        let lie = b"!<arch>\na               0           0     0     100644  9999999999`\nabc";
        let (given, result) = given(lie);
        assert_eq!(given.members, [("a".to_owned(), b"abc".to_vec())]);
        assert_eq!(given.gaps, [(named(b"a"), Trouble::Damaged)]);
        assert_eq!(result, Err(Trouble::Damaged));
    }
}
