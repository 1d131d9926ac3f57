//! Whose credential a name speaks of: `INFURA_API_KEY` is Infura's, whatever its value looks like.

use std::collections::{BTreeSet, HashMap};

use super::{PatternSpec, ProviderSpec};

/// Shorter words are parts of others.
const MIN_BYTES: usize = 4;

/// What may follow a provider's name without a gap, as in `infurakey`.
const ENDINGS: [&[u8]; 9] =
    [b"api", b"key", b"token", b"secret", b"app", b"access", b"auth", b"client", b"pass"];

/// Words that spell their provider, each with its index in the catalogue, by their first bytes.
#[derive(Debug)]
pub(super) struct Names(HashMap<[u8; MIN_BYTES], Vec<(String, usize)>>);

impl Names {
    /// Of the keywords of `patterns`, each with the index of its provider, those that spell a part of the
    /// provider's own name. What rules look for is made to be found in names, and is no everyday word.
    pub(super) fn new<'p>(
        providers: &[ProviderSpec],
        patterns: impl Iterator<Item = (&'p PatternSpec, usize)>,
    ) -> Self {
        let spelled: Vec<[String; 2]> =
            providers.iter().map(|p| [letters(&p.id), letters(&p.name)]).collect();
        let all: BTreeSet<(String, usize)> = patterns
            .filter(|(pattern, provider)| pattern.near.is_none() && !providers[*provider].general)
            .flat_map(|(p, provider)| p.keywords.iter().map(move |k| (k.to_string(), provider)))
            .filter(|(word, provider)| {
                let word = letters(word);
                word.len() >= MIN_BYTES && spelled[*provider].iter().any(|s| spells(&word, s))
            })
            .collect();
        let mut names = Self(HashMap::new());
        for (word, provider) in all {
            let head = *word.as_bytes().first_chunk().expect("it has that many letters");
            names.0.entry(head).or_default().push((word, provider));
        }
        names
    }

    /// The provider that `name` speaks of; of several, the one with the longest word.
    pub(super) fn provider(&self, name: &[u8]) -> Option<usize> {
        let lower = name.to_ascii_lowercase();
        let at = |(at, head): (usize, &[u8])| {
            let words = <[u8; MIN_BYTES]>::try_from(head).ok().and_then(|head| self.0.get(&head));
            words.into_iter().flatten().map(move |(word, provider)| (at, word, *provider))
        };
        let all = lower.windows(MIN_BYTES).enumerate().flat_map(at);
        let stands = |(at, word, _): &(usize, &String, usize)| {
            lower[*at..].starts_with(word.as_bytes()) && is_word(name, *at, at + word.len())
        };
        all.filter(stands).max_by_key(|(_, word, _)| word.len()).map(|(_, _, provider)| provider)
    }
}

/// `word` is a provider's name, `own`, or begins with it.
fn spells(word: &str, own: &str) -> bool {
    own.len() >= MIN_BYTES && word.starts_with(own)
}

/// The letters and digits of `text`, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether what stands at `start..end` of `name` is a word of it and not a part of another.
fn is_word(name: &[u8], start: usize, end: usize) -> bool {
    let (before, rest) = (start.checked_sub(1).map(|at| name[at]), &name[end..]);
    let begins = before.is_none_or(|b| {
        !b.is_ascii_alphabetic() || b.is_ascii_lowercase() && name[start].is_ascii_uppercase()
    });
    let ends = rest.first().is_none_or(|b| {
        !b.is_ascii_alphabetic() || b.is_ascii_uppercase() && name[end - 1].is_ascii_lowercase()
    });
    begins && (ends || ENDINGS.iter().any(|e| rest.to_ascii_lowercase().starts_with(e)))
}

#[cfg(test)]
mod tests {
    use crate::rule::{RuleSet, load};

    fn of(name: &str) -> Option<String> {
        let set = RuleSet::new(load::builtin());
        set.named(name.as_bytes()).map(|p| p.id.to_string())
    }

    #[test]
    fn a_provider_is_known_by_its_word_in_a_name() {
        for name in ["INFURA_API_KEY", "infura-key", "myInfuraKey", "infurakey", "x.infura.token"] {
            assert_eq!(of(name).as_deref(), Some("infura"), "{name}");
        }
    }

    #[test]
    fn a_part_of_another_word_is_nobody() {
        for name in ["THERE_API_KEY", "api_key", "refresh_token", "coinfurage_key", ""] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
