//! A JSON report of gitleaks, as its `--baseline-path` takes it: findings that were accepted.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;

use super::{Importing, allowlist, ignore_file::glob};
use crate::{
    blob::{Blob, Nature, Origin},
    config::{AllowForm, ConfigError},
    engine::Engine,
    rule::RuleSet,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(rename = "RuleID")]
    rule: String,
    file: String,
    #[serde(default)]
    commit: String,
    #[serde(default, rename = "Match")]
    matched: String,
}

pub(super) fn read(importing: &mut Importing, text: &str) -> Result<(), ConfigError> {
    let entries: Vec<Entry> = serde_json::from_str(text)
        .map_err(|_| importing.form_error("is not a report of gitleaks".into()))?;
    let engine = Engine::new(RuleSet::new(importing.catalogue.clone()), 0);
    let mut by_path = 0;
    for (n, entry) in (1..).zip(&entries) {
        let what = format!("finding {n}");
        let fingerprints = fingerprints(&engine, entry);
        if !fingerprints.is_empty() {
            let form = AllowForm { fingerprints, reason: reason(entry), ..AllowForm::default() };
            allowlist::push(importing, form, &what);
            continue;
        }
        let rules = importing.rules_for(&entry.rule);
        if rules.is_empty() {
            importing.lost(what, format!("straykey knows no rule `{}`", entry.rule));
            continue;
        }
        by_path += 1;
        let form = AllowForm {
            paths: vec![glob(&entry.file)],
            rules,
            commits: Some(&entry.commit).filter(|c| !c.is_empty()).cloned().into_iter().collect(),
            reason: reason(entry),
            ..AllowForm::default()
        };
        allowlist::push(importing, form, &what);
    }
    if by_path > 0 {
        importing.changed(
            format!("{by_path} findings"),
            "the report masks the secret, or straykey does not find it: its rule is allowed in the whole file",
        );
    }
    Ok(())
}

fn reason(entry: &Entry) -> Option<String> {
    Some(format!("in a gitleaks baseline as {}", entry.rule))
}

/// What our own rules find in the match. No secret is kept: a fingerprint can't be turned back.
fn fingerprints(engine: &Engine, entry: &Entry) -> Vec<String> {
    let path = entry.file.trim_start_matches("./").to_owned();
    let origin = Origin { path, shown: PathBuf::new() };
    let text = format!("{}\n", entry.matched);
    let found = engine.scan(&Blob::whole(&origin, text.as_bytes(), Nature::Text));
    let all: BTreeSet<String> = found.iter().map(|f| f.fingerprint.as_str().to_owned()).collect();
    all.into_iter().collect()
}
