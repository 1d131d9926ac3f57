//! What speaks of a provider in a stretch of text: its name in `INFURA_API_KEY`, its host in an address.

use std::{collections::HashMap, ops::Range};

use super::{ProviderSpec, known_by::MIN_NAME_BYTES, text::Text};

/// What may follow a provider's name without a gap, as in `infurakey`.
const ENDINGS: [&[u8]; 9] =
    [b"api", b"key", b"token", b"secret", b"app", b"access", b"auth", b"client", b"pass"];

/// Everything that providers are known by, found by its first bytes.
#[derive(Debug)]
pub(super) struct Names(HashMap<[u8; MIN_NAME_BYTES], Vec<Known>>);

#[derive(Debug)]
struct Known {
    text: Text,
    what: What,
    /// Index in the catalogue.
    provider: usize,
}

/// In which way a text speaks of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// By a name that is nobody else's.
    Name,
    /// By an everyday word.
    Word,
    /// By a host of its own.
    Host,
}

/// A place that speaks of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where it stands in the text.
    pub span: Range<usize>,
    /// In which way.
    pub what: What,
    /// Index of the provider in the catalogue.
    pub provider: usize,
}

impl Names {
    pub(super) fn new(providers: &[ProviderSpec]) -> Self {
        let mut names = Self(HashMap::new());
        for (provider, spec) in providers.iter().enumerate() {
            let known = &spec.known_by;
            let all = [
                (What::Name, &known.names),
                (What::Word, &known.words),
                (What::Host, &known.hosts),
            ];
            for (what, texts) in all {
                for text in texts {
                    let letters: Vec<u8> = text.bytes().filter(|b| !is_separator(*b)).collect();
                    let head = *letters.first_chunk().expect("a checked name has that many bytes");
                    let known = Known { text: text.clone(), what, provider };
                    names.0.entry(head).or_default().push(known);
                }
            }
        }
        names
    }

    /// Everything in `text` that speaks of a provider, in order; of several in one place, the longest.
    pub(super) fn mentions(&self, text: &[u8]) -> Vec<Mention> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < text.len() {
            match self.mention_at(text, at) {
                Some(mention) => {
                    at = mention.span.end;
                    all.push(mention);
                }
                None => at += 1,
            }
        }
        all
    }

    fn mention_at(&self, text: &[u8], at: usize) -> Option<Mention> {
        if !begins_word(text, at) {
            return None;
        }
        let known = self.0.get(&head(&text[at..])?)?;
        let ends = known.iter().filter_map(|k| Some((k.end_in(text, at)?, k)));
        let (end, Known { what, provider, .. }) = ends.max_by_key(|(end, _)| *end)?;
        Some(Mention { span: at..end, what: *what, provider: *provider })
    }
}

/// The first letters of `text`, in lower case, without separators between them.
fn head(text: &[u8]) -> Option<[u8; MIN_NAME_BYTES]> {
    text.first().filter(|b| b.is_ascii_alphanumeric())?;
    let mut letters = text.iter().filter(|b| !is_separator(**b)).map(u8::to_ascii_lowercase);
    let mut head = [0; MIN_NAME_BYTES];
    for byte in &mut head {
        *byte = letters.next()?;
    }
    Some(head)
}

impl Known {
    /// Where it ends in `text`, if it begins at `at`.
    fn end_in(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut end = at;
        for byte in self.text.bytes() {
            let next = text.get(end)?.to_ascii_lowercase();
            if byte != b'_' {
                (next == byte).then_some(())?;
                end += 1;
            } else if is_separator(next) || next == b' ' && self.what == What::Name {
                end += 1;
            }
        }
        let is_whole = match self.what {
            What::Host => is_host(text, at..end),
            What::Name | What::Word => ends_word(text, end),
        };
        is_whole.then_some(end)
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
}

/// Whether what stands at `span` of `text` is a whole host name, or the last labels of one.
fn is_host(text: &[u8], span: Range<usize>) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let begins = span.start.checked_sub(1).is_none_or(|at| !is_part(&text[at]));
    let mut rest = text[span.end..].iter();
    let ends = match rest.next() {
        Some(b'.') => rest.next().is_none_or(|b| !is_part(b)),
        next => next.is_none_or(|b| !is_part(b)),
    };
    begins && ends
}

/// Whether a word can begin at `at`.
fn begins_word(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text[before]);
    before.is_none_or(|b| {
        !b.is_ascii_alphanumeric() || b.is_ascii_lowercase() && text[at].is_ascii_uppercase()
    })
}

/// Whether the word that ends at `end` of `text` ends there and is not a part of another.
fn ends_word(text: &[u8], end: usize) -> bool {
    let rest = &text[end..];
    let ends = rest.first().is_none_or(|b| {
        !b.is_ascii_alphanumeric() || b.is_ascii_uppercase() && text[end - 1].is_ascii_lowercase()
    });
    ends || ENDINGS.iter().any(|e| starts_ignoring_case(rest, e))
}

fn starts_ignoring_case(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Guidance, KnownBy};

    fn provider(id: &str, names: &[&str], words: &[&str], hosts: &[&str]) -> ProviderSpec {
        let texts = |all: &[&str]| all.iter().map(|t| Text::from(*t)).collect();
        let guidance = Guidance {
            impact: "".into(),
            self_service: None,
            revoke_url: None,
            contact: None,
            rotation_days: None,
            steps: Vec::new(),
            investigate: Vec::new(),
            prevent: Vec::new(),
            source: "".into(),
            checked: "".into(),
        };
        let known_by = KnownBy { names: texts(names), words: texts(words), hosts: texts(hosts) };
        ProviderSpec { id: id.into(), name: id.into(), known_by, general: false, guidance }
    }

    /// What `text` mentions, as the mentions themselves.
    fn in_text(text: &str) -> Vec<&str> {
        let names = Names::new(&[
            provider("infura", &["infura"], &[], &["infura.io"]),
            provider("relic", &["new_relic"], &[], &["api.newrelic.com"]),
            provider("box", &[], &["box"], &[]),
        ]);
        names.mentions(text.as_bytes()).into_iter().map(|m| &text[m.span]).collect()
    }

    #[test]
    fn a_name_is_a_word_however_words_are_joined() {
        for name in ["INFURA_API_KEY", "infura-key", "myInfuraKey", "infurakey", "x.infura.token"] {
            assert_eq!(in_text(name).join("").to_lowercase(), "infura", "{name}");
        }
        for name in ["NEW_RELIC_KEY", "newrelic", "new-relic", "NewRelicKey", "new relic"] {
            assert_eq!(in_text(name).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_part_of_another_word_is_nobody() {
        for name in ["coinfurage_key", "inbox_key", "boxes", "box2_key", "new_relics", "inf", ""] {
            assert_eq!(in_text(name), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_host_counts_with_what_is_below_it() {
        assert_eq!(in_text("https://mainnet.infura.io/v3"), ["infura.io"]);
        assert_eq!(in_text("at api.newrelic.com."), ["api.newrelic.com"]);
        assert_eq!(in_text("api.newrelic.community"), ["newrelic"], "only the name");
        assert_eq!(in_text("notinfura.io"), [""; 0]);
    }
}
