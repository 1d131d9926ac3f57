//! `.gitleaks.toml`, and what betterleaks made of it. See
//! https://github.com/gitleaks/gitleaks#configuration.

use std::path::{Path, PathBuf};

use serde::{Deserialize, de::IgnoredAny};
use toml::{Table, Value};

use super::{
    Importing,
    allowlist::{self, Allowlist},
    ids,
    rule::{self, Foreign},
};
use crate::{
    config::{ConfigError, load, names},
    rule::check::message_without_values,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    extend: Extend,
    allowlist: Option<Allowlist>,
    allowlists: Vec<Allowlist>,
    rules: Vec<Rule>,
    #[serde(flatten)]
    other: Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extend {
    #[serde(rename = "usedefault")]
    use_default: bool,
    path: String,
    url: String,
    #[serde(rename = "disabledrules")]
    disabled_rules: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rule {
    id: String,
    description: String,
    regex: String,
    path: String,
    #[serde(rename = "secretgroup")]
    secret_group: usize,
    entropy: f64,
    keywords: Vec<String>,
    allowlist: Option<Allowlist>,
    allowlists: Vec<Allowlist>,
    required: Vec<Required>,
    #[serde(rename = "skipreport")]
    skip_report: bool,
    /// Labels; nothing of ours has them, and nothing is lost without.
    #[serde(rename = "tags")]
    _tags: IgnoredAny,
    #[serde(flatten)]
    other: Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Required {
    id: String,
    #[serde(rename = "withinlines")]
    within_lines: Option<u16>,
}

/// A chain of `extend.path` is followed so far, as gitleaks does.
const MAX_DEPTH: usize = 2;

pub(super) fn read(importing: &mut Importing, text: &str) -> Result<(), ConfigError> {
    read_at(importing, text, 0)
}

fn read_at(importing: &mut Importing, text: &str, depth: usize) -> Result<(), ConfigError> {
    let config: Config =
        text.parse::<Table>().and_then(|table| with_lower_keys(table).try_into()).map_err(|e| {
            importing.form_error(format!("can't be read: {}", message_without_values(&e)))
        })?;
    extend(importing, &config.extend, depth)?;
    for rule in &config.rules {
        add_rule(importing, rule);
    }
    if config.extend.use_default || config.rules.iter().all(|r| r.regex.is_empty()) {
        // Then both use their built-in rules.
    } else if depth == 0 {
        importing.changed(
            "`[extend]`",
            "gitleaks used the rules of this file alone; straykey's built-in rules stay on",
        );
    }
    let lists = config.allowlist.iter().chain(&config.allowlists);
    for (n, list) in lists.enumerate() {
        allowlist::add(importing, list, &[], &format!("allow list {}", n + 1));
    }
    for key in config.other.keys().filter(|k| {
        !["title", "description", "minversion", "required_version"].contains(&k.as_str())
    }) {
        importing.lost(format!("`{key}`"), "straykey has nothing like it");
    }
    Ok(())
}

/// Gitleaks does not look at the case of keys.
fn with_lower_keys(table: Table) -> Table {
    table.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), with_lower(value))).collect()
}

fn with_lower(value: Value) -> Value {
    match value {
        Value::Table(table) => Value::Table(with_lower_keys(table)),
        Value::Array(all) => Value::Array(all.into_iter().map(with_lower).collect()),
        other => other,
    }
}

fn extend(importing: &mut Importing, extend: &Extend, depth: usize) -> Result<(), ConfigError> {
    if !extend.url.is_empty() {
        importing.lost("`extend.url`", "a scan opens no connection; import the file itself");
    }
    for id in &extend.disabled_rules {
        let ours = ids::ours(id);
        if ours.is_empty() {
            importing
                .lost(format!("`extend.disabledRules`: `{id}`"), "straykey knows no such rule");
        }
        let all = importing.catalogue.rules.iter();
        let named = all.filter(|r| ours.iter().any(|o| names(o, &r.id)));
        let named: Vec<String> = named.map(|r| r.id.to_string()).collect();
        importing.imported.disable.extend(named);
    }
    if extend.path.is_empty() {
        return Ok(());
    }
    if depth == MAX_DEPTH {
        importing.lost("`extend.path`", "the chain of files is longer than gitleaks follows it");
        return Ok(());
    }
    match base(&importing.path, &extend.path) {
        Some((path, text)) => {
            let own = std::mem::replace(&mut importing.path, path);
            let read = read_at(importing, &text, depth + 1);
            importing.path = own;
            read
        }
        None => {
            importing.lost(
                "`extend.path`",
                "the file can't be read from here; import it together with this one",
            );
            Ok(())
        }
    }
}

/// The file that `extend.path` names: gitleaks looks from the current directory.
fn base(file: &Path, named: &str) -> Option<(PathBuf, String)> {
    let beside = file.parent().unwrap_or(Path::new("")).join(named);
    [PathBuf::from(named), beside].into_iter().find_map(|path| {
        load::read_text(&path, load::MAX_IMPORTED_BYTES).ok().map(|text| (path, text))
    })
}

fn add_rule(importing: &mut Importing, rule: &Rule) {
    let what = format!("rule `{}`", rule.id);
    for key in rule.other.keys() {
        importing.lost(format!("`{key}` of {what}"), "straykey has nothing like it");
    }
    let before = importing.imported.rules.len();
    match (rule.regex.is_empty(), rule.path.is_empty()) {
        // It adds to a rule that is built into gitleaks.
        (true, true) => {}
        (true, false) => importing.lost(&what, "it names files, and straykey looks for secrets"),
        (false, false) => importing.lost(
            &what,
            "it looks at some paths only, and a rule of straykey looks at all of them",
        ),
        (false, true) if rule.skip_report => {
            importing.lost(&what, "it is not reported, and only helps another rule")
        }
        (false, true) => rule::add(importing, &foreign(rule)),
    }
    if !rule.required.is_empty() && importing.imported.rules.len() > before {
        required(importing, rule, &what);
    }
    let ours = importing.rules_for(&rule.id);
    let lists: Vec<&Allowlist> = rule.allowlist.iter().chain(&rule.allowlists).collect();
    if !lists.is_empty() && ours.is_empty() {
        return importing.lost(format!("allow list of {what}"), "straykey knows no such rule");
    }
    for list in lists {
        allowlist::add(importing, list, &ours, &format!("allow list of {what}"));
    }
}

fn foreign(rule: &Rule) -> Foreign {
    Foreign {
        id: rule.id.clone(),
        title: rule.description.clone(),
        regex: rule.regex.clone(),
        group: rule.secret_group,
        keywords: rule.keywords.clone(),
        min_entropy_bits: rule.entropy,
        ..Foreign::default()
    }
}

/// Rules that must match nearby, or there is no finding. Ours makes it a mild one.
fn required(importing: &mut Importing, rule: &Rule, what: &str) {
    /// As many lines as a pair of ours may be apart.
    const MAX_LINES: u16 = 50;
    let [one] = rule.required.as_slice() else {
        return importing.lost(
            format!("`required` of {what}"),
            "it names several rules, and a pair of straykey has one; the rule reports without them",
        );
    };
    let ours = importing.rules_for(&one.id);
    let all = importing.catalogue.rules.iter().map(|r| r.id.as_str());
    let imported = importing.imported.rules.iter().filter_map(|r| r["id"].as_str());
    let with = all.chain(imported).find(|id| ours.iter().any(|o| names(o, id))).map(str::to_owned);
    let Some(with) = with else {
        return importing.lost(
            format!("`required` of {what}"),
            format!("straykey knows no rule `{}` yet; put it first", one.id),
        );
    };
    let mut pair = Table::new();
    pair.insert("with".into(), Value::Array(vec![Value::String(with)]));
    let lines = one.within_lines.unwrap_or(MAX_LINES).min(MAX_LINES);
    pair.insert("lines".into(), Value::Integer(lines.into()));
    pair.insert("alone".into(), Value::String("info".into()));
    if let Some(table) = importing.imported.rules.last_mut() {
        table.insert("pair".into(), Value::Table(pair));
    }
    importing.changed(
        format!("`required` of {what}"),
        "without the other one nearby it is reported as info, and not left out",
    );
}
