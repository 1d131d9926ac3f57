//! A piece of input: its bytes, and where they came from.

use std::path::{Path, PathBuf};

/// Where a blob came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Relative to the repository, or else to the scanned directory; `/` between the parts and
    /// `\u{fffd}` for bytes that are not UTF-8. Never a path of the machine: reports and
    /// fingerprints use it.
    pub path: String,
    /// As the user would type it, for the terminal and for error messages.
    pub shown: PathBuf,
}

impl Origin {
    /// Standard input.
    pub fn stdin() -> Self {
        Self { path: "stdin".into(), shown: "-".into() }
    }

    /// No place at all, for bytes whose path is not known yet.
    pub fn nowhere() -> Self {
        Self { path: String::new(), shown: PathBuf::new() }
    }

    /// The file `shown`, whose name in reports is relative to `base`.
    pub fn file(shown: &Path, base: &Path) -> Self {
        let inside = shown.strip_prefix(base).unwrap_or(shown);
        let parts: Vec<_> = inside
            .components()
            .filter(|c| matches!(c, std::path::Component::Normal(_)))
            .map(|c| c.as_os_str().to_string_lossy())
            .collect();
        Self { path: parts.join("/"), shown: shown.into() }
    }
}

/// A part of some input that is searched in one go.
///
/// A small file is one blob. A large one is several, which overlap: `owned` says for which bytes
/// this blob answers, so that what lies in an overlap is reported once.
#[derive(Debug)]
pub struct Blob<'a> {
    /// Where it came from.
    pub origin: &'a Origin,
    /// The bytes, as they are stored.
    pub bytes: &'a [u8],
    /// The secrets that start here belong to this blob.
    pub owned: std::ops::Range<usize>,
    /// Lines of the input before `bytes[0]`, and characters before it on its own line.
    pub before: Before,
    /// How the whole input looked when it was opened.
    pub nature: Nature,
}

impl<'a> Blob<'a> {
    /// All of an input in one piece.
    pub fn whole(origin: &'a Origin, bytes: &'a [u8], nature: Nature) -> Self {
        Self { origin, bytes, owned: 0..bytes.len(), before: Before::default(), nature }
    }
}

/// How much of an input lies before a blob.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// Line breaks.
    pub lines: usize,
    /// Characters since the last of them.
    pub columns: usize,
}

/// What sort of bytes an input holds, decided at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Text in UTF-8, or in anything that has ASCII where ASCII belongs.
    Text,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Not text: only rules with a documented prefix apply.
    Binary,
}
