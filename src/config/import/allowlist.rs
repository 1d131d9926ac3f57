//! Allow lists of gitleaks, in each form that it had: `[allowlist]`, `[[allowlists]]`, and both below a
//! rule.

use serde::Deserialize;

use super::{Importing, regex::for_values};
use crate::config::{AllowForm, Place, Sourced, load::allow_rule};

/// `[allowlist]` or an entry of `[[allowlists]]`. See
/// https://github.com/gitleaks/gitleaks#configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Allowlist {
    description: String,
    /// `OR`, which is the default, or `AND`.
    condition: String,
    commits: Vec<String>,
    paths: Vec<String>,
    /// What the regexes look at: the secret, the `match`, or the `line`.
    #[serde(rename = "regextarget")]
    regex_target: String,
    regexes: Vec<String>,
    stopwords: Vec<String>,
    /// Ids of the rules it is for; of a global list.
    #[serde(rename = "targetrules")]
    target_rules: Vec<String>,
}

/// Adds what `list` allows for `rules`, which are ours; none means all.
pub(super) fn add(importing: &mut Importing, list: &Allowlist, rules: &[String], what: &str) {
    let mut rules = rules.to_vec();
    for id in &list.target_rules {
        let ours = importing.rules_for(id);
        if ours.is_empty() {
            importing.lost(format!("{what} for the rule `{id}`"), "straykey knows no such rule");
        }
        rules.extend(ours);
    }
    if !list.target_rules.is_empty() && rules.is_empty() {
        return;
    }
    let reason = (!list.description.is_empty()).then(|| list.description.clone());
    let base = AllowForm { rules, reason, ..AllowForm::default() };
    let values = values(importing, list, what);
    let parts = [
        AllowForm { path_regexes: regexes(&list.paths), ..base.clone() },
        AllowForm { commits: list.commits.clone(), ..base.clone() },
        AllowForm { values: values.0, ..base.clone() },
        AllowForm { values: values.1, ..base.clone() },
    ];
    let parts = parts
        .into_iter()
        .filter(|p| !(p.path_regexes.is_empty() && p.commits.is_empty() && p.values.is_empty()));
    if matches!(list.condition.to_ascii_uppercase().as_str(), "AND" | "&&") {
        return add_all(importing, list, parts.collect(), what);
    }
    parts.for_each(|part| push(importing, part, what));
}

/// What must hold together.
fn add_all(importing: &mut Importing, list: &Allowlist, parts: Vec<AllowForm>, what: &str) {
    let has = |list: &Vec<String>| usize::from(!list.is_empty());
    let lists = [&list.paths, &list.commits, &list.regexes, &list.stopwords];
    if parts.len() != lists.into_iter().map(has).sum::<usize>() {
        return importing
            .lost(what, "one of its conditions can't be carried, and all of them must hold");
    }
    if !list.regexes.is_empty() && !list.stopwords.is_empty() {
        return importing
            .lost(what, "an entry can't ask for a regex and a stop word of the same secret");
    }
    let joined = parts.into_iter().reduce(|a, b| AllowForm {
        path_regexes: [a.path_regexes, b.path_regexes].concat(),
        commits: [a.commits, b.commits].concat(),
        values: [a.values, b.values].concat(),
        ..a
    });
    if let Some(entry) = joined {
        push(importing, entry, what);
    }
}

/// The regexes and the stop words, both as regexes of the secret.
fn values(importing: &mut Importing, list: &Allowlist, what: &str) -> (Vec<String>, Vec<String>) {
    let words = list.stopwords.iter().filter(|w| !w.is_empty());
    let stopwords = words.map(|w| format!("(?i){}", escaped(w))).collect();
    let target = list.regex_target.to_ascii_lowercase();
    if !list.regexes.is_empty() && matches!(target.as_str(), "line" | "match") {
        let why = format!(
            "its regexes look at the whole {target}, and an entry of straykey at the secret; a comment `straykey:allow` on the line does the same"
        );
        importing.lost(format!("{} regexes of {what}", list.regexes.len()), why);
        return (Vec::new(), stopwords);
    }
    (regexes(&list.regexes), stopwords)
}

fn regexes(all: &[String]) -> Vec<String> {
    all.iter().map(|r| for_values(r)).collect()
}

/// Adds `entry` with those of its regexes that our own check accepts, as long as each list keeps one.
pub(super) fn push(importing: &mut Importing, mut entry: AllowForm, what: &str) {
    let accepted = |entry: AllowForm| {
        allow_rule(&Sourced { value: entry, place: Place::Flag("import") }).map(drop)
    };
    let mut refused = Vec::new();
    for list in [&mut entry.values, &mut entry.path_regexes, &mut entry.commits] {
        list.retain(|item| !item.trim().is_empty());
    }
    let stated = |e: &AllowForm| [&e.values, &e.path_regexes, &e.commits].map(|l| !l.is_empty());
    let before = stated(&entry);
    let one = |item: &String| vec![item.clone()];
    entry.values.retain(|v| {
        let alone = AllowForm { values: one(v), ..AllowForm::default() };
        accepted(alone).inspect_err(|_| refused.push("a regex")).is_ok()
    });
    entry.path_regexes.retain(|p| {
        let alone = AllowForm { path_regexes: one(p), ..AllowForm::default() };
        accepted(alone).inspect_err(|_| refused.push("a regex of paths")).is_ok()
    });
    entry.commits.retain(|c| {
        let alone = AllowForm { commits: one(c), ..AllowForm::default() };
        accepted(alone).inspect_err(|_| refused.push("a commit")).is_ok()
    });
    for kind in refused {
        importing.lost(
            format!("{kind} of {what}"),
            "it is not one that Rust's `regex` reads, or it would allow everything",
        );
    }
    // Without a condition that it had, an entry would allow more than it did.
    let is_whole = before == stated(&entry);
    let AllowForm { paths, fingerprints, .. } = &entry;
    if is_whole && (before.contains(&true) || !paths.is_empty() || !fingerprints.is_empty()) {
        importing.imported.allow.push(entry);
    }
}

/// `text` as a regex that matches nothing else.
pub(super) fn escaped(text: &str) -> String {
    let special = |c: char| c.is_ascii_punctuation() && !matches!(c, '_' | '<' | '>');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
