//! Whose credential a value without a shape of its own is: what its name says, or else what stands around it.

use std::ops::Range;

use super::name;
use crate::{
    matcher::Candidate,
    rule::{Mention, RuleSet, What},
    span,
};

/// Who issued a credential, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Index of the provider in the catalogue.
    pub provider: usize,
    /// What says so.
    pub by: By,
}

/// What says whose a credential is, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Its own name.
    Name,
    /// Something else in its line.
    Line,
    /// What it stands in: a section, a mapping.
    Section,
    /// A comment or an address within a few lines.
    Neighbour,
}

impl By {
    /// The sentence for reports, about the provider called `name`.
    pub(super) fn fact(self, name: &str) -> String {
        match self {
            Self::Name => format!("its name speaks of {name}"),
            Self::Line => format!("its line speaks of {name}"),
            Self::Section => format!("it stands in a section about {name}"),
            Self::Neighbour => format!("the lines around it speak of {name}"),
        }
    }
}

/// No line is looked at farther from the value.
const MAX_LINE_BYTES: usize = 240;

/// The owner of the value of `candidate` in `text`, as far as one is known to `set`.
pub(super) fn of(set: &RuleSet, text: &[u8], candidate: &Candidate) -> Option<Owner> {
    let Candidate { whole, secret, .. } = candidate;
    let owned = |by| move |provider| Owner { provider, by };
    by_name(set, text, whole, secret)
        .map(owned(By::Name))
        .or_else(|| by_line(set, text, secret).map(owned(By::Line)))
        .or_else(|| by_section(set, text, secret.start).map(owned(By::Section)))
        .or_else(|| by_neighbours(set, text, secret).map(owned(By::Neighbour)))
}

/// The provider of the longest mention.
fn longest(mentions: impl IntoIterator<Item = Mention>) -> Option<usize> {
    mentions.into_iter().max_by_key(|m| m.span.len()).map(|m| m.provider)
}

/// The name may be a path: `client.infura.token`, `box["token"]`, `front token`.
fn by_name(
    set: &RuleSet,
    text: &[u8],
    whole: &Range<usize>,
    secret: &Range<usize>,
) -> Option<usize> {
    /// What may stand between the parts of a path.
    const MAX_GAP_BYTES: usize = 4;
    let own = name::of(text, whole, secret);
    if let Some(provider) = longest(set.mentions(own)) {
        return Some(provider);
    }
    let start = whole.start;
    let before = &text[start.saturating_sub(MAX_LINE_BYTES)..start];
    let gap =
        before.iter().rev().take_while(|b| !b.is_ascii_alphanumeric() && **b != b'\n').count();
    if gap > MAX_GAP_BYTES {
        return None;
    }
    longest(set.mentions(name::last(&before[..before.len() - gap])))
}

/// The nearest name or host before the value in its line, or else the first host after it. A name speaks for
/// its own item of a list.
fn by_line(set: &RuleSet, text: &[u8], secret: &Range<usize>) -> Option<usize> {
    let line = span::lines_around(text, secret.clone(), 0, MAX_LINE_BYTES);
    let before = &text[line.start..secret.start];
    let is_end = |b: &u8| matches!(b, b',' | b';' | b'{' | b'}');
    let item = before.iter().rposition(is_end).map_or(0, |at| at + 1);
    let counts = |m: &Mention| m.what == What::Host || m.what == What::Name && m.span.start >= item;
    let before = set.mentions(before).into_iter().rfind(counts);
    before.or_else(|| hosts(set, &text[secret.end..line.end]).next()).map(|m| m.provider)
}

fn hosts(set: &RuleSet, text: &[u8]) -> impl DoubleEndedIterator<Item = Mention> {
    set.mentions(text).into_iter().filter(|m| m.what == What::Host)
}

/// The nearest line above that opens what `at` stands in and speaks of a provider: `[infura]`, `infura:`,
/// `"infura": {`. Lines are taken to be indented by what they stand in.
fn by_section(set: &RuleSet, text: &[u8], at: usize) -> Option<usize> {
    /// So many lines above are looked at.
    const MAX_LINES: usize = 40;
    const MAX_BYTES: usize = 4 << 10;
    let mut lines = text[at.saturating_sub(MAX_BYTES)..at].rsplit(|b| *b == b'\n');
    let mut depth = indentation(lines.next()?);
    for line in lines.take(MAX_LINES) {
        let trimmed = line.trim_ascii();
        let is_header = trimmed.starts_with(b"[") && trimmed.ends_with(b"]");
        let opens = matches!(trimmed.last(), Some(b':' | b'{' | b'[' | b'('));
        let indented = indentation(line);
        if !(is_header || opens && indented < depth) {
            continue;
        }
        depth = indented;
        let opener = &trimmed[..trimmed.len().min(MAX_LINE_BYTES)];
        let counts = |m: &Mention| m.what != What::Word || is_all_of(opener, &m.span);
        if let Some(provider) = longest(set.mentions(opener).into_iter().filter(counts)) {
            return Some(provider);
        }
        if is_header {
            return None;
        }
    }
    None
}

/// Whether `opener` says nothing but what stands at `span`: `box:` and `[box]` do, `here is a box:` does not.
fn is_all_of(opener: &[u8], span: &Range<usize>) -> bool {
    let rest = opener[..span.start].iter().chain(&opener[span.end..]);
    !rest.into_iter().any(u8::is_ascii_alphanumeric)
}

fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// The nearest address around, or name above, within a few lines without a gap between them.
fn by_neighbours(set: &RuleSet, text: &[u8], secret: &Range<usize>) -> Option<usize> {
    const LINES: usize = 3;
    const MAX_SIDE_BYTES: usize = 512;
    let around = span::lines_around(text, secret.clone(), LINES, MAX_SIDE_BYTES);
    let own = span::lines_around(text, secret.clone(), 0, MAX_SIDE_BYTES);
    let is_filled = |line: &&[u8]| !line.trim_ascii().is_empty();
    let above = text[around.start..own.start].split(|b| *b == b'\n').rev().skip(1);
    let below = text[own.end..around.end].split(|b| *b == b'\n').skip(1);
    let above = above.take_while(is_filled).find_map(|line| spoken_of(set, line));
    above
        .or_else(|| below.take_while(is_filled).find_map(|line| hosts(set, line).next()))
        .map(|m| m.provider)
}

/// The provider that `line` is about: its host, or its name if that is not the name of another value.
fn spoken_of(set: &RuleSet, line: &[u8]) -> Option<Mention> {
    let is_prose = !line.iter().any(|b| matches!(b, b'=' | b':'));
    let counts = |m: &Mention| m.what == What::Host || is_prose && m.what == What::Name;
    set.mentions(line).into_iter().rfind(counts)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::rule::{RuleIndex, load};

    static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::new(load::builtin()));

    /// Whose the value `VALUE` of the name `token` in `text` is, and by what.
    fn owner(text: &str) -> Option<(&str, By)> {
        let at = |what: &str| text.find(what).expect("the text has it");
        let secret = at("VALUE")..at("VALUE") + 5;
        let name = text[..secret.start].rfind("token").expect("the text has it");
        let whole = name..secret.end;
        let candidate = Candidate { rule: RuleIndex(0), pattern: 0, whole, secret };
        let Owner { provider, by } = of(&RULES, text.as_bytes(), &candidate)?;
        Some((&RULES.providers()[provider].id, by))
    }

    #[test]
    fn its_own_name_says_most() {
        assert_eq!(owner("# Mailgun\ninfura_token = VALUE"), Some(("infura", By::Name)));
        assert_eq!(owner("client.infura.token = VALUE"), Some(("infura", By::Name)));
        assert_eq!(owner("cfg['infura']['token'] = VALUE"), Some(("infura", By::Name)));
        assert_eq!(owner("box_token = VALUE"), Some(("box", By::Name)));
        assert_eq!(owner("box token - VALUE"), Some(("box", By::Name)));
        assert_eq!(owner("inbox_token = VALUE"), None);
    }

    #[test]
    fn then_a_name_of_its_item_or_a_host_of_its_line() {
        assert_eq!(owner("Infura: the new token is VALUE"), Some(("infura", By::Line)));
        assert_eq!(
            owner("get('https://mainnet.infura.io/v3', {token: VALUE})"),
            Some(("infura", By::Line))
        );
        assert_eq!(
            owner("curl -d token=VALUE https://api.mailgun.net/v3"),
            Some(("mailgun", By::Line))
        );
        assert_eq!(owner("{infura: 1, token: VALUE}"), None, "another item");
        assert_eq!(owner("put it in the box: the token is VALUE"), None, "an everyday word");
    }

    #[test]
    fn then_what_it_stands_in() {
        for text in [
            "[infura]\nurl = x\ntoken = VALUE",
            "infura:\n  url: x\n  deep:\n    token: VALUE",
            "{\n  \"infura\": {\n    \"url\": 1,\n    \"token\": \"VALUE\"\n  }\n}",
            "box = {\n  token: VALUE\n}",
        ] {
            let of = if text.contains("box") { "box" } else { "infura" };
            assert_eq!(owner(text), Some((of, By::Section)), "{text}");
        }
        assert_eq!(owner("[infura]\nx = 1\n[other]\n\n\n\n\ntoken = VALUE"), None);
        assert_eq!(owner("infura:\n  x: 1\nother:\n  y: 2\n  z: 2\n  token: VALUE"), None);
        assert_eq!(owner("if here is a box {\n  token: VALUE\n}"), None);
    }

    #[test]
    fn then_a_comment_above_or_an_address_in_the_same_block() {
        assert_eq!(owner("# Infura\ntoken = VALUE"), Some(("infura", By::Neighbour)));
        assert_eq!(
            owner("token = VALUE\nurl = https://api.mailgun.net/v3"),
            Some(("mailgun", By::Neighbour))
        );
        assert_eq!(owner("INFURA_KEY = x\ntoken = VALUE"), None, "the name of another value");
        assert_eq!(owner("# Infura\n\ntoken = VALUE"), None, "another block");
        assert_eq!(owner("token = VALUE\n# Infura"), None, "a comment on what follows");
    }
}
