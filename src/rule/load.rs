//! Where rules come from: the binary itself, and files that the user names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    RuleSet,
    check::{self, Cases, CheckError},
    cost,
    file::RuleFile,
    group::Patterns,
    own::{self, OwnRule},
    shape::ShapeError,
    spec::{Catalogue, RuleSpec},
};

static CATALOGUE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogue.bin"));
static PATTERNS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/patterns.bin"));

/// The built-in rule files: name and text, sorted by name.
pub static BUILTIN_FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rule_texts.rs"));

/// Why a set of rules could not be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum LoadError {
    #[error("cannot read rule file `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("no rule files in `{}`: expected `*.toml`", path.display())]
    NoFiles { path: PathBuf },
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Check(Vec<CheckError>),
    #[error("no rule is called `{id}`{}", .close.as_ref().map(|c| format!("; did you mean `{c}`?")).unwrap_or_default())]
    Unknown { id: String, close: Option<String> },
    #[error(
        "rule `{id}` finds nothing by itself: it names what general rules find; choose one of these, too, as `generic-secret`"
    )]
    FindsNothing { id: String },
}

/// Which rules a run uses.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// Only these, if any are named.
    pub only: Vec<String>,
    /// Not these.
    pub except: Vec<String>,
}

/// The catalogue in the binary.
///
/// # Panics
///
/// If the binary was built wrongly.
pub fn builtin() -> Catalogue {
    let mut catalogue = without_patterns();
    patterns().give_back(&mut catalogue.rules);
    catalogue
}

/// The same, without what a search needs.
pub(super) fn without_patterns() -> Catalogue {
    postcard::from_bytes(CATALOGUE).expect("build.rs wrote this blob from the same types")
}

/// What a search needs.
pub(super) fn patterns() -> Patterns {
    postcard::from_bytes(PATTERNS).expect("build.rs wrote this blob from the same types")
}

/// Where rules come from, beside the binary.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    /// Rule files, or directories of them.
    pub files: Vec<PathBuf>,
    /// Rules of a configuration; see `own`.
    pub own: Vec<OwnRule>,
}

/// Whether the binary has a rule `id`.
pub fn is_builtin(id: &str) -> bool {
    let quoted = format!("\"{id}\"");
    BUILTIN_FILES.iter().any(|(_, text)| {
        text.lines().any(|l| l.strip_prefix("id").is_some_and(|l| l.ends_with(&quoted)))
    })
}

/// The built-in rules and those of `sources`.
///
/// # Errors
///
/// Everything that is wrong with any of them.
pub fn load(sources: &Sources) -> Result<RuleSet, LoadError> {
    let Sources { files, own } = sources;
    if files.is_empty() && own.is_empty() {
        return Ok(RuleSet::builtin());
    }
    catalogue(sources).map(RuleSet::new)
}

/// `rules`, narrowed to `selection`.
///
/// # Errors
///
/// If the selection has an id that names no rule.
pub fn narrowed(rules: RuleSet, selection: &Selection) -> Result<RuleSet, LoadError> {
    let Selection { only, except } = selection;
    if only.is_empty() && except.is_empty() {
        return Ok(rules);
    }
    if let Some(id) = only.iter().chain(except).find(|id| rules.find(id).is_none()) {
        return Err(unknown(rules.rules(), id));
    }
    let is_out = |r: &RuleSpec| except.iter().any(|id| r.id == *id);
    let Some(first) = only.first() else { return Ok(rules.without(is_out)) };
    let mut catalogue = rules.into_catalogue();
    catalogue.rules.retain(|r| only.iter().any(|id| r.id == *id) && !is_out(r));
    let finds = |r: &RuleSpec| !r.patterns.is_empty();
    if !catalogue.rules.is_empty() && !catalogue.rules.iter().any(finds) {
        return Err(LoadError::FindsNothing { id: first.clone() });
    }
    Ok(RuleSet::new(catalogue))
}

fn catalogue(sources: &Sources) -> Result<Catalogue, LoadError> {
    let files = read_files(&sources.files)?;
    let mut catalogue = builtin();
    if !files.is_empty() {
        let mut errors = Vec::new();
        let mut forms = Vec::new();
        for (path, text) in &files {
            match check::parse_file(path, text) {
                Ok(form) => forms.push((path.clone(), form)),
                Err(e) => errors.push(e),
            }
        }
        match check::check_files(catalogue.clone(), &forms, Cases::Required) {
            Ok(both) => {
                errors.extend(explosive(&both, &forms));
                catalogue = both;
            }
            Err(more) => errors.extend(more),
        }
        if !errors.is_empty() {
            return Err(LoadError::Check(errors));
        }
    }
    if !sources.own.is_empty() {
        own::add(&mut catalogue, &files, &sources.own).map_err(LoadError::Check)?;
    }
    Ok(catalogue)
}

/// The regexes of `files`, whose rules are in `catalogue`, that no scan could afford.
pub fn explosive(catalogue: &Catalogue, files: &[(PathBuf, RuleFile)]) -> Vec<CheckError> {
    let forms = files.iter().flat_map(|(path, file)| file.rule.iter().map(move |r| (path, r)));
    let mut errors = Vec::new();
    for (path, form) in forms {
        let spec = catalogue.rules.iter().find(|r| r.id == form.id);
        let mut patterns = spec.into_iter().flat_map(|r| &r.patterns);
        if patterns.any(|p| cost::automaton_bytes(&p.regex).is_none()) {
            errors.push(CheckError::Regex {
                path: path.clone(),
                id: form.id.clone(),
                key: "regex".into(),
                problem: ShapeError::Explosive(cost::MAX_BYTES),
            });
        }
    }
    errors
}

/// The texts of rule files; a directory stands for the `*.toml` in it, sorted.
///
/// # Errors
///
/// If one can't be read, or a directory has none.
pub fn read_files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, LoadError> {
    let mut files = Vec::new();
    for path in paths {
        for file in listed(path)? {
            let text = fs::read_to_string(&file)
                .map_err(|source| LoadError::Read { path: file.clone(), source })?;
            files.push((file, text));
        }
    }
    Ok(files)
}

fn listed(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !path.is_dir() {
        return Ok(vec![path.into()]);
    }
    let unreadable = |source| LoadError::Read { path: path.into(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|e| e == "toml") && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err(LoadError::NoFiles { path: path.into() }) } else { Ok(files) }
}

/// The error for an `id` that none of `rules` has.
pub fn unknown(rules: &[RuleSpec], id: &str) -> LoadError {
    LoadError::Unknown { id: id.to_owned(), close: closest(rules, id) }
}

/// The rule id that shares most with `id`, if they share the better part.
pub fn closest(rules: &[RuleSpec], id: &str) -> Option<String> {
    let distance = |a: &str, b: &str| {
        let (a, b): (Vec<_>, Vec<_>) = (a.bytes().collect(), b.bytes().collect());
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
                diagonal = row[j + 1];
                row[j + 1] = next;
            }
        }
        row[b.len()]
    };
    let best = rules.iter().min_by_key(|r| distance(&r.id, id))?;
    (distance(&best.id, id) * 2 < id.len()).then(|| best.id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Pattern;

    #[test]
    fn what_the_build_made_of_the_rules_is_what_a_run_makes_of_them() {
        let (ready, made) = (RuleSet::builtin(), RuleSet::new(builtin()));
        assert_eq!(ready.patterns(), made.patterns());
        assert_eq!(ready.groups(), made.groups());
        assert_eq!(ready.rules(), made.rules());
        assert_eq!(ready.providers(), made.providers());
        assert_eq!(ready.into_catalogue(), builtin());
    }

    #[test]
    fn rules_that_are_left_out_are_gone_and_the_others_are_as_they_were() {
        let is_out = |r: &RuleSpec| r.id.starts_with('a');
        let mut left = builtin();
        left.rules.retain(|r| !is_out(r));
        let ready = RuleSet::builtin().without(is_out);
        let made = RuleSet::new(left.clone());
        let of = |set: &RuleSet| -> Vec<_> {
            let one = |p: &Pattern| (p.rule, p.spec.clone(), set.groups()[p.group].asks.is_some());
            set.patterns().iter().map(one).collect()
        };
        assert_eq!(of(&ready), of(&made));
        for (n, pattern) in ready.patterns().iter().enumerate() {
            assert!(ready.groups()[pattern.group].members.contains(&n));
        }
        let members: usize = ready.groups().iter().map(|g| g.members.len()).sum();
        assert_eq!(members, ready.patterns().len());
        assert_eq!(ready.into_catalogue(), left);
    }
}
