//! What a rule is once its file has been read and checked: plain data, nothing compiled.
//!
//! `build.rs` makes these values from `rules/*.toml` and stores them in the binary; a user's rule
//! file goes through the same code at run time. Compiling a regex is the business of `rule`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{bytes::ByteSet, streak::Streak, text::Text};

/// How bad it is if the credential is real.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing, harmless alone (an expired token, a public identifier).
    Info,
    /// Little can be done with it, or only in a sandbox.
    Low,
    /// Limited access, or access that depends on something else.
    Medium,
    /// Access to data or to somebody's account.
    High,
    /// Full or permanent control, money, or the keys to other keys.
    Critical,
}

impl Severity {
    /// All of them, mildest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word used in rule files, flags and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step milder; `Info` stays.
    #[must_use]
    pub fn lower(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)]
    }

    /// One step worse; `Critical` stays.
    #[must_use]
    pub fn higher(self) -> Self {
        Self::ALL[(self as usize + 1).min(Self::ALL.len() - 1)]
    }
}

/// How sure the match is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Only a general name or position (`password =`) speaks for it.
    Low,
    /// A documented prefix and alphabet, or a provider's own name or host beside a documented shape.
    Medium,
    /// A checksum, a structure, a counterpart or a signature was verified.
    High,
}

impl Confidence {
    /// All of them, weakest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word used in rule files, flags and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Where the provider accepts the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Production.
    Live,
    /// A sandbox: no real data or money behind it.
    Test,
    /// Production with a limited set of permissions.
    Restricted,
}

/// What sort of secret it is; decides how its value is judged and how it is fingerprinted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Made by a machine, with a shape that the provider documents.
    #[default]
    Token,
    /// Made by a machine, of unknown shape: it must look random to count.
    OpaqueToken,
    /// Chosen by a person: guessable, so neither its hash nor its length is published.
    Password,
    /// Names an account and opens nothing alone.
    Id,
    /// A private key block.
    PrivateKey,
}

/// A published checksum inside the token; a token that fails it is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// Last six characters: CRC-32 of the part between the prefix's `_` and them, in base 62
    /// (GitHub, npm).
    Crc32Base62,
    /// `syt_<user>_<20>_<6>`: CRC-32 of everything before the last underscore, in base 62 (Matrix's Synapse).
    Crc32Base62Tail,
    /// `glsa_<32>_<8 hex>`: CRC-32 of everything before the last underscore, in hex (Grafana).
    Crc32HexTail,
    /// Bech32 (BIP 173), as in age secret keys and Nostr's `nsec1…`.
    Bech32,
    /// A token with a dot: the length of its payload and a CRC-32, in base 36 (GitLab's routable tokens).
    /// One without has none.
    GitlabRoutable,
    /// Base 32 of which the last two bytes are a CRC-16 of the others, low byte first (NATS, Stellar).
    Crc16Base32,
    /// Base 58 of which the last four bytes begin the double SHA-256 of the others (Bitcoin).
    Base58Check,
    /// Behind the last `_`: all characters but the last, as bytes, XORed, modulo 62, are the last
    /// (crates.io's trusted publishing).
    XorBase62,
    /// The last bits of a mnemonic phrase begin the SHA-256 of the others (BIP 39, English words).
    Bip39,
}

/// A structure that the value must have; reading it may find more of the secret than the regex did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Structure {
    /// Three base64url parts of which the first two are JSON objects.
    Jwt,
    /// `-----BEGIN …-----` to its `-----END …-----`, with a base64 body.
    Pem,
    /// A PEM key, and beside it the address of the account that it belongs to.
    GoogleServiceAccount,
    /// `PuTTY-User-Key-File-…` with its `Private-Lines`.
    PuttyKey,
    /// `user:password` in base64, as in `Authorization: Basic`.
    BasicAuth,
    /// A base64 value that decodes to exactly 64 bytes (Azure storage account keys).
    Base64Of64Bytes,
    /// A base64 value, possibly percent-encoded, that decodes to exactly 32 bytes (Azure's signatures).
    Base64Of32Bytes,
    /// 32 bytes in base64; those of `wg genkey` have five bits that are always the same.
    WireguardKey,
    /// Twenty characters of which some may tell the account (AWS access key IDs).
    AwsKeyId,
    /// A macaroon, as in PyPI's tokens.
    PypiMacaroon,
    /// A base64 JSON object, possibly without padding.
    Base64Json,
    /// `sntrys_`, a base64 JSON object, `_` and the secret (Sentry's organization tokens).
    SentryOrganization,
}

/// Words or hosts that must stand within some lines of the match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    /// One of these must be there; ASCII, case ignored.
    pub any: Vec<Text>,
    /// How many lines above and below are looked at.
    pub lines: u16,
}

/// How far words or rules may stand apart, where a rule does not say.
pub fn default_near_lines() -> u16 {
    8
}

/// Other rules, a match of one of which makes this one usable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The ids of those rules.
    pub with: Vec<String>,
    /// How many lines apart they may stand, if nothing but the distance tells that they belong together:
    /// in one block of lines, or between the same braces, they may stand anywhere.
    #[serde(default = "default_near_lines")]
    pub lines: u16,
    /// The severity of a match whose counterpart is absent.
    pub alone: Severity,
}

/// Whether the form of a match says that its value is a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Quoting {
    /// It does: quotes, an element, an option; or the value has a shape of its own.
    #[default]
    Quoted,
    /// It does not: in a programming language the value would be an expression.
    Bare,
}

/// One regex of a rule, with what was read off its syntax tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternSpec {
    /// One of these is in every match; none, if every match is a whole text. Lower case: they are searched
    /// with case folded.
    pub keywords: Vec<Text>,
    /// ASCII regex with one group called `secret`; without a bound-breaking repetition.
    pub regex: Text,
    /// What must stand nearby.
    pub near: Option<Near>,
    /// Whether an expression of a programming language would match as well.
    pub quoting: Quoting,
    /// The longest match, in bytes.
    pub max_bytes: usize,
    /// Within so many bytes every match has begun a keyword.
    pub lead: usize,
    /// For each keyword, what can stand behind it there, if it is short and that is not any byte; or nothing at all.
    pub followers: Vec<Option<ByteSet>>,
    /// Every match has a run of at least this many ASCII letters and digits.
    pub run: usize,
    /// The keyword starts at most this many bytes before the end of the first
    /// `shape::searched_run(run)` bytes of such a run.
    pub run_reach: usize,
    /// A keyword stands before that run.
    pub run_last: bool,
    /// Every secret has this.
    pub streak: Streak,
    /// What every secret starts with, if it is one of a few literals: the public part.
    pub prefixes: Vec<Text>,
}

/// A rule, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSpec {
    /// `provider-kind`; never renamed once published.
    pub id: Text,
    /// For people, without a full stop.
    pub title: Text,
    /// Index of its provider in the catalogue.
    pub provider: usize,
    /// Before anything is known about the match.
    pub severity: Severity,
    /// Before checksum and structure have been looked at.
    pub confidence: Confidence,
    /// Where the credential works, if its shape tells.
    pub environment: Option<Environment>,
    /// How the value is judged.
    pub kind: Kind,
    /// The shapes; a match of any is a candidate.
    pub patterns: Vec<PatternSpec>,
    /// Shannon entropy per byte that the secret must reach; 0 = not asked.
    pub min_entropy_bits: f32,
    /// Verified where there is one.
    pub checksum: Option<Checksum>,
    /// Verified where there is one.
    pub structure: Option<Structure>,
    /// SHA-256, in hex, of values that are published as examples and open nothing.
    pub public_values: Vec<Text>,
    /// The counterpart, if it is useless alone.
    pub pair: Option<Pair>,
    /// Globs, one of which the file's path must match; none: any file will do. Without a `/` they are
    /// asked of the file's name.
    pub paths: Vec<Text>,
    /// Globs, none of which it may match.
    pub not_paths: Vec<Text>,
    /// It says too little to be a finding, unless a name or a line speaks of a provider.
    pub owned: bool,
    /// What can be done with it, where that differs from the provider's guidance.
    pub impact: Option<Text>,
    /// Steps, where they differ from the provider's guidance.
    pub steps: Vec<Text>,
    /// The document that states the shape.
    pub source: Text,
    /// The day that document was last read, `YYYY-MM-DD`.
    pub checked: Text,
}

/// What to do about a leaked credential, as the provider documents it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guidance {
    /// What somebody who holds the credential can do.
    pub impact: Text,
    /// Whether its holder can revoke it without asking anyone, if the provider documents that.
    pub self_service: Option<bool>,
    /// The page where that is done.
    pub revoke_url: Option<Text>,
    /// Whom to ask.
    pub contact: Option<Text>,
    /// How old a key may get by the provider's own advice, in days.
    pub rotation_days: Option<u16>,
    /// What to do, in order.
    pub steps: Vec<Text>,
    /// What to look for afterwards, and in which log.
    pub investigate: Vec<Text>,
    /// How to keep it from happening again.
    pub prevent: Vec<Text>,
    /// The document behind it.
    pub source: Text,
    /// The day that document was last read, `YYYY-MM-DD`.
    pub checked: Text,
}

/// How a provider is spoken of where its credentials stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBy {
    /// What it is called, in lower case; `_` stands for any separator or none.
    pub names: Vec<Text>,
    /// The same for everyday words: they count in the name of a value, or as the name of its section.
    pub words: Vec<Text>,
    /// Where its credentials are sent, with everything below.
    pub hosts: Vec<Text>,
}

/// A provider: a name, its guidance, and (elsewhere) its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSpec {
    /// The stem of its file: `rules/<id>.toml`.
    pub id: Text,
    /// As the provider writes it.
    pub name: Text,
    /// What says that a credential without a shape of its own is this provider's.
    pub known_by: KnownBy,
    /// Its formats belong to nobody: a rule of anybody else is more precise.
    pub general: bool,
    /// The runbook.
    pub guidance: Guidance,
}

/// Everything that a set of rule files says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Sorted by id.
    pub providers: Vec<ProviderSpec>,
    /// Sorted by id.
    pub rules: Vec<RuleSpec>,
}
