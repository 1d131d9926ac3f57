//! Rules: what is known of each credential. A `RuleSet` holds checked rules whose regexes are
//! compiled when a text first asks for them; most scans never need most of them.

pub mod bytes;
pub mod cases;
pub mod check;
pub mod cost;
pub mod file;
pub mod group;
pub mod known_by;
pub mod lead;
pub mod load;
mod names;
pub mod own;
mod paths;
mod pool;
pub mod shape;
mod sieve;
pub mod spec;
pub mod streak;
pub mod text;

use std::{ops::Range, sync::OnceLock};

use regex_automata::{
    Input,
    meta::{self, Regex},
    util::{captures::Captures, syntax},
};

pub use group::{Group, List, Nearby, Pattern, Patterns, RuleIndex};
use names::Names;
pub use names::{Mention, What};
use paths::Files;
use sieve::Sieve;
pub use spec::{
    Catalogue, Checksum, Confidence, Environment, Guidance, Kind, KnownBy, Near, Pair, PatternSpec,
    ProviderSpec, RuleSpec, Severity, Structure,
};

use crate::secret::Guessable;

/// The rules of one run.
#[derive(Debug)]
pub struct RuleSet {
    patterns: Patterns,
    /// Everything else of the rules; of the built-in ones it is read when it is first asked.
    catalogue: OnceLock<Catalogue>,
    /// Whether `Patterns::groups` are those of the build.
    has_builtin_groups: bool,
    /// Of each pattern, compiled when a text first asks for it.
    regexes: Vec<OnceLock<Regex>>,
    /// The same of each group.
    sieves: Vec<OnceLock<Option<Box<Sieve>>>>,
    /// The files that each rule is for, compiled when one is first asked.
    files: OnceLock<Vec<OnceLock<Files>>>,
    /// What speaks of providers, made when it is first asked.
    names: OnceLock<Names>,
}

impl Kind {
    /// Whether the secret can be found by trying.
    pub fn guessable(self) -> Guessable {
        match self {
            Self::Password => Guessable::Yes,
            Self::Token | Self::OpaqueToken | Self::Id | Self::PrivateKey => Guessable::No,
        }
    }
}

impl RuleSet {
    /// All rules of `catalogue`, which has been checked. Their patterns move to `RuleSet::patterns`.
    pub fn new(mut catalogue: Catalogue) -> Self {
        let patterns = Patterns::take(&mut catalogue.rules);
        Self { catalogue: OnceLock::from(catalogue), ..Self::of(patterns) }
    }

    /// The built-in rules: the same as `new` makes of them, but for the time that it takes.
    pub fn builtin() -> Self {
        Self { has_builtin_groups: true, ..Self::of(load::patterns()) }
    }

    fn of(patterns: Patterns) -> Self {
        Self {
            catalogue: OnceLock::new(),
            has_builtin_groups: false,
            regexes: unset(patterns.all.len()),
            sieves: unset(patterns.groups.len()),
            files: OnceLock::new(),
            names: OnceLock::new(),
            patterns,
        }
    }

    /// Whether these are the built-in rules and no others; some may be left out.
    pub fn has_builtin_groups(&self) -> bool {
        self.has_builtin_groups
    }

    /// These rules without those that `is_out` names. Their words are searched as before, and lead to nothing.
    #[must_use]
    pub fn without(mut self, is_out: impl Fn(&RuleSpec) -> bool) -> Self {
        let mut catalogue = self.catalogue.take().unwrap_or_else(load::without_patterns);
        let kept: Vec<bool> = catalogue.rules.iter().map(|rule| !is_out(rule)).collect();
        catalogue.rules.retain(|rule| !is_out(rule));
        self.patterns.keep(&kept);
        Self {
            catalogue: OnceLock::from(catalogue),
            has_builtin_groups: self.has_builtin_groups,
            ..Self::of(self.patterns)
        }
    }

    /// What the rules were made of.
    pub fn into_catalogue(mut self) -> Catalogue {
        let read = self.catalogue.take();
        let mut catalogue = read.unwrap_or_else(load::without_patterns);
        self.patterns.give_back(&mut catalogue.rules);
        catalogue
    }

    fn catalogue(&self) -> &Catalogue {
        self.catalogue.get_or_init(load::without_patterns)
    }

    /// What is searched.
    pub fn searched(&self) -> &Patterns {
        &self.patterns
    }

    /// Every shape of every rule.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns.all
    }

    /// The patterns, put together that are searched together.
    pub fn groups(&self) -> &[Group] {
        &self.patterns.groups
    }

    /// What must stand near every match of the patterns of `group`.
    pub fn near(&self, group: &Group) -> Option<&Near> {
        self.patterns.first(group)?.near.as_ref()
    }

    /// The rule behind an index of this set.
    pub fn rule(&self, index: RuleIndex) -> &RuleSpec {
        &self.catalogue().rules[index.0]
    }

    /// Every rule, sorted by id.
    pub fn rules(&self) -> &[RuleSpec] {
        &self.catalogue().rules
    }

    /// Every provider.
    pub fn providers(&self) -> &[ProviderSpec] {
        &self.catalogue().providers
    }

    /// Who issues what `rule` finds.
    pub fn provider(&self, rule: &RuleSpec) -> &ProviderSpec {
        &self.catalogue().providers[rule.provider]
    }

    /// Every place in `text` that speaks of a provider, in order.
    pub fn mentions(&self, text: &[u8]) -> Vec<Mention> {
        self.names.get_or_init(|| Names::new(self.providers())).mentions(text)
    }

    /// The rule for what is known to be of `provider` by its surroundings only.
    pub fn credential_of(&self, provider: usize) -> Option<RuleIndex> {
        self.find(&known_by::credential_id(&self.catalogue().providers[provider].id))
    }

    /// Whether a rule is for the file at `path`.
    ///
    /// # Panics
    ///
    /// If its globs do not compile, which `check` has ruled out.
    pub fn is_for(&self, index: RuleIndex, path: &str) -> bool {
        let RuleSpec { paths, not_paths, .. } = self.rule(index);
        let compiled =
            || Files::new(paths, not_paths).expect("the globs were parsed when they were checked");
        let all = paths.is_empty() && not_paths.is_empty();
        all || self.files.get_or_init(|| unset(self.rules().len()))[index.0]
            .get_or_init(compiled)
            .has(path)
    }

    /// The rule called `id`.
    pub fn find(&self, id: &str) -> Option<RuleIndex> {
        self.catalogue().rules.binary_search_by(|r| r.id.as_str().cmp(id)).ok().map(RuleIndex)
    }

    /// The patterns of a group that can match in `window`, which goes on for the longest match behind the last keyword
    /// in it, if the text does. There may be some that cannot.
    pub fn possible(&self, group: usize, text: &[u8], window: Range<usize>) -> Vec<usize> {
        let Group { members, max_bytes, .. } = &self.groups()[group];
        let regexes = || members.iter().map(|&m| self.patterns()[m].spec.regex.as_str());
        let sieve = || Sieve::new(regexes(), *max_bytes).map(Box::new);
        let Some(sieve) = self.sieves[group].get_or_init(sieve) else { return members.clone() };
        // Where the text ends before, the last keyword may be anywhere.
        let ends_before = window.end == text.len();
        let last = if ends_before { window.end } else { window.end.saturating_sub(*max_bytes) };
        let possible = sieve.possible(text, window, last);
        possible.into_iter().map(|n| members[n]).collect()
    }

    /// The compiled regex of a pattern.
    ///
    /// # Panics
    ///
    /// If it does not compile, which `check` has ruled out.
    fn regex(&self, pattern: usize) -> &Regex {
        self.regexes[pattern].get_or_init(|| {
            let regex = &self.patterns()[pattern].spec.regex;
            compile(regex).expect("the rule's regex was parsed when it was checked")
        })
    }

    /// Every match of a pattern that lies in `within`, leftmost first, without overlaps: the whole match and
    /// the group `secret`. Bytes outside `within` are seen by `\b`, `^` and `\z` only.
    pub fn matches(
        &self,
        pattern: usize,
        text: &[u8],
        within: Range<usize>,
        mut found: impl FnMut(Range<usize>, Range<usize>),
    ) {
        let regex = self.regex(pattern);
        let mut caps: Option<Captures> = None;
        let mut at = within.start;
        while at <= within.end {
            let input = Input::new(text).range(at..within.end);
            // Most windows hold no match, and learning that needs no room for groups.
            let Some(end) = regex.search_half(&input) else { return };
            let caps = caps.get_or_insert_with(|| regex.create_captures());
            regex.search_captures(&input, caps);
            let (Some(whole), Some(secret)) = (caps.get_match(), caps.get_group_by_name("secret"))
            else {
                at = end.offset().max(at + 1);
                continue;
            };
            found(whole.range(), secret.range());
            at = whole.end().max(at + 1);
        }
    }
}

/// Room for `len` things that are made when they are first asked.
fn unset<T>(len: usize) -> Vec<OnceLock<T>> {
    std::iter::repeat_with(OnceLock::new).take(len).collect()
}

/// Compiles an ASCII regex with the limits that all rules share.
///
/// # Errors
///
/// If it does not parse or grows past the limit.
pub fn compile(regex: &str) -> Result<Regex, Box<meta::BuildError>> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(limits())
        .build(regex)
        .map_err(Box::new)
}

/// A regex that takes more is too large.
const NFA_BYTES: usize = 8 << 20;

/// How all regexes are compiled.
fn limits() -> meta::Config {
    meta::Config::new()
        .utf8_empty(false)
        // The keywords have been found already; extracting literals again takes a third of the time
        // to compile.
        .auto_prefilter(false)
        .nfa_size_limit(Some(NFA_BYTES))
        .onepass(false)
        .hybrid_cache_capacity(256 << 10)
}
