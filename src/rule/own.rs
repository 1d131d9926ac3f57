//! Rules of a user's own configuration: new ones, and changes to rules that exist.
//!
//! A change is laid over the rule as its file has it, and what comes out is checked like any other.

use std::{collections::BTreeMap, path::PathBuf};

use toml::{Table, Value};

use super::{
    check::{self, Cases, CheckError},
    file::RuleForm,
    load,
    shape::ShapeError,
    spec::{Catalogue, KnownBy, ProviderSpec, RuleSpec},
};

/// A `[[rule]]` of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnRule {
    /// The file that it stands in.
    pub path: PathBuf,
    /// Its first line.
    pub line: usize,
    /// What the file says, as it says it.
    pub table: Table,
}

impl OwnRule {
    /// The id, if there is one.
    pub fn id(&self) -> Option<&str> {
        self.table.get("id")?.as_str()
    }
}

/// The provider whose guidance is right for a credential of which nothing is known.
const UNNAMED: &str = "generic";

/// Adds `own` to `catalogue`, whose rules come from the binary and from `files`.
///
/// A rule with the id of another one is that rule with what it names changed. A new one needs neither
/// cases nor a document: nobody else reads it.
///
/// # Errors
///
/// Everything that is wrong with any of them.
pub fn add(
    catalogue: &mut Catalogue,
    files: &[(PathBuf, String)],
    own: &[OwnRule],
) -> Result<(), Vec<CheckError>> {
    let mut adding = Adding { catalogue, files, written: BTreeMap::new() };
    let mut errors: Vec<CheckError> =
        own.iter().filter_map(|rule| adding.add(rule).err()).flatten().collect();
    errors.extend(own.iter().filter_map(|rule| lost_pair(catalogue, rule)));
    catalogue.rules.sort_by(|a, b| a.id.cmp(&b.id));
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

struct Adding<'c> {
    catalogue: &'c mut Catalogue,
    files: &'c [(PathBuf, String)],
    /// The tables of own rules so far.
    written: BTreeMap<String, Table>,
}

impl Adding<'_> {
    fn add(&mut self, own: &OwnRule) -> Result<(), Vec<CheckError>> {
        let wrong = |message: String| {
            vec![CheckError::Form { path: own.path.clone(), line: own.line, message }]
        };
        let id = own.id().ok_or_else(|| wrong("a `[[rule]]` needs an `id`".into()))?.to_owned();
        let known = self.catalogue.rules.iter().position(|r| r.id == id);
        let (provider, table) = match known {
            Some(n) => (self.catalogue.rules[n].provider, changed(self.table_of(&id), &own.table)),
            None => (self.own_provider(own), self.with_defaults(own.table.clone())),
        };
        let form: RuleForm =
            table.clone().try_into().map_err(|e| wrong(check::message_without_values(&e)))?;
        let general = self.catalogue.providers[provider].general;
        let rule = check::check_rule(&own.path, (provider, general), &form, Cases::Optional)?;
        compiles(own, &rule)?;
        match known {
            Some(n) => self.catalogue.rules[n] = rule,
            None => self.catalogue.rules.push(rule),
        }
        self.written.insert(id, table);
        Ok(())
    }

    /// What the file of the rule `id` says about it.
    fn table_of(&self, id: &str) -> Table {
        if let Some(table) = self.written.get(id) {
            return table.clone();
        }
        let built_in = load::BUILTIN_FILES.iter().map(|(_, text)| *text);
        let texts = self.files.iter().map(|(_, text)| text.as_str()).chain(built_in);
        let quoted = format!("\"{id}\"");
        texts
            .filter(|text| text.contains(&quoted))
            .filter_map(|text| text.parse::<Table>().ok())
            .find_map(|file| rule_in(file, id))
            .unwrap_or_default()
    }

    fn own_provider(&mut self, own: &OwnRule) -> usize {
        let id = own.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let all = &mut self.catalogue.providers;
        let name = format!("a rule of {}", own.path.display());
        all.iter().position(|p| p.name == name).unwrap_or_else(|| {
            let unnamed = unnamed(all).guidance.clone();
            all.push(ProviderSpec {
                id: id.into(),
                name: name.into(),
                known_by: KnownBy::default(),
                general: false,
                guidance: unnamed,
            });
            all.len() - 1
        })
    }

    fn with_defaults(&self, table: Table) -> Table {
        let guidance = &unnamed(&self.catalogue.providers).guidance;
        let mut whole = Table::new();
        whole.insert("source".into(), Value::String((&guidance.source).into()));
        let checked = guidance.checked.parse().expect("a checked rule file has a date");
        whole.insert("checked".into(), Value::Datetime(checked));
        whole.extend(table);
        whole
    }
}

fn unnamed(providers: &[ProviderSpec]) -> &ProviderSpec {
    providers.iter().find(|p| p.id == UNNAMED).expect("the binary has this provider")
}

fn rule_in(mut file: Table, id: &str) -> Option<Table> {
    let Some(Value::Array(rules)) = file.remove("rule") else { return None };
    rules.into_iter().find_map(|rule| match rule {
        Value::Table(table) if table.get("id").and_then(Value::as_str) == Some(id) => Some(table),
        _ => None,
    })
}

/// `table` with what `change` says instead.
fn changed(mut table: Table, change: &Table) -> Table {
    // A rule has either a whole regex, or the name and the shape of a value.
    if change.contains_key("regex") {
        table.remove("name");
        table.remove("value");
    } else if change.contains_key("name") || change.contains_key("value") {
        table.remove("regex");
    }
    table.extend(change.clone());
    table
}

/// Built-in regexes are known to compile; of others that is found out before a scan depends on it.
fn compiles(own: &OwnRule, rule: &RuleSpec) -> Result<(), Vec<CheckError>> {
    let too_large = rule.patterns.iter().any(|p| super::compile(&p.regex).is_err());
    if !too_large {
        return Ok(());
    }
    Err(vec![CheckError::Regex {
        path: own.path.clone(),
        id: rule.id.to_string(),
        key: "regex".into(),
        problem: ShapeError::Syntax("is too large".into()),
    }])
}

fn lost_pair(catalogue: &Catalogue, own: &OwnRule) -> Option<CheckError> {
    let with = own.table.get("pair")?.get("with")?.as_str()?;
    (!catalogue.rules.iter().any(|r| r.id == with)).then(|| CheckError::Rule {
        path: own.path.clone(),
        id: own.id().unwrap_or_default().into(),
        problem: format!("`pair.with` names the unknown rule `{with}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(toml: &str) -> OwnRule {
        OwnRule { path: "straykey.toml".into(), line: 3, table: toml.parse().unwrap() }
    }

    fn added(all: &[&str]) -> Result<Catalogue, String> {
        let mut catalogue = load::builtin();
        let own: Vec<OwnRule> = all.iter().map(|t| own(t)).collect();
        match add(&mut catalogue, &[], &own) {
            Ok(()) => Ok(catalogue),
            Err(all) => Err(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        }
    }

    const NEW: &str = "id = 'acme-key'\ntitle = 'Acme key'\nseverity = 'high'\nkeywords = ['acme_']\nregex = '(?<secret>acme_[0-9a-f]{20})'";

    #[test]
    fn a_new_rule_needs_no_cases_and_no_document() {
        let catalogue = added(&[NEW]).unwrap();
        let rule = catalogue.rules.iter().find(|r| r.id == "acme-key").unwrap();
        let provider = &catalogue.providers[rule.provider];
        assert_eq!((&*provider.name, provider.general), ("a rule of straykey.toml", false));
        assert!(catalogue.rules.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn a_known_id_changes_what_it_names_and_keeps_the_rest() {
        let change = "id = 'github-oauth-token'\nseverity = 'low'";
        let before = load::builtin();
        let after = added(&[change]).unwrap();
        let of =
            |c: &Catalogue| c.rules.iter().find(|r| r.id == "github-oauth-token").unwrap().clone();
        assert_eq!(of(&after).severity.as_str(), "low");
        assert_eq!(of(&after).patterns, of(&before).patterns);
        assert_eq!(after.rules.len(), before.rules.len());
    }

    #[test]
    fn a_later_change_is_laid_over_an_earlier_one() {
        let catalogue =
            added(&[NEW, "id = 'acme-key'\nseverity = 'info'", "id = 'acme-key'\ntitle = 'T'"])
                .unwrap();
        let rule = catalogue.rules.iter().find(|r| r.id == "acme-key").unwrap();
        assert_eq!((rule.severity.as_str(), &*rule.title), ("info", "T"));
    }

    #[test]
    fn what_is_wrong_names_the_file_and_the_key_and_no_value() {
        let error = |toml: &str| added(&[toml]).unwrap_err();
        assert_eq!(
            error("title = 'T'"),
            "rule file `straykey.toml`: line 3: a `[[rule]]` needs an `id`"
        );
        let unknown = error(&format!("{NEW}\nregexp = 'x'"));
        assert!(unknown.contains("unknown field `regexp`, expected one of `id`"), "{unknown}");
        let severity = error("id = 'a-b'\nseverity = 'q8Zt1LmV'");
        assert!(severity.contains("unknown value, expected one of `info`"), "{severity}");
        assert!(!severity.contains("q8Zt1LmV"), "{severity}");
        let branches: Vec<String> = (b'a'..=b'z')
            .cycle()
            .take(150)
            .map(|c| format!("[0-9{}]{{4000}}", c as char))
            .collect();
        let many = format!("(?:{})", branches.join("|"));
        let large = error(&NEW.replace("[0-9a-f]{20}", &many));
        assert!(large.contains("`acme-key`: `regex`"), "{large}");
    }
}
