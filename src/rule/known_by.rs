//! What a provider is known by where its credentials have no shape of their own: its names and hosts as a
//! rule file states them, and the rule that such a credential gets.

use std::path::Path;

use super::{
    check::CheckError,
    spec::{Confidence, Kind, KnownBy, ProviderSpec, RuleSpec, Severity},
    text::Text,
};

/// So many letters and digits a name has: shorter ones are parts of too many others.
pub(super) const MIN_NAME_BYTES: usize = 3;

/// What is wrong with the names and hosts of `provider`, whose file is `path` and has `rules` rules.
pub(super) fn wrong(path: &Path, provider: &ProviderSpec, rules: usize) -> Vec<CheckError> {
    const NAME: &str = "lower-case letters and digits, three or more, with `_` between parts";
    const HOST: &str = "a lower-case host name with a dot and no scheme";
    type Check = fn(&str) -> bool;
    let KnownBy { names, words, hosts } = &provider.known_by;
    let lists: [(&str, &[Text], Check, &str); 3] = [
        ("names", names, is_name, NAME),
        ("words", words, is_name, NAME),
        ("hosts", hosts, is_host, HOST),
    ];
    let form = |message| CheckError::Form { path: path.into(), line: 1, message };
    let mut errors = Vec::new();
    for (key, texts, is_right, must) in lists {
        let wrong = texts.iter().enumerate().filter(|(_, text)| !is_right(text));
        errors.extend(wrong.map(|(n, _)| form(format!("`provider.{key}[{n}]` must be {must}"))));
    }
    if rules == 0 && provider.known_by == KnownBy::default() {
        errors
            .push(form("a provider without a `[[rule]]` needs `names`, `words` or `hosts`".into()));
    }
    errors
}

fn is_name(text: &str) -> bool {
    has_letters(text) && text.split('_').all(|part| !part.is_empty() && part.bytes().all(is_letter))
}

fn is_host(text: &str) -> bool {
    let is_label = |l: &str| !l.is_empty() && l.bytes().all(|b| is_letter(b) || b == b'-');
    has_letters(text) && text.contains('.') && text.split('.').all(is_label)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Whether it has enough of them to be found by.
fn has_letters(text: &str) -> bool {
    text.bytes().filter(|b| is_letter(*b)).count() >= MIN_NAME_BYTES
}

/// The rule for a credential of `provider` that has no shape of its own: general rules find it, and its
/// surroundings say whose it is. None for a provider that nothing speaks of.
pub(super) fn credential(index: usize, provider: &ProviderSpec) -> Option<RuleSpec> {
    (provider.known_by != KnownBy::default()).then(|| RuleSpec {
        id: credential_id(&provider.id).into(),
        title: format!("{} credential", provider.name).into(),
        provider: index,
        severity: Severity::Medium,
        confidence: Confidence::Low,
        environment: None,
        kind: Kind::OpaqueToken,
        patterns: Vec::new(),
        min_entropy_bits: 0.0,
        checksum: None,
        structure: None,
        public_values: Vec::new(),
        pair: None,
        paths: Vec::new(),
        not_paths: Vec::new(),
        owned: false,
        impact: None,
        steps: Vec::new(),
        source: provider.guidance.source.clone(),
        checked: provider.guidance.checked.clone(),
    })
}

/// The id of the rule for what is known to be of `provider` by its surroundings only.
pub fn credential_id(provider: &str) -> String {
    format!("{provider}-credential")
}
