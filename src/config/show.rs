//! Settings as TOML, each with the place that it comes from.

use std::path::Path;

use toml::Value;

use super::{AllowForm, Place, Settings, SeverityForm, Sourced};

/// Whether the regexes of allowed values are printed: people paste secrets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// As a mask.
    Masked,
    /// As they are.
    Shown,
}

/// `settings` in the form of `straykey.toml`. Paths are relative to the current directory.
pub fn toml(settings: &Settings, values: Values) -> String {
    let mut out = Out(String::new());
    out.list("rules", settings.rule_files.iter().map(|f| (text(&f.value), &f.place)));
    out.list("disable", settings.disable.iter().map(|d| (d.value.clone(), &d.place)));
    let here = Place::Flag("--exclude");
    let flags = settings.exclude_here.iter().map(|glob| (glob.clone(), &here));
    out.list("exclude", settings.exclude.iter().map(|e| (e.value.clone(), &e.place)).chain(flags));
    if let Some(baseline) = &settings.baseline {
        out.word("baseline", &text(&baseline.value), Some(&baseline.place));
    }
    out.word("min_severity", settings.min_severity().as_str(), place(&settings.min_severity));
    out.word("min_confidence", settings.min_confidence().as_str(), place(&settings.min_confidence));
    out.word("fail_on", settings.fail_on().as_str(), place(&settings.fail_on));
    settings.severities.iter().for_each(|s| out.severity(s));
    settings.allow.iter().for_each(|a| out.allow(a, values));
    for rule in &settings.own_rules {
        let place = Place::File(rule.path.clone(), rule.line);
        out.table("rule", &place);
        out.0.push_str(&rule.table.to_string());
    }
    out.0
}

fn place<T>(setting: &Option<Sourced<T>>) -> Option<&Place> {
    setting.as_ref().map(|s| &s.place)
}

/// A string of TOML.
pub fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// An array of strings of TOML, in one line.
pub fn array(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|i| quoted(i)).collect::<Vec<_>>().join(", "))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

struct Out(String);

impl Out {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn word(&mut self, key: &str, value: &str, place: Option<&Place>) {
        let place = place.map_or("default".into(), short);
        self.line(&format!("{key} = {}  # {place}", quoted(value)));
    }

    fn list<'p>(&mut self, key: &str, items: impl Iterator<Item = (String, &'p Place)>) {
        let items: Vec<_> = items.collect();
        if items.is_empty() {
            return self.line(&format!("{key} = []  # default"));
        }
        self.line(&format!("{key} = ["));
        for (item, place) in items {
            self.line(&format!("    {},  # {}", quoted(&item), short(place)));
        }
        self.line("]");
    }

    fn table(&mut self, name: &str, place: &Place) {
        self.line(&format!("\n[[{name}]]  # {}", short(place)));
    }

    fn lists(&mut self, lists: &[(&str, &Vec<String>)]) {
        for (key, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            self.line(&format!("{key} = {}", array(list)));
        }
    }

    fn reason(&mut self, reason: Option<&String>) {
        if let Some(reason) = reason {
            self.line(&format!("reason = {}", quoted(reason)));
        }
    }

    fn severity(&mut self, entry: &Sourced<SeverityForm>) {
        let SeverityForm { rules, paths, level, reason } = &entry.value;
        self.table("severity", &entry.place);
        self.lists(&[("rules", rules), ("paths", paths)]);
        self.line(&format!("level = {}", quoted(level.as_str())));
        self.reason(reason.as_ref());
    }

    fn allow(&mut self, entry: &Sourced<AllowForm>, shown: Values) {
        let AllowForm { paths, path_regexes, values, rules, commits, fingerprints, reason } =
            &entry.value;
        self.table("allow", &entry.place);
        self.lists(&[
            ("paths", paths),
            ("path_regexes", path_regexes),
            ("rules", rules),
            ("commits", commits),
        ]);
        self.lists(&[("fingerprints", fingerprints)]);
        match shown {
            Values::Shown => self.lists(&[("values", values)]),
            Values::Masked if values.is_empty() => {}
            Values::Masked => {
                let masks = vec!["********".to_owned(); values.len()];
                self.line(&format!("values = {}  # `--show-secrets` prints them", array(&masks)));
            }
        }
        self.reason(reason.as_ref());
    }
}

fn short(place: &Place) -> String {
    match place {
        Place::Flag(flag) => (*flag).into(),
        Place::File(path, line) => format!("{}:{line}", path.display()),
    }
}
