//! Questions that a candidate must answer before it is a finding, in their order, and the reasons
//! for a no. Each question has a file of its own.

pub mod badge;
pub mod checksum;
pub mod entropy;
pub mod entry;
pub mod likeness;
pub mod long;
pub mod name;
pub mod owner;
pub mod password;
pub mod place;
pub mod placeholder;
pub mod quoting;
pub mod structure;

use std::{fmt, ops::Range};

use checksum::Sum;
use owner::{By, Owner};
pub use quoting::Reading;

use crate::{
    matcher::Candidate,
    near,
    rule::{Kind, RuleIndex, RuleSet, RuleSpec, Structure, spec::Quoting, text::Text},
    secret,
};

/// Why a candidate is not a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Dropped {
    /// None of the words that the pattern asks for stands nearby.
    NotNear,
    /// The provider publishes this value as an example.
    PublicExample,
    /// It stands for a value.
    Placeholder(placeholder::Reason),
    /// Too regular for a key.
    LowEntropy {
        /// What it has, in bits per byte.
        bits: f32,
        /// What the rule asks for.
        needed: f32,
    },
    /// Looks like words or an identifier and not like something that a machine drew.
    NotRandom,
    /// Without quotes, in a programming language: a name or an expression.
    Expression,
    /// It is an entry of a baseline.
    Entry,
    /// A name in quotes, to which something else is given.
    Key,
    /// The name before it says that it is for everybody or for a moment.
    Harmless(&'static str),
    /// It stands in the address of a badge, for everybody to see.
    Badge,
    /// The rule finds what a provider issued, and nothing here speaks of one.
    Nobodys,
    /// The rule is for files of other names.
    OtherFile,
    /// In such a file a name with a value is no credential.
    Place(place::Place),
    /// Not what a person would choose as a password.
    NotAPassword(password::Reason),
    /// The checksum inside it is wrong.
    Checksum,
    /// It does not have the structure that its kind has.
    Structure(&'static str),
    /// A more precise rule reports the same bytes.
    Covered {
        /// That rule.
        by: String,
    },
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNear => f.write_str("none of the words that the rule asks for stands nearby"),
            Self::PublicExample => f.write_str("the provider publishes this value as an example"),
            Self::Placeholder(reason) => write!(f, "placeholder: {reason}"),
            Self::LowEntropy { bits, needed } => {
                write!(f, "entropy of {bits:.2} bits per byte; the rule asks for {needed:.2}")
            }
            Self::NotRandom => f.write_str("looks like words and not like a random value"),
            Self::Entry => f.write_str("an entry of a straykey baseline opens nothing"),
            Self::Key => f.write_str("it is itself the name of another value"),
            Self::Expression => {
                f.write_str("a bare word in a programming language is a name and not a value")
            }
            Self::Harmless(word) => write!(f, "its name says `{word}`: not a secret"),
            Self::Badge => f.write_str("it opens a badge, which everybody may see"),
            Self::Nobodys => {
                f.write_str("neither its name nor its line speaks of a known provider")
            }
            Self::OtherFile => f.write_str("the rule is for files of other names"),
            Self::Place(place) => write!(f, "it stands in {place}"),
            Self::NotAPassword(reason) => write!(f, "not a password: {reason}"),
            Self::Checksum => f.write_str("the checksum inside it is wrong"),
            Self::Structure(problem) => write!(f, "structure: {problem}"),
            Self::Covered { by } => write!(f, "reported by the more precise rule `{by}`"),
        }
    }
}

/// Why a credential is worth less than it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weakness {
    /// It ran out on this day.
    Expired(String),
    /// Whoever has it needs a passphrase as well: most such keys are there on purpose.
    Encrypted,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(date) => write!(f, "it expired on {date}"),
            Self::Encrypted => f.write_str("it is encrypted with a passphrase"),
        }
    }
}

/// What the filters learned about a candidate that passed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// A checksum or a structure was verified.
    pub verified: bool,
    /// Sentences for the report: what was verified or decoded.
    pub facts: Vec<String>,
    /// The credential is known to have run out, or to be locked: graded down for this reason.
    pub weakness: Option<Weakness>,
    /// Where the secret ends, if that is not where the match does: its structure reaches further, or the
    /// match took more than the value.
    pub end: Option<usize>,
    /// For an HMAC-signed JWT: it can prove which secret signed it.
    pub signed_token: bool,
    /// Whose it is, where only its surroundings say so.
    pub owner: Option<Owner>,
    /// How a programming language reads the value.
    pub reading: Reading,
}

impl Evidence {
    /// The rule in `set` for what its surroundings say that the candidate is.
    pub fn credential(&self, set: &RuleSet) -> Option<RuleIndex> {
        self.owner.and_then(|owner| set.credential_of(owner.provider))
    }
}

/// Asks all questions about `candidate` that its text answers, whatever file that is.
///
/// # Errors
///
/// The first reason against it.
pub fn judge(
    set: &RuleSet,
    text: &[u8],
    candidate: &Candidate,
    today: i64,
) -> Result<Evidence, Dropped> {
    let pattern = &set.patterns()[candidate.pattern].spec;
    let rule = set.rule(candidate.rule);
    let is_general = set.provider(rule).general;
    if is_general && rule.kind == Kind::OpaqueToken && long::goes_on(text, &candidate.secret) {
        return judge_long(set, text, candidate, today);
    }
    let value = &text[candidate.secret.clone()];
    if let Some(near) = &pattern.near
        && !near::stands_near(text, candidate.whole.clone(), near)
    {
        return Err(Dropped::NotNear);
    }
    if entry::is_fingerprint(text, &candidate.secret) {
        return Err(Dropped::Entry);
    }
    let called = name::of(text, &candidate.whole, &candidate.secret);
    if is_general && matches!(rule.kind, Kind::OpaqueToken | Kind::Password) {
        if entry::is_inside(text, &candidate.secret) {
            return Err(Dropped::Entry);
        }
        if quoting::is_key(text, &candidate.secret) {
            return Err(Dropped::Key);
        }
        if let Some(word) = name::harmless(called) {
            return Err(Dropped::Harmless(word));
        }
        if badge::is_in_address(text, &candidate.secret) {
            return Err(Dropped::Badge);
        }
    }
    if !rule.public_values.is_empty() && is_public(rule, value) {
        return Err(Dropped::PublicExample);
    }
    let body = &value[public_len(&pattern.prefixes, value)..];
    if !matches!(rule.kind, Kind::PrivateKey)
        && let Some(reason) = placeholder::reason(text, candidate.secret.clone(), body, rule.kind)
    {
        return Err(Dropped::Placeholder(reason));
    }
    let bits = entropy::shannon_bits(body);
    if bits < rule.min_entropy_bits {
        return Err(Dropped::LowEntropy { bits, needed: rule.min_entropy_bits });
    }
    let mut evidence = Evidence::default();
    match rule.kind {
        Kind::OpaqueToken
            if set.provider(rule).general && value.starts_with(b"eyJ") && value.contains(&b'.') =>
        {
            return Err(Dropped::Structure(
                "it has the form of a JSON Web Token, which has a rule of its own",
            ));
        }
        Kind::OpaqueToken
            if set.provider(rule).general
                && is_basic(&text[candidate.whole.start..candidate.secret.start]) =>
        {
            return Err(Dropped::Structure(
                "it is a user name and a password, which have a rule of their own",
            ));
        }
        Kind::OpaqueToken
            if !likeness::looks_random(value, prior(is_general, text, &candidate.secret)) =>
        {
            return Err(Dropped::NotRandom);
        }
        Kind::Password => {
            let end =
                password::judge(text, candidate.secret.clone()).map_err(Dropped::NotAPassword)?;
            if password::is_next_item(&text[candidate.whole.start..end], value) {
                return Err(Dropped::NotAPassword(password::Reason::Identifier));
            }
            evidence.end = (end < candidate.secret.end).then_some(end);
        }
        _ => {}
    }
    if let Some(kind) = rule.checksum {
        match checksum::check(kind, text, candidate.secret.clone()) {
            Sum::Wrong => return Err(Dropped::Checksum),
            Sum::Absent => {}
            Sum::Right => {
                evidence.verified = true;
                evidence.facts.push("its checksum is right".into());
            }
        }
    }
    if let Some(kind) = rule.structure {
        structure::read(kind, text, candidate.secret.clone(), today, &mut evidence)?;
    }
    if is_general && has_owner(rule) {
        evidence.owner = owner::of(set, text, candidate);
        if rule.owned && evidence.owner.is_none_or(|owner| owner.by > By::Line) {
            return Err(Dropped::Nobodys);
        }
        let fact = |Owner { provider, by }| by.fact(&set.providers()[provider].name);
        evidence.facts.extend(evidence.owner.map(fact));
    }
    if pattern.quoting == Quoting::Bare {
        evidence.reading = quoting::reading(text, &candidate.whole, &candidate.secret);
    }
    Ok(evidence)
}

/// Judges a candidate of which the regex took the head only.
fn judge_long(
    set: &RuleSet,
    text: &[u8],
    head: &Candidate,
    today: i64,
) -> Result<Evidence, Dropped> {
    let secret = long::whole(text, &head.secret)
        .ok_or(Dropped::Structure("it goes over into something that is no value"))?;
    let end = secret.end;
    let whole = head.whole.start..end;
    let evidence = judge(set, text, &Candidate { whole, secret, ..head.clone() }, today)?;
    Ok(Evidence { end: Some(end), ..evidence })
}

/// Whether `before` ends with the name of the scheme whose credentials `basic-auth` reads.
fn is_basic(before: &[u8]) -> bool {
    let end = before.iter().rposition(|b| b.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    end >= 5 && before[end - 5..end].eq_ignore_ascii_case(b"basic")
}

/// Whether what `rule` finds is issued by somebody, and not chosen by its holder.
fn has_owner(rule: &RuleSpec) -> bool {
    rule.kind == Kind::OpaqueToken || rule.structure == Some(Structure::Jwt)
}

fn prior(is_general: bool, text: &[u8], secret: &Range<usize>) -> likeness::Prior {
    match is_general {
        false => likeness::Prior::PROVIDER,
        true if quoting::is_quoted(text, secret) => likeness::Prior::QUOTED,
        true => likeness::Prior::GENERAL,
    }
}

/// Asks the questions that the path of its file answers about a candidate of `rule` that its text
/// speaks for.
///
/// # Errors
///
/// The first reason against it.
pub fn judge_path(
    set: &RuleSet,
    rule: RuleIndex,
    evidence: &Evidence,
    path: &str,
) -> Result<(), Dropped> {
    if !set.is_for(rule, path) {
        return Err(Dropped::OtherFile);
    }
    let rule = set.rule(rule);
    if evidence.reading.is_expression(path) {
        return Err(Dropped::Expression);
    }
    if set.provider(rule).general
        && matches!(rule.kind, Kind::OpaqueToken | Kind::Password)
        && let Some(place) = place::place(path)
    {
        return Err(Dropped::Place(place));
    }
    Ok(())
}

fn is_public(rule: &RuleSpec, value: &[u8]) -> bool {
    let sum = secret::sha256_hex(value);
    rule.public_values.iter().any(|v| *v == sum)
}

/// How many bytes at the start of `value` the rule declares public.
pub fn public_len(prefixes: &[Text], value: &[u8]) -> usize {
    prefixes.iter().filter(|p| value.starts_with(p.as_bytes())).map(|p| p.len()).max().unwrap_or(0)
}

/// The whole line that `span` starts in, without its break.
pub(crate) fn line_of(text: &[u8], span: &Range<usize>) -> Range<usize> {
    /// A longer line is looked at around the span only.
    const MAX_SIDE_BYTES: usize = 4 << 10;
    crate::span::lines_around(text, span.clone(), 0, MAX_SIDE_BYTES)
}
