//! Archives, packed files and documents: what they hold, member by member. Readers know nothing of
//! searching, nesting or budgets: each gives the members of one container to whoever asks, in the order
//! in which they are stored, and says which it cannot give. No name of a member is ever used as a path.

mod archive;
mod kind;
mod markup;
mod packed;
mod sevenz;
mod zip;

use std::io::{self, Read, Seek};

pub use kind::{Kind, kind};
pub use markup::{Plain, is_markup};

use crate::{
    coverage::{Limit, Skip},
    route::Step,
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

/// Who is given the members of a container.
pub trait Members {
    /// Takes a member. What `content` leaves unread is skipped, and an error of it is the member's own.
    ///
    /// # Errors
    ///
    /// The limit that is reached. Then nothing more is taken.
    fn member(&mut self, step: Step, content: &mut dyn Read) -> Result<(), Limit>;

    /// Notes that a member is not given, or only in part.
    fn gap(&mut self, step: Option<Step>, trouble: Trouble);

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
        Kind::Tar => match input {
            Input::Stream(stream) => archive::tar(stream, &archive::Layers::default(), members),
            Input::Seekable(input) => {
                let layers = archive::layers(input);
                input.rewind()?;
                archive::tar(input, &layers, members)
            }
        },
        Kind::Ar => archive::ar(as_stream(input), members),
        Kind::Cpio => archive::cpio(as_stream(input), members),
        Kind::Rpm => archive::rpm(as_stream(input), members),
        Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Lzma | Kind::Zstd | Kind::Lz4 => {
            packed::open(kind, as_stream(input), members)
        }
        Kind::Keystore => Err(Trouble::Encrypted),
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
fn shown(name: &[u8]) -> String {
    const MAX_CHARS: usize = 1024;
    let name = String::from_utf8_lossy(name);
    let name = name.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(&name);
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    name.chars().take(MAX_CHARS).map(clean).collect()
}

fn named(name: &[u8]) -> Step {
    Step::Member(shown(name))
}

#[cfg(test)]
mod tests;
