//! Rules: what is known of each credential. A `RuleSet` holds checked rules whose regexes are
//! compiled when a text first asks for them; most scans never need most of them.

pub mod cases;
pub mod check;
pub mod cost;
pub mod file;
pub mod group;
pub mod known_by;
pub mod load;
mod names;
pub mod own;
mod paths;
mod pool;
pub mod shape;
mod sieve;
pub mod spec;
pub mod text;

use std::sync::OnceLock;

use regex_automata::{
    Input,
    meta::{self, Regex},
    util::{captures::Captures, syntax},
};

pub use group::{Group, Nearby};
use names::Names;
pub use names::{Mention, What};
use paths::Files;
pub use spec::{
    Catalogue, Checksum, Confidence, Environment, Guidance, Kind, KnownBy, Near, Pair, PatternSpec,
    ProviderSpec, RuleSpec, Severity, Structure,
};

use crate::secret::Guessable;

/// The rules of one run.
#[derive(Debug)]
pub struct RuleSet {
    catalogue: Catalogue,
    patterns: Vec<Pattern>,
    groups: Vec<Group>,
    /// The files that each rule is for, compiled when one is first asked.
    files: Vec<OnceLock<Files>>,
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

/// Which rule of a `RuleSet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub usize);

/// One shape of one rule.
#[derive(Debug)]
pub struct Pattern {
    /// Whose shape it is.
    pub rule: RuleIndex,
    /// As checked.
    pub spec: PatternSpec,
    /// Index into `RuleSet::groups`.
    pub group: usize,
    regex: OnceLock<Regex>,
}

impl RuleSet {
    /// All rules of `catalogue`, which has been checked. Their patterns move to `RuleSet::patterns`.
    pub fn new(mut catalogue: Catalogue) -> Self {
        let mut patterns: Vec<Pattern> = catalogue
            .rules
            .iter_mut()
            .enumerate()
            .flat_map(|(r, rule)| {
                std::mem::take(&mut rule.patterns).into_iter().map(move |spec| Pattern {
                    rule: RuleIndex(r),
                    spec,
                    group: 0,
                    regex: OnceLock::new(),
                })
            })
            .collect();
        let groups = group::make(&mut patterns);
        let files = catalogue.rules.iter().map(|_| OnceLock::new()).collect();
        Self { catalogue, patterns, groups, files, names: OnceLock::new() }
    }

    /// Every shape of every rule.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The patterns, put together that are searched together.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The rule behind an index of this set.
    pub fn rule(&self, index: RuleIndex) -> &RuleSpec {
        &self.catalogue.rules[index.0]
    }

    /// Every rule, sorted by id.
    pub fn rules(&self) -> &[RuleSpec] {
        &self.catalogue.rules
    }

    /// Every provider.
    pub fn providers(&self) -> &[ProviderSpec] {
        &self.catalogue.providers
    }

    /// Who issues what `rule` finds.
    pub fn provider(&self, rule: &RuleSpec) -> &ProviderSpec {
        &self.catalogue.providers[rule.provider]
    }

    /// Every place in `text` that speaks of a provider, in order.
    pub fn mentions(&self, text: &[u8]) -> Vec<Mention> {
        self.names.get_or_init(|| Names::new(self.providers())).mentions(text)
    }

    /// The rule for what is known to be of `provider` by its surroundings only.
    pub fn credential_of(&self, provider: usize) -> Option<RuleIndex> {
        self.find(&known_by::credential_id(&self.catalogue.providers[provider].id))
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
        all || self.files[index.0].get_or_init(compiled).has(path)
    }

    /// The rule called `id`.
    pub fn find(&self, id: &str) -> Option<RuleIndex> {
        self.catalogue.rules.binary_search_by(|r| r.id.as_str().cmp(id)).ok().map(RuleIndex)
    }
}

impl Pattern {
    /// The compiled regex.
    ///
    /// # Panics
    ///
    /// If it does not compile, which `check` has ruled out.
    pub fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| {
            compile(&self.spec.regex).expect("the rule's regex was parsed when it was checked")
        })
    }

    /// Every match that lies in `within`, leftmost first, without overlaps: the whole match and the
    /// group `secret`. Bytes outside `within` are seen by `\b`, `^` and `\z` only.
    pub fn matches(
        &self,
        text: &[u8],
        within: std::ops::Range<usize>,
        mut found: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>),
    ) {
        let regex = self.regex();
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

/// How all regexes are compiled.
fn limits() -> meta::Config {
    meta::Config::new()
        .utf8_empty(false)
        // The keywords have been found already; extracting literals again takes a third of the time
        // to compile.
        .auto_prefilter(false)
        .nfa_size_limit(Some(8 << 20))
        .onepass(false)
        .hybrid_cache_capacity(256 << 10)
}
