//! Comments that allow a secret where it stands: our own, and those of other scanners.
//!
//! A trailing comment concerns its own line. `straykey:allow` on a line of its own concerns the line
//! below. Nothing is searched until a secret was found.

mod own;

use std::ops::Range;

use memchr::memmem;
pub use own::OWN;

use crate::{
    blob::Before,
    span::{self, LineCol},
};

/// A comment that allows a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its word: `straykey:allow`, `gitleaks:allow`, …
    pub word: &'static str,
    /// The ids of the rules that it is for; none = all.
    pub rules: Vec<String>,
    /// Why, in the author's words.
    pub reason: Option<String>,
    /// For our own: its line, from 1.
    pub line: Option<usize>,
}

/// Where a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// On the line of the secret.
    Line,
    /// On the line above it.
    NextLine,
    /// On the line of the secret; or above it, with nothing but a comment around.
    LineOrAlone,
}

/// Every word and where it counts, from the scanners' own documentation:
///
/// - `gitleaks:allow`: <https://github.com/gitleaks/gitleaks#gitleaksallow>, which betterleaks took over
/// - `trufflehog:ignore`: <https://github.com/trufflesecurity/trufflehog#how-do-i-ignore-a-secret>
/// - `kingfisher:ignore`, for some versions `kingfisher:allow`; above a block, on a line of its own:
///   <https://github.com/mongodb/kingfisher/blob/main/docs/ADVANCED.md>
/// - `pragma: allowlist`, once `whitelist`: <https://github.com/Yelp/detect-secrets#inline-allowlisting>
/// - `secretlint-disable…`: <https://www.npmjs.com/package/@secretlint/secretlint-rule-filter-comments>
/// - `ggignore`: <https://docs.gitguardian.com/ggshield-docs/reference/secret/ignore>
const WORDS: [(&str, Reach); 13] = [
    (OWN, Reach::LineOrAlone),
    ("gitleaks:allow", Reach::Line),
    ("betterleaks:allow", Reach::Line),
    ("trufflehog:ignore", Reach::Line),
    ("kingfisher:ignore", Reach::LineOrAlone),
    ("kingfisher:allow", Reach::LineOrAlone),
    ("pragma: allowlist secret", Reach::Line),
    ("pragma: whitelist secret", Reach::Line),
    ("pragma: allowlist nextline secret", Reach::NextLine),
    ("pragma: whitelist nextline secret", Reach::NextLine),
    ("secretlint-disable-line", Reach::Line),
    ("secretlint-disable-next-line", Reach::NextLine),
    ("ggignore", Reach::Line),
];

const DISABLE: &str = "secretlint-disable";
const ENABLE: &str = "secretlint-enable";

/// Lines are looked at so far from a secret: a file without line breaks costs no more than another.
const MAX_SIDE_BYTES: usize = 4 << 10;

/// The marks of one text.
#[derive(Debug)]
pub struct Marks<'t> {
    text: &'t [u8],
    /// What stands between secretlint's two words.
    disabled: Vec<Range<usize>>,
}

impl<'t> Marks<'t> {
    /// Those of `text`, which holds a secret.
    pub fn of(text: &'t [u8]) -> Self {
        Self { text, disabled: disabled(text) }
    }

    /// The first mark that allows what the rule `rule` found at `span`, which begins at `start`.
    pub fn allowing(&self, rule: &str, span: &Range<usize>, start: LineCol) -> Option<Mark> {
        let own = span::lines_around(self.text, span.clone(), 0, MAX_SIDE_BYTES);
        let above = span::lines_around(self.text, span.clone(), 1, MAX_SIDE_BYTES).start;
        let near = self.near(above..own.end).into_iter();
        let applies = |(at, word, reach): &(usize, &'static str, Reach)| {
            let counts = match reach {
                Reach::Line => *at >= own.start,
                Reach::NextLine => *at < own.start,
                Reach::LineOrAlone => *at >= own.start || self.stands_alone(*at),
            };
            // What stands inside the secret is no comment.
            let mark = (counts && !span.contains(at)).then(|| self.mark(*at, word))?;
            let fits = mark.rules.is_empty() || mark.rules.iter().any(|r| r == rule);
            fits.then(|| self.placed(mark, *at, span.start, start))
        };
        near.as_slice().iter().find_map(applies).or_else(|| self.disabling(span))
    }

    fn disabling(&self, span: &Range<usize>) -> Option<Mark> {
        let inside = self.disabled.iter().any(|d| d.contains(&span.start));
        inside.then(|| Mark { word: DISABLE, rules: Vec::new(), reason: None, line: None })
    }

    /// The words in `lines`, in order.
    fn near(&self, lines: Range<usize>) -> Vec<(usize, &'static str, Reach)> {
        let mut found = Vec::new();
        for (word, reach) in WORDS {
            let places = memmem::find_iter(&self.text[lines.clone()], word);
            let whole = places.map(|at| lines.start + at).filter(|&at| self.is_word(at, word));
            found.extend(whole.map(|at| (at, word, reach)));
        }
        found.sort_by_key(|(at, ..)| *at);
        found
    }

    /// `ggignored` is not `ggignore`.
    fn is_word(&self, at: usize, word: &str) -> bool {
        let of_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        !self.text.get(at + word.len()).is_some_and(of_word)
            && !at.checked_sub(1).is_some_and(|before| of_word(&self.text[before]))
    }

    /// Whether nothing but signs, as of a comment, stands before `at` on its line.
    fn stands_alone(&self, at: usize) -> bool {
        let line = span::lines_around(self.text, at..at, 0, MAX_SIDE_BYTES);
        let before = &self.text[line.start..at];
        let before = before.trim_ascii();
        before.eq_ignore_ascii_case(b"rem") || !before.iter().any(|b| b.is_ascii_alphanumeric())
    }

    fn mark(&self, at: usize, word: &'static str) -> Mark {
        let end = span::lines_around(self.text, at..at, 0, MAX_SIDE_BYTES).end;
        let said = String::from_utf8_lossy(&self.text[at + word.len()..end]);
        let (rules, reason) = if word == OWN { said_by(&said) } else { (Vec::new(), None) };
        Mark { word, rules, reason, line: None }
    }

    /// `mark`, with the line of byte `at` counted from a secret that begins at byte `from`.
    fn placed(&self, mark: Mark, at: usize, from: usize, start: LineCol) -> Mark {
        let breaks = |part: Range<usize>| {
            let next = self.text.get(part.end).copied();
            span::advance(&self.text[part], next, Before::default()).lines
        };
        let line =
            if at < from { start.line - breaks(at..from) } else { start.line + breaks(from..at) };
        Mark { line: (mark.word == OWN).then_some(line), ..mark }
    }
}

/// Our own mark at byte `at` of `text`, if a comment says it there; a quoted one is talk about marks.
pub fn own_at(text: &[u8], at: usize) -> Option<Mark> {
    let marks = Marks { text, disabled: Vec::new() };
    let spelled = text[at..].starts_with(OWN.as_bytes()) && marks.is_word(at, OWN);
    let line = span::lines_around(text, at..at, 0, MAX_SIDE_BYTES).start;
    let before = text[line..at].trim_ascii_end();
    let opened = before.is_empty()
        || [
            b"#".as_slice(),
            b"//",
            b"/*",
            b"*",
            b"--",
            b";",
            b"%",
            b"(*",
            b"{{!",
            b"{#",
            b"REM",
            b"rem",
        ]
        .iter()
        .any(|sign| before.ends_with(sign));
    (spelled && opened).then(|| marks.mark(at, OWN))
}

/// Rules and reason behind our own word: ids first, if there are any.
///
/// A word with a hyphen and nothing but lower-case letters and digits is meant as an id; so a wrong
/// one allows nothing, instead of everything.
fn said_by(said: &str) -> (Vec<String>, Option<String>) {
    let said = said.trim();
    let closed = ["*/", "-->", "*)", "#}", "}}"].iter().find_map(|end| said.strip_suffix(end));
    let said = closed.unwrap_or(said).trim();
    let first = said.split([' ', '\t', ':']).next().unwrap_or_default();
    let ids: Vec<&str> = first.split(',').filter(|id| !id.is_empty()).collect();
    let named = !ids.is_empty() && ids.iter().all(|id| is_id(id));
    let (rules, rest) = if named { (ids, &said[first.len()..]) } else { (Vec::new(), said) };
    let reason = rest.trim_start_matches([':', '-', '—', '–', ' ', '\t']).trim();
    let reason = (!reason.is_empty()).then(|| reason.chars().take(MAX_REASON).collect());
    (rules.into_iter().map(str::to_owned).collect(), reason)
}

/// More characters of a reason are not kept.
const MAX_REASON: usize = 200;

fn is_id(word: &str) -> bool {
    word.contains('-')
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// From secretlint's `disable` to the next `enable` or the end. The other words that begin so are for
/// one line.
fn disabled(text: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut from = 0;
    while let Some(found) = memmem::find(&text[from..], DISABLE.as_bytes()) {
        let start = from + found + DISABLE.len();
        from = start;
        if !text.get(start).is_some_and(|b| *b == b'-' || b.is_ascii_alphanumeric()) {
            let length = memmem::find(&text[start..], ENABLE.as_bytes());
            from = length.map_or(text.len(), |length| start + length);
            ranges.push(start..from);
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mark for the first `SECRET` of `text`, found by `a-rule`.
    fn mark(text: &str) -> Option<Mark> {
        let at = text.find("SECRET").expect("it is there");
        let start = span::line_col(text.as_bytes(), at, Before::default());
        Marks::of(text.as_bytes()).allowing("a-rule", &(at..at + 6), start)
    }

    fn word(text: &str) -> Option<&'static str> {
        mark(text).map(|m| m.word)
    }

    #[test]
    fn a_trailing_comment_concerns_its_own_line() {
        assert_eq!(word("k = SECRET # straykey:allow\n"), Some(OWN));
        assert_eq!(word("other() # straykey:allow\nk = SECRET\n"), None);
        assert_eq!(word("k = SECRET\nother() # straykey:allow\n"), None);
        assert_eq!(word("# straykey:allow\n\nk = SECRET\n"), None);
    }

    #[test]
    fn a_comment_alone_concerns_the_line_below() {
        for open in ["#", "  // ", "<!-- ", "/* ", " * ", "-- ", "REM ", "; "] {
            let text = format!("a\r\n{open}straykey:allow\r\nk = SECRET\r\n");
            assert_eq!(mark(&text).and_then(|m| m.line), Some(2), "{open}");
        }
    }

    #[test]
    fn our_own_names_rules_and_a_reason() {
        let of = |said: &str| {
            mark(&format!("k = SECRET /* straykey:allow{said} */")).map(|m| (m.rules, m.reason))
        };
        let some = |rules: &[&str], reason: Option<&str>| {
            Some((rules.iter().map(|&r| r.to_owned()).collect(), reason.map(str::to_owned)))
        };
        assert_eq!(of(""), some(&[], None));
        assert_eq!(of(" sample of the manual"), some(&[], Some("sample of the manual")));
        assert_eq!(of(": sample"), some(&[], Some("sample")));
        assert_eq!(of(" a-rule"), some(&["a-rule"], None));
        for between in [": ", " - ", " — ", " "] {
            let said = format!(" b-rule,a-rule{between}sample");
            assert_eq!(of(&said), some(&["b-rule", "a-rule"], Some("sample")));
        }
        assert_eq!(of(" b-rule"), None);
        assert_eq!(of("ed"), None);
    }

    #[test]
    fn other_scanners_are_heard_where_they_are() {
        for said in [
            "gitleaks:allow",
            "betterleaks:allow",
            "trufflehog:ignore",
            "kingfisher:ignore",
            "pragma: allowlist secret",
            "pragma: whitelist secret",
            "secretlint-disable-line @secretlint/secretlint-rule-aws",
            "ggignore",
        ] {
            let found = word(&format!("k = SECRET # {said}\n")).expect(said);
            assert!(said.starts_with(found), "{said}");
            assert_eq!(word(&format!("k = 1 # {said}\nk = SECRET\n")), None, "{said}");
        }
        for said in ["secretlint-disable-next-line", "pragma: allowlist nextline secret"] {
            assert_eq!(word(&format!("// {said}\nk = SECRET\n")), Some(said));
            assert_eq!(word(&format!("k = SECRET // {said}\n")), None, "{said}");
        }
    }

    #[test]
    fn secretlint_can_be_switched_off_and_on() {
        assert_eq!(word("// secretlint-disable\n\n\nk = SECRET\n"), Some(DISABLE));
        assert_eq!(word("// secretlint-disable\n// secretlint-enable\nk = SECRET\n"), None);
        assert_eq!(word("// secretlint-disable-line\n\nk = SECRET\n"), None);
    }

    #[test]
    fn a_block_is_allowed_on_its_first_and_its_last_line() {
        let block = |text: &str| {
            let span = text.find("BEGIN").expect("it is there")..text.find("END").expect("too") + 3;
            let start = span::line_col(text.as_bytes(), span.start, Before::default());
            Marks::of(text.as_bytes()).allowing("a-rule", &span, start).and_then(|m| m.line)
        };
        assert_eq!(block("x\nBEGIN\nkey\nEND # straykey:allow\n"), Some(4));
        assert_eq!(block("# straykey:allow\nBEGIN\nkey\nEND\n"), Some(1));
        assert_eq!(block("BEGIN\nstraykey:allow\nEND\n"), None, "that is the secret itself");
    }

    #[test]
    fn talk_about_marks_is_no_mark() {
        let own = |text: &str| own_at(text.as_bytes(), text.find(OWN).expect("it is there"));
        assert!(
            own("k = 1 # straykey:allow").is_some() && own("<!-- straykey:allow -->").is_some()
        );
        assert!(own("write `straykey:allow` there").is_none());
        assert!(own("# write straykey:allow there").is_none());
        assert!(own("# straykey:allowed").is_none());
    }
}
