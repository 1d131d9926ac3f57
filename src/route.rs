//! The way from a file to a text inside it: through members of containers and through encodings.

use std::{borrow::Cow, fmt};

use crate::span::LineCol;

/// How a stretch of text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Base64 of text, in either alphabet.
    Base64,
    /// Base64 of what gzip packed.
    Base64Gzip,
    /// Base64 of UTF-16, as `PowerShell` takes its commands.
    Base64Utf16,
    /// Base32.
    Base32,
    /// Two hex digits a byte: in a row, or each with `\x` or `0x` in front.
    Hex,
    /// `%41`, as in URLs.
    Percent,
    /// `&#65;` and `&amp;`, as in HTML and XML.
    Entities,
    /// Backslashes of strings: `\u0041`, `\x41`, `\101`, `\/`.
    Escapes,
    /// `=41` and a line break after `=`, as in mail.
    QuotedPrintable,
    /// A string in several pieces, which a program puts together.
    Concatenation,
}

impl Encoding {
    /// The words in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Gzip => "gzip in base64",
            Self::Base64Utf16 => "UTF-16 in base64",
            Self::Base32 => "base32",
            Self::Hex => "hex",
            Self::Percent => "percent encoding",
            Self::Entities => "character references",
            Self::Escapes => "escapes",
            Self::QuotedPrintable => "quoted-printable",
            Self::Concatenation => "string in pieces",
        }
    }
}

/// One step inwards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A file in a container, by its path in there.
    Member(String),
    /// A part that has a number and no path: a layer of an image, a cell of a notebook.
    Part {
        /// What it is, as a noun.
        kind: &'static str,
        /// From 1.
        number: usize,
    },
    /// A part that words name: a resource of a Terraform state, a commit of a bundle.
    Named(String),
    /// A file that another was made from and quotes, by its path: the source in a source map.
    Original(String),
    /// An encoded stretch.
    Decoded {
        /// How it is encoded.
        encoding: Encoding,
        /// Where it begins in the text before this step.
        at: LineCol,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(path) | Self::Original(path) => f.write_str(path),
            Self::Named(name) => f.write_str(name),
            Self::Part { kind, number } => write!(f, "{kind} {number}"),
            Self::Decoded { encoding, at } => {
                write!(f, "{} at {}:{}", encoding.as_str(), at.line, at.col)
            }
        }
    }
}

/// What stands between the steps of a route, and between a file and what is in it.
pub const ARROW: &str = " › ";

/// Steps from a file inwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route(pub Vec<Step>);

impl Route {
    /// This route and one step more.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// The path of the innermost file of a container, if it leads into one.
    pub fn member(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Member(path) => Some(path.as_str()),
            Step::Part { .. } | Step::Named(_) | Step::Original(_) | Step::Decoded { .. } => None,
        })
    }

    /// The path of the innermost file, whether a container holds it or a document quotes it.
    pub fn file(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Member(path) | Step::Original(path) => Some(path.as_str()),
            Step::Part { .. } | Step::Named(_) | Step::Decoded { .. } => None,
        })
    }

    /// What names the innermost file below the file at `outer`: fingerprints use it.
    ///
    /// Numbers and places are left out, so that it outlives a new layer or line; and parts of documents, since
    /// nobody looks for them in a large one.
    pub fn path_below<'p>(&self, outer: &'p str) -> Cow<'p, str> {
        let mut path = Cow::Borrowed(outer);
        for step in &self.0 {
            if let Step::Member(name) = step {
                path.to_mut().push_str(ARROW);
                path.to_mut().push_str(name);
            }
        }
        path
    }
}

/// Where something stands in a file that is more than its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inside {
    /// The way to the text that it stands in.
    pub route: Route,
    /// Its first character in that text; of an encoded stretch, counted from the stretch's beginning. `None`
    /// if the way leads to a part of the file's own text that is no text of its own, as an object of JSON is:
    /// then its place in the file says it all.
    pub place: Option<LineCol>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(line: usize, col: usize) -> Step {
        Step::Decoded { encoding: Encoding::Base64, at: LineCol { line, col } }
    }

    #[test]
    fn a_file_in_a_container_has_a_path_without_numbers() {
        let route = Route(vec![
            base64(1, 2),
            Step::Member("a.zip".into()),
            Step::Part { kind: "layer", number: 3 },
            Step::Member("b/c".into()),
            Step::Original("d".into()),
            base64(3, 4),
        ]);
        assert_eq!(route.path_below("x"), "x › a.zip › b/c");
        assert_eq!((route.member(), route.file()), (Some("b/c"), Some("d")));
        assert_eq!(Route(vec![base64(1, 2)]).path_below("x"), "x");
    }
}
