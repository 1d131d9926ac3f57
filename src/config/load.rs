//! Finds configuration files, reads them with what they extend, and checks every entry.
//!
//! A repository that is scanned may be hostile: its own file can name no file outside it, no message
//! quotes what a file holds, and what is read has a bound.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{
    AllowForm, ConfigError, Place, Settings, SeverityForm, Sourced, file::ConfigFile, shown,
};
use crate::{
    blob::Before,
    rule::{check::message_without_values, own::OwnRule},
    source::exclude::Excluded,
    span,
    triage::allow::{AllowError, AllowRule, AllowSpec},
};

/// What the file at the root of a repository is called.
pub const FILE_NAME: &str = "straykey.toml";

/// A larger file is no configuration; one that is imported may be a report.
const MAX_BYTES: u64 = 1 << 20;
pub(super) const MAX_IMPORTED_BYTES: u64 = 64 << 20;

/// Every finding is held against every entry, so there is a bound on what a hostile repository can ask.
const MAX_ENTRIES: usize = 1_000;
const MAX_ALLOW_ENTRIES: usize = 10_000;

/// Longer chains of `extends` help nobody.
const MAX_FILES: usize = 8;

/// The root of the repository that `path` lies in: the nearest directory upwards that has a `.git`.
pub fn repository_root(path: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(path).ok()?;
    real.ancestors().find(|d| d.join(".git").exists()).map(Path::to_path_buf)
}

/// The settings of the file that belongs to the directory `root`, if there is one.
///
/// # Errors
///
/// If there is one and it can't be used, or if it names a file that is not below `root`.
pub fn of_directory(root: &Path) -> Result<Settings, ConfigError> {
    let path = root.join(FILE_NAME);
    if path.symlink_metadata().is_err() {
        return Ok(Settings::default());
    }
    let root = canonical(root)?;
    Reader { root: Some(root), chain: Vec::new() }.settings(&path)
}

/// The settings of the file `path`, which the user named and may name any other.
///
/// # Errors
///
/// If it can't be used.
pub fn of_file(path: &Path) -> Result<Settings, ConfigError> {
    Reader { root: None, chain: Vec::new() }.settings(path)
}

/// The settings that `text` has, which stands for the file `path`.
///
/// # Errors
///
/// If it can't be used.
pub fn of_text(path: &Path, text: &str) -> Result<Settings, ConfigError> {
    let file: ConfigFile = parse(path, text)?;
    let reader = Reader { root: None, chain: Vec::new() };
    Entries::new(path, text, &reader).settings(&file)
}

/// Reads a file of text that is not too large.
///
/// # Errors
///
/// If it is no file, too large, or not UTF-8.
pub(super) fn read_text(path: &Path, max_bytes: u64) -> Result<String, ConfigError> {
    let problem = |problem: String| ConfigError::File { path: path.into(), problem };
    let unreadable = |source| ConfigError::Read { path: path.into(), source };
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(problem("is not a file".into()));
    }
    if meta.len() > max_bytes {
        return Err(problem(format!("has {} bytes; at most {max_bytes} are read", meta.len())));
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// Reads one TOML file and its text.
///
/// # Errors
///
/// If it can't be read, or does not have the form `T`.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<(T, String), ConfigError> {
    let text = read_text(path, MAX_BYTES)?;
    Ok((parse(path, &text)?, text))
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start.min(text.len()));
        let place = span::line_col(text.as_bytes(), at, Before::default());
        let message = message_without_values(&e);
        ConfigError::Form { path: path.into(), line: place.line, column: place.col, message }
    })
}

fn canonical(path: &Path) -> Result<PathBuf, ConfigError> {
    fs::canonicalize(path).map_err(|source| ConfigError::Read { path: path.into(), source })
}

/// Reads a file and those it extends.
struct Reader {
    /// No file outside this directory is read.
    root: Option<PathBuf>,
    /// The files that are being read, each extended by the one before.
    chain: Vec<PathBuf>,
}

impl Reader {
    fn settings(&mut self, path: &Path) -> Result<Settings, ConfigError> {
        let name = shown(path);
        let problem =
            |problem: &str| Err(ConfigError::File { path: name.clone(), problem: problem.into() });
        let real = canonical(path)?;
        if self.root.as_ref().is_some_and(|root| !real.starts_with(root)) {
            return problem("leads out of the repository");
        }
        if self.chain.contains(&real) {
            return problem("extends itself");
        }
        if self.chain.len() == MAX_FILES {
            return problem("is extended over too many files; at most 8 are read");
        }
        self.chain.push(real);
        let (file, text): (ConfigFile, String) = read(&name)?;
        let entries = Entries::new(&name, &text, self);
        let own = entries.settings(&file)?;
        let settings = match &file.extends {
            None => own,
            Some(base) => {
                let base = entries.path(base, "extends")?.value;
                self.settings(&base)?.with(own)
            }
        };
        self.chain.pop();
        Ok(settings)
    }
}

/// Checks the entries of one file.
struct Entries<'f> {
    path: &'f Path,
    /// Where each line ends.
    line_ends: Vec<usize>,
    reader: &'f Reader,
}

impl<'f> Entries<'f> {
    fn new(path: &'f Path, text: &str, reader: &'f Reader) -> Self {
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { path, line_ends, reader }
    }

    fn settings(&self, file: &ConfigFile) -> Result<Settings, ConfigError> {
        self.check_count("allow", file.allow.len(), MAX_ALLOW_ENTRIES)?;
        self.check_count("severity", file.severity.len(), MAX_ENTRIES)?;
        self.check_count("rule", file.rule.len(), MAX_ENTRIES)?;
        self.check_count("disable", file.disable.len(), MAX_ENTRIES)?;
        Ok(Settings {
            files: vec![self.path.into()],
            rule_files: all(&file.rules, |path| self.path(path, "rules"))?,
            own_rules: all(&file.rule, |rule| Ok(self.rule(rule)))?,
            only: Vec::new(),
            disable: all(&file.disable, |id| Ok(self.sourced(id)))?,
            exclude: all(&file.exclude, |glob| self.glob(glob))?,
            exclude_here: Vec::new(),
            baseline: file.baseline.as_ref().map(|b| self.path(b, "baseline")).transpose()?,
            min_severity: file.min_severity.as_ref().map(|s| self.sourced(s)),
            min_confidence: file.min_confidence.as_ref().map(|s| self.sourced(s)),
            fail_on: file.fail_on.as_ref().map(|s| self.sourced(s)),
            severities: all(&file.severity, |entry| self.severity(entry))?,
            allow: all(&file.allow, |entry| self.allow(entry))?,
        })
    }

    fn line(&self, span: &Range<usize>) -> usize {
        1 + self.line_ends.partition_point(|end| *end < span.start)
    }

    /// That there are not too many entries of one sort.
    fn check_count(&self, key: &'static str, count: usize, most: usize) -> Result<(), ConfigError> {
        let place = Place::File(self.path.into(), 1);
        match count > most {
            true => {
                Err(entry(place, key, &format!("has {count} entries; at most {most} are read")))
            }
            false => Ok(()),
        }
    }

    fn sourced<T: Clone>(&self, value: &Spanned<T>) -> Sourced<T> {
        let place = Place::File(self.path.into(), self.line(&value.span()));
        Sourced { value: value.get_ref().clone(), place }
    }

    fn rule(&self, rule: &Spanned<toml::Table>) -> OwnRule {
        let line = self.line(&rule.span());
        OwnRule { path: self.path.into(), line, table: rule.get_ref().clone() }
    }

    /// A path relative to the file, which exists and is where it may be.
    fn path(
        &self,
        path: &Spanned<String>,
        key: &'static str,
    ) -> Result<Sourced<PathBuf>, ConfigError> {
        let Sourced { value, place } = self.sourced(path);
        let whole = self.path.parent().unwrap_or(Path::new("")).join(&value);
        let real = fs::canonicalize(&whole);
        let outside = |root: &PathBuf| match &real {
            Ok(real) => !real.starts_with(root),
            // What does not exist must not tell whether something else does.
            Err(_) => {
                Path::new(&value).is_absolute() || value.split(['/', '\\']).any(|p| p == "..")
            }
        };
        if self.reader.root.as_ref().is_some_and(outside) {
            return Err(entry(place, key, "must name a file in this repository"));
        }
        if let Err(e) = real {
            let problem = format!("names `{}`, which can't be read: {e}", whole.display());
            return Err(entry(place, key, &problem));
        }
        Ok(Sourced { value: whole, place })
    }

    fn glob(&self, glob: &Spanned<String>) -> Result<Sourced<String>, ConfigError> {
        let glob = self.sourced(glob);
        check_globs(std::slice::from_ref(&glob.value), &glob.place, "exclude")?;
        Ok(glob)
    }

    fn severity(&self, form: &Spanned<SeverityForm>) -> Result<Sourced<SeverityForm>, ConfigError> {
        let sourced = self.sourced(form);
        check_severity(&sourced.value, &sourced.place)?;
        Ok(sourced)
    }

    fn allow(&self, form: &Spanned<AllowForm>) -> Result<Sourced<AllowForm>, ConfigError> {
        let sourced = self.sourced(form);
        allow_rule(&sourced)?;
        Ok(sourced)
    }
}

fn all<T, U>(
    list: &[T],
    each: impl Fn(&T) -> Result<U, ConfigError>,
) -> Result<Vec<U>, ConfigError> {
    list.iter().map(each).collect()
}

fn entry(place: Place, key: &'static str, problem: &str) -> ConfigError {
    ConfigError::Entry { place, key, problem: problem.into() }
}

/// What an `[[allow]]` entry allows.
///
/// # Errors
///
/// If it has no condition, or one that can't be meant. No regex is quoted: people paste secrets there.
pub fn allow_rule(form: &Sourced<AllowForm>) -> Result<AllowRule, ConfigError> {
    let AllowForm { paths, path_regexes, values, rules, commits, fingerprints, reason } =
        form.value.clone();
    let place = place_in_reports(&form.place);
    let spec =
        AllowSpec { paths, path_regexes, values, rules, commits, fingerprints, reason, place };
    check_globs(&form.value.paths, &form.place, "allow.paths")?;
    AllowRule::new(spec).map_err(|error| {
        let (key, problem) = match error {
            AllowError::Everything { .. } => (
                "allow",
                "needs one of `paths`, `path_regexes`, `values`, `rules`, `commits`, `fingerprints`".to_owned(),
            ),
            AllowError::Regex { .. } => {
                ("allow", "has an entry that is not a regex of Rust's `regex`".into())
            }
            AllowError::MatchesAll { .. } => {
                ("allow", "has a regex that matches everything".into())
            }
            AllowError::Commit { .. } => {
                ("allow.commits", "takes hashes of 7 to 64 hex digits".into())
            }
            AllowError::Fingerprint { .. } => {
                ("allow.fingerprints", "takes fingerprints of 32 hex digits".into())
            }
            AllowError::Glob { source, .. } => ("allow.rules", format!("holds {source}")),
            AllowError::NoRule { rule, .. } => ("allow.rules", format!("names no rule: `{rule}`")),
        };
        entry(form.place.clone(), key, &problem)
    })
}

/// A report is read elsewhere and names no path of this machine.
fn place_in_reports(place: &Place) -> String {
    match place {
        Place::Flag(flag) => (*flag).to_owned(),
        Place::File(path, line) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("{name}:{line}")
        }
    }
}

/// Checks a `[[severity]]` entry of a configuration or a policy.
pub(super) fn check_severity(form: &SeverityForm, place: &Place) -> Result<(), ConfigError> {
    if form.rules.is_empty() && form.paths.is_empty() {
        return Err(entry(place.clone(), "severity", "needs `rules` or `paths`"));
    }
    check_globs(&form.paths, place, "severity.paths")
}

pub(super) fn check_globs(
    globs: &[String],
    place: &Place,
    key: &'static str,
) -> Result<(), ConfigError> {
    for glob in globs {
        // In ignore files it takes a path back in; here there is nothing to take it from.
        if glob.starts_with('!') {
            return Err(entry(
                place.clone(),
                key,
                &format!("can't hold `{glob}`: a glob does not begin with `!`"),
            ));
        }
        if Excluded::new(std::slice::from_ref(glob)).is_err() {
            return Err(entry(place.clone(), key, &format!("holds `{glob}`, which is not a glob")));
        }
    }
    Ok(())
}
