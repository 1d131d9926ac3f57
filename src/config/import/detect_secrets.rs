//! `.secrets.baseline` of detect-secrets. It has the SHA-1 of each secret, which says nothing without
//! the secret itself: what is carried is the path and what sort of secret it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Importing, allowlist, ids, ignore_file::glob, regex::for_values};
use crate::config::{AllowForm, ConfigError};

#[derive(Debug, Deserialize)]
struct Baseline {
    #[serde(default)]
    results: BTreeMap<String, Vec<Entry>>,
    #[serde(default)]
    filters_used: Vec<Filter>,
    #[serde(default)]
    exclude: Exclude,
}

/// Before version 1.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Exclude {
    files: Option<String>,
    lines: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    is_secret: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Filter {
    path: String,
    #[serde(default)]
    pattern: Value,
}

pub(super) fn read(importing: &mut Importing, text: &str) -> Result<(), ConfigError> {
    let baseline: Baseline = serde_json::from_str(text)
        .map_err(|_| importing.form_error("is not a baseline of detect-secrets".into()))?;
    filters(importing, &baseline);
    let mut carried = 0;
    for (path, entries) in &baseline.results {
        let mut rules = BTreeSet::new();
        for entry in entries {
            if entry.is_secret == Some(true) {
                importing.lost(
                    format!("an entry of `{path}`"),
                    "it was audited as a real secret, and what is real is not allowed",
                );
                continue;
            }
            let ours = ids::of_detect_secrets(&entry.kind);
            if ours.is_empty() {
                let why = format!("straykey has no rules that stand for `{}`", entry.kind);
                importing.lost(format!("an entry of `{path}`"), why);
            }
            carried += usize::from(!ours.is_empty());
            rules.extend(ours);
        }
        if rules.is_empty() {
            continue;
        }
        let form = AllowForm {
            paths: vec![glob(path)],
            rules: rules.into_iter().collect(),
            reason: Some("in .secrets.baseline".into()),
            ..AllowForm::default()
        };
        allowlist::push(importing, form, &format!("`{path}`"));
    }
    if carried > 0 {
        importing.changed(
            format!("{carried} entries"),
            "their hashes say nothing without the secrets: such rules are allowed in the whole file; `straykey baseline write` accepts values",
        );
    }
    Ok(())
}

fn filters(importing: &mut Importing, baseline: &Baseline) {
    let old = &baseline.exclude;
    if let Some(files) = &old.files {
        paths(importing, std::slice::from_ref(files));
    }
    if old.lines.is_some() {
        lost_lines(importing);
    }
    for filter in &baseline.filters_used {
        let patterns: Vec<String> = match &filter.pattern {
            Value::String(one) => vec![one.clone()],
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        match filter.path.rsplit('.').next() {
            Some("should_exclude_file") => paths(importing, &patterns),
            Some("should_exclude_secret") => {
                let values = patterns.iter().map(|p| for_values(p)).collect();
                let form = AllowForm { values, ..AllowForm::default() };
                allowlist::push(importing, form, "`should_exclude_secret`");
            }
            Some("should_exclude_line") => lost_lines(importing),
            // The others are built in, and straykey judges values in its own way.
            _ => {}
        }
    }
}

fn paths(importing: &mut Importing, patterns: &[String]) {
    let path_regexes = patterns.iter().map(|p| for_values(p)).collect();
    let form = AllowForm { path_regexes, ..AllowForm::default() };
    allowlist::push(importing, form, "`should_exclude_file`");
}

fn lost_lines(importing: &mut Importing) {
    importing.lost(
        "`should_exclude_line`",
        "an entry looks at the secret and not at its line; a comment `straykey:allow` on the line does the same",
    );
}
