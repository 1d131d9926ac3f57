//! From the form on disk to a checked rule: every complaint at once, each naming file and key.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    bytes::ByteSet,
    file::{GuidanceForm, PatternForm, ProviderForm, RuleFile, RuleForm},
    known_by,
    lead::{Lead, MAX_SHORT_BYTES},
    paths,
    shape::{self, Assignment, Below, ShapeError, ValueRun},
    spec::{
        Catalogue, Confidence, Guidance, Kind, KnownBy, Near, PatternSpec, ProviderSpec, Quoting,
        RuleSpec,
    },
    streak::Streak,
    text::Text,
};

/// Why a rule file could not be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message is the documentation of its variant")]
pub enum CheckError {
    #[error("rule file `{}`: line {line}: {message}", path.display())]
    Form { path: PathBuf, line: usize, message: String },
    #[error("rule file `{}`: rule `{id}`: `{key}` {problem}", path.display())]
    Regex { path: PathBuf, id: String, key: String, problem: ShapeError },
    #[error("rule file `{}`: rule `{id}`: {problem}", path.display())]
    Rule { path: PathBuf, id: String, problem: String },
    #[error("rule `{id}` is defined twice: `{}` and `{}`", first.display(), second.display())]
    Duplicate { id: String, first: PathBuf, second: PathBuf },
}

/// Whether a rule must bring its own cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cases {
    /// It must: a rule that nobody has seen match is not a rule.
    Required,
    /// It need not: it is a rule of one repository's own configuration.
    Optional,
}

/// Reads the TOML `text` of the file `path`.
///
/// # Errors
///
/// If it is not TOML, or a field is unknown, missing or of the wrong type.
pub fn parse_file(path: &Path, text: &str) -> Result<RuleFile, CheckError> {
    toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start.min(text.len()));
        let line = 1 + text[..at].matches('\n').count();
        CheckError::Form { path: path.into(), line, message: message_without_values(&e) }
    })
}

/// What is wrong with a TOML file: names of keys and what is allowed, and no value that stands there.
///
/// The library's own display quotes the line, some of its messages quote the value, and both may be a
/// key.
pub fn message_without_values(error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', "; ");
    let Some((what, expected)) = message.rsplit_once(", expected ") else { return message };
    let kind = ["unknown variant", "invalid type: string", "invalid value: string"];
    match kind.into_iter().find(|k| what.starts_with(k)) {
        Some(kind) => {
            format!("{}, expected {expected}", kind.replace("unknown variant", "unknown value"))
        }
        None => message,
    }
}

/// Checks `files` together, given the rules that exist `before` them.
///
/// # Errors
///
/// All complaints about all files, in their order.
pub fn check_files(
    before: Catalogue,
    files: &[(PathBuf, RuleFile)],
    cases: Cases,
) -> Result<Catalogue, Vec<CheckError>> {
    let mut errors = Vec::new();
    let mut homes: BTreeMap<String, PathBuf> =
        before.rules.iter().map(|r| (r.id.to_string(), builtin_home(&before, r))).collect();
    let mut all = before;
    for (path, file) in files {
        let provider = all.providers.len();
        let id = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let spec = provider_spec(&id, &file.provider);
        errors.extend(known_by::wrong(path, &spec, file.rule.len()));
        let credential = known_by::credential(provider, &spec);
        all.providers.push(spec);
        let ids = file.rule.iter().map(|form| form.id.clone());
        for id in ids.chain(credential.iter().map(|rule| rule.id.to_string())) {
            if let Some(first) = homes.insert(id.clone(), path.clone()) {
                errors.push(CheckError::Duplicate { id, first, second: path.clone() });
            }
        }
        all.rules.extend(credential);
        for form in &file.rule {
            match check_rule(path, (provider, file.provider.general), form, cases) {
                Ok(rule) => all.rules.push(rule),
                Err(e) => errors.extend(e),
            }
        }
    }
    for (path, file) in files {
        errors.extend(file.rule.iter().flat_map(|r| lost_pairs(path, r, &homes)));
    }
    all.rules.sort_by(|a, b| a.id.cmp(&b.id));
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

fn provider_spec(id: &str, form: &ProviderForm) -> ProviderSpec {
    ProviderSpec {
        id: id.into(),
        name: form.name.as_str().into(),
        known_by: KnownBy {
            names: texts(&form.names),
            words: texts(&form.words),
            hosts: texts(&form.hosts),
        },
        general: form.general,
        guidance: guidance(&form.guidance),
    }
}

fn builtin_home(catalogue: &Catalogue, rule: &RuleSpec) -> PathBuf {
    format!("rules/{}.toml (built in)", catalogue.providers[rule.provider].id).into()
}

fn lost_pairs(path: &Path, form: &RuleForm, homes: &BTreeMap<String, PathBuf>) -> Vec<CheckError> {
    let wrong = |problem| CheckError::Rule { path: path.into(), id: form.id.clone(), problem };
    let Some(pair) = &form.pair else { return Vec::new() };
    if pair.with.is_empty() {
        return vec![wrong("`pair.with` needs the id of a rule".into())];
    }
    let lost = pair.with.iter().filter(|with| !homes.contains_key(*with));
    lost.map(|with| wrong(format!("`pair.with` names the unknown rule `{with}`"))).collect()
}

pub(super) fn check_rule(
    path: &Path,
    (provider, general): (usize, bool),
    form: &RuleForm,
    cases: Cases,
) -> Result<RuleSpec, Vec<CheckError>> {
    let wrong = |problem: &str| CheckError::Rule {
        path: path.into(),
        id: form.id.clone(),
        problem: problem.into(),
    };
    let mut errors = Vec::new();
    if !is_rule_id(&form.id) {
        errors.push(wrong("`id` must be lower-case words joined by `-`, as in `acmepay-live-key`"));
    }
    if form.title.trim().is_empty() || form.title.ends_with('.') {
        errors.push(wrong("`title` must be a short name without a full stop"));
    }
    if !form.source.starts_with("https://") {
        errors.push(wrong(
            "`source` must be the https address of the document that states the shape",
        ));
    }
    if !(0.0..=8.0).contains(&form.min_entropy_bits) {
        errors.push(wrong("`min_entropy_bits` must be between 0 and 8 bits per byte"));
    }
    if form.public_values.iter().any(|v| v.len() != 64 || !v.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        errors
            .push(wrong("`public_values` takes SHA-256 sums in hex, never the values themselves"));
    }
    for (key, globs) in [("paths", &form.paths), ("not_paths", &form.not_paths)] {
        if let Err(problem) = paths::compile(globs) {
            errors.push(wrong(&format!("`{key}` takes globs: {problem}")));
        }
    }
    if cases == Cases::Required {
        if form.must_find.is_empty() {
            errors.push(wrong("`must_find` needs at least one case"));
        }
        if form.must_ignore.is_empty() {
            errors.push(wrong("`must_ignore` needs at least one case"));
        }
    }
    let mut patterns = Vec::new();
    for (n, pattern) in std::iter::once(&form.first_pattern()).chain(&form.also).enumerate() {
        let prefix = if n == 0 { String::new() } else { format!("also[{}].", n - 1) };
        match check_pattern(pattern, form.kind, general) {
            Ok(p) => patterns.extend(p),
            Err((key, Problem::Regex(problem))) => errors.push(CheckError::Regex {
                path: path.into(),
                id: form.id.clone(),
                key: format!("{prefix}{key}"),
                problem,
            }),
            Err((key, Problem::Text(text))) => {
                errors.push(wrong(&format!("`{prefix}{key}` {text}")))
            }
        }
    }
    if form.paths.is_empty() && patterns.iter().any(|p| p.keywords.is_empty()) {
        errors.push(wrong("`keywords` may be empty only if `paths` names the files"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let speaks =
        |p: &PatternSpec| !p.prefixes.is_empty() || p.near.is_some() || form.name.is_some();
    let opaque = matches!(form.kind, Kind::OpaqueToken | Kind::Password);
    let documented = !(general && opaque) && patterns.iter().any(speaks);
    Ok(RuleSpec {
        id: form.id.as_str().into(),
        title: form.title.as_str().into(),
        provider,
        severity: form.severity,
        confidence: form.confidence.unwrap_or(if documented {
            Confidence::Medium
        } else {
            Confidence::Low
        }),
        environment: form.environment,
        kind: form.kind,
        patterns,
        min_entropy_bits: form.min_entropy_bits,
        checksum: form.checksum,
        structure: form.structure,
        public_values: texts(&form.public_values),
        pair: form.pair.clone(),
        paths: texts(&form.paths),
        not_paths: texts(&form.not_paths),
        owned: form.owned,
        impact: form.impact.as_deref().map(Text::from),
        steps: texts(&form.steps),
        source: form.source.as_str().into(),
        checked: form.checked.to_string().into(),
    })
}

enum Problem {
    Regex(ShapeError),
    Text(&'static str),
}

fn check_pattern(
    form: &PatternForm,
    kind: Kind,
    general: bool,
) -> Result<Vec<PatternSpec>, (&'static str, Problem)> {
    let text = |key, problem| (key, Problem::Text(problem));
    if form.keywords.is_empty() && form.regex.is_none() {
        return Err(text("keywords", "needs at least one word that is in every match"));
    }
    if form.keywords.iter().any(|k| k.len() < 2 || !k.is_ascii()) {
        return Err(text("keywords", "must be ASCII words of two characters or more"));
    }
    if form.near.as_ref().is_some_and(|n| n.any.is_empty() || n.lines > 50) {
        return Err(text("near", "needs words in `any`, and at most 50 `lines`"));
    }
    match (&form.regex, &form.name, &form.value) {
        (Some(regex), None, None) => {
            let key =
                |e: &ShapeError| if *e == ShapeError::NotWhole { "keywords" } else { "regex" };
            Ok(vec![pattern_spec(form, regex, None).map_err(|e| (key(&e), Problem::Regex(e)))?])
        }
        (None, Some(name), Some(value)) => {
            let part = |key, problem| (key, Problem::Regex(problem));
            shape::check_part(name).map_err(|e| part("name", e))?;
            let value_run = shape::read_value(value).map_err(|e| part("value", e))?;
            let spec = |a: &Assignment| pattern_spec(form, &a.regex, Some((a, value_run)));
            assignments(form, general.then_some(below(kind)), (name, value))
                .iter()
                .map(|a| spec(a).map_err(|e| part("name", e)))
                .collect()
        }
        _ => Err(text("regex", "stands alone, or `name` and `value` stand together")),
    }
}

fn below(kind: Kind) -> Below {
    if kind == Kind::Password { Below::Quoted } else { Below::Bare }
}

/// A name that anybody may use (`general`) needs a form that speaks for a secret.
fn assignments(
    form: &PatternForm,
    general: Option<Below>,
    (name, value): (&str, &str),
) -> Vec<Assignment> {
    /// Shorter keywords are found by the runs around them, and that search must not reach far.
    const MIN_KEYWORD_BYTES: usize = 4;
    if let Some(below) = general {
        return shape::general_assignments(name, value, below);
    }
    let mut all = vec![shape::assignment(name, value)];
    if form.near.is_none() && form.keywords.iter().all(|k| k.len() >= MIN_KEYWORD_BYTES) {
        all.push(shape::variable_default(name, value));
    }
    all
}

fn pattern_spec(
    form: &PatternForm,
    regex: &str,
    assignment: Option<(&Assignment, ValueRun)>,
) -> Result<PatternSpec, ShapeError> {
    let (quoting, own) =
        assignment.map_or((Quoting::Quoted, &[][..]), |(a, _)| (a.quoting, a.keywords));
    let keywords: Vec<String> = if own.is_empty() {
        form.keywords.iter().map(|k| k.to_ascii_lowercase()).collect()
    } else {
        own.iter().map(|&k| k.to_owned()).collect()
    };
    let shape = shape::read_shape(regex, &keywords)?;
    // With a name in front, the run is in the value and the keyword before it.
    let (run, run_reach, run_last) = match assignment {
        Some((a, value)) => (value.run, a.value_at + value.end_within, true),
        None if shape.keyword_first => (shape.run, shape.run_end, true),
        None => (shape.run, shape.max_bytes, false),
    };
    Ok(PatternSpec {
        keywords: texts(&keywords),
        regex: regex.into(),
        near: form.near.as_ref().map(|n| Near { any: texts(&n.any), lines: n.lines }),
        quoting,
        max_bytes: shape.max_bytes,
        lead: shape.lead.bytes,
        followers: followers(&keywords, shape.lead),
        run,
        run_reach,
        run_last,
        streak: Streak::of(regex)?,
        prefixes: texts(&shape.prefixes),
    })
}

/// What can stand behind each of `keywords`, where that is worth looking at.
fn followers(keywords: &[String], lead: Lead) -> Vec<Option<ByteSet>> {
    let worth = |(keyword, set): (&String, ByteSet)| {
        (keyword.len() <= MAX_SHORT_BYTES && set != ByteSet::ALL).then_some(set)
    };
    let all: Vec<Option<ByteSet>> = keywords.iter().zip(lead.followers).map(worth).collect();
    if all.iter().any(Option::is_some) { all } else { Vec::new() }
}

fn is_rule_id(id: &str) -> bool {
    id.contains('-')
        && id.split('-').all(|w| {
            !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

fn guidance(form: &GuidanceForm) -> Guidance {
    Guidance {
        impact: form.impact.as_str().into(),
        self_service: form.self_service,
        revoke_url: form.revoke_url.as_deref().map(Text::from),
        contact: form.contact.as_deref().map(Text::from),
        rotation_days: form.rotation_days,
        steps: texts(&form.steps),
        investigate: texts(&form.investigate),
        prevent: texts(&form.prevent),
        source: form.source.as_str().into(),
        checked: form.checked.to_string().into(),
    }
}

fn texts(all: &[String]) -> Vec<Text> {
    all.iter().map(|t| t.as_str().into()).collect()
}
