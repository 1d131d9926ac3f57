//! The same text as other files hold it: line ends, encodings, comments, diffs, strings.

use crate::template::Template;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dress {
    Plain,
    Crlf,
    Bom,
    Utf16Le,
    Utf16Be,
    Utf16LeUnmarked,
    Utf16BeCrlf,
    /// A unified diff that adds it, removes it, or has it as context.
    Added,
    Removed,
    Context,
    /// Comments of several languages.
    Hash,
    Slashes,
    Dashes,
    Semicolon,
    Star,
    Xml,
    /// An answer in a mail or a log with a prompt.
    Quote,
    Indented,
    /// Cell of a notebook: a JSON string for each line.
    Notebook,
    /// One JSON string, as in a log of requests.
    JsonString,
    /// That string in a string.
    JsonStringTwice,
}

use Dress::*;

impl Dress {
    pub(crate) const ALL: [Self; 20] = [
        Crlf,
        Bom,
        Utf16Le,
        Utf16Be,
        Utf16LeUnmarked,
        Utf16BeCrlf,
        Added,
        Removed,
        Context,
        Hash,
        Slashes,
        Dashes,
        Semicolon,
        Star,
        Xml,
        Quote,
        Indented,
        Notebook,
        JsonString,
        JsonStringTwice,
    ];

    /// Whether anybody would dress `template` so.
    pub(crate) fn suits(self, template: &Template) -> bool {
        let text = &template.text;
        match self {
            // A notebook is strings already.
            Notebook | JsonString | JsonStringTwice if template.path.ends_with(".ipynb") => false,
            Star => !text.contains("*/"),
            Xml => !text.contains("-->"),
            // What is escaped already is not escaped twice more in practice.
            JsonStringTwice => !text.contains('\\'),
            _ => true,
        }
    }

    pub(crate) fn apply(self, text: &str) -> String {
        let lines =
            |leader: &str| -> String { text.lines().map(|l| format!("{leader}{l}\n")).collect() };
        let string = |s: &str| serde_json::to_string(s).expect("a string is JSON");
        match self {
            Plain | Utf16LeUnmarked => text.to_owned(),
            Crlf => text.replace('\n', "\r\n"),
            Utf16BeCrlf => format!("\u{feff}{}", text.replace('\n', "\r\n")),
            Bom | Utf16Le | Utf16Be => format!("\u{feff}{text}"),
            Added => format!("--- a/x\n+++ b/x\n@@ -0,0 +1,9 @@\n{}", lines("+")),
            Removed => format!("--- a/x\n+++ b/x\n@@ -1,9 +0,0 @@\n{}", lines("-")),
            Context => format!("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n{}", lines(" ")),
            Hash => lines("# "),
            Slashes => lines("// "),
            Dashes => lines("-- "),
            Semicolon => lines("; "),
            Star => format!("/*\n{} */\n", lines(" * ")),
            Xml => format!("<!--\n{}-->\n", lines("  ")),
            Quote => lines("> "),
            Indented => lines("        "),
            Notebook => {
                let cells: Vec<String> =
                    text.lines().map(|l| format!("    {}", string(&format!("{l}\n")))).collect();
                format!("  \"source\": [\n{}\n  ]\n", cells.join(",\n"))
            }
            JsonString => format!("{{\"body\":{}}}\n", string(text)),
            JsonStringTwice => format!("{{\"body\":{}}}\n", string(&string(text))),
        }
    }

    /// The path of a file that is dressed so.
    pub(crate) fn path(self, path: &str) -> &str {
        match self {
            Added | Removed | Context => "change.diff",
            Notebook => "analysis.ipynb",
            JsonString | JsonStringTwice => "record.json",
            Quote => "thread.txt",
            _ => path,
        }
    }

    pub(crate) fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Utf16Le | Utf16LeUnmarked => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Utf16Be | Utf16BeCrlf => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => text.as_bytes().to_vec(),
        }
    }
}
