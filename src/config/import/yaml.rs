//! Rules of kingfisher and noseyparker. See
//! https://github.com/mongodb/kingfisher/blob/main/docs/RULES.md and
//! https://github.com/praetorian-inc/noseyparker.

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Importing,
    rule::{self, Foreign},
};
use crate::{config::ConfigError, rule::Confidence};

#[derive(Debug, Deserialize)]
struct File {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    name: String,
    id: String,
    pattern: String,
    min_entropy: Option<f64>,
    confidence: Option<Confidence>,
    #[serde(default = "visible")]
    visible: bool,
    validation: Option<IgnoredAny>,
    revocation: Option<IgnoredAny>,
    pattern_requirements: Option<IgnoredAny>,
    #[serde(default)]
    depends_on_rule: Vec<IgnoredAny>,
}

fn visible() -> bool {
    true
}

pub(super) fn read(importing: &mut Importing, text: &str) -> Result<(), ConfigError> {
    let file: File = serde_saphyr::from_str(text).map_err(|e| {
        let line = e.location().map_or(0, |l| l.line());
        importing.form_error(format!(
            "can't be read near line {line}: expected `rules`, each with `name`, `id` and `pattern`"
        ))
    })?;
    file.rules.iter().for_each(|rule| add(importing, rule));
    Ok(())
}

fn add(importing: &mut Importing, rule: &Rule) {
    let what = format!("rule `{}`", rule.id);
    if !rule.visible {
        return importing.lost(what, "it is not reported, and only helps another rule");
    }
    let before = importing.imported.rules.len();
    rule::add(
        importing,
        &Foreign {
            id: rule.id.clone(),
            title: rule.name.clone(),
            regex: rule.pattern.trim().to_owned(),
            min_entropy_bits: rule.min_entropy.unwrap_or(0.0),
            confidence: rule.confidence,
            ..Foreign::default()
        },
    );
    if importing.imported.rules.len() == before {
        return;
    }
    for (said, key, why) in [
        (rule.validation.is_some(), "validation", "a scan opens no connection"),
        (rule.revocation.is_some(), "revocation", "a scan opens no connection"),
        (
            rule.pattern_requirements.is_some(),
            "pattern_requirements",
            "straykey has nothing like it",
        ),
        (!rule.depends_on_rule.is_empty(), "depends_on_rule", "it serves validation"),
    ] {
        if said {
            importing.lost(format!("`{key}` of {what}"), why);
        }
    }
}
