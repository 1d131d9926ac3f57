//! What was imported as a `straykey.toml`.

use toml::Table;

use super::Imported;
use crate::config::{
    AllowForm,
    show::{array, quoted},
};

/// The file that says what `imported` says.
pub fn toml(imported: &Imported) -> String {
    let mut out = String::from("# Written by `straykey config import`.\n");
    if !imported.disable.is_empty() {
        out.push_str("\ndisable = [\n");
        for id in &imported.disable {
            out.push_str(&format!("    {},\n", quoted(id)));
        }
        out.push_str("]\n");
    }
    imported.allow.iter().for_each(|entry| out.push_str(&allow(entry)));
    imported.rules.iter().for_each(|table| out.push_str(&rule(table)));
    out
}

fn allow(entry: &AllowForm) -> String {
    let mut out = String::from("\n[[allow]]\n");
    let lists = [
        ("paths", &entry.paths),
        ("path_regexes", &entry.path_regexes),
        ("values", &entry.values),
        ("rules", &entry.rules),
        ("commits", &entry.commits),
        ("fingerprints", &entry.fingerprints),
    ];
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        out.push_str(&format!("{key} = {}\n", array(list)));
    }
    if let Some(reason) = &entry.reason {
        out.push_str(&format!("reason = {}\n", quoted(reason)));
    }
    out
}

/// The keys in the order in which people read them.
fn rule(table: &Table) -> String {
    let mut out = String::from("\n[[rule]]\n");
    for key in
        ["id", "title", "severity", "confidence", "keywords", "regex", "min_entropy_bits", "pair"]
    {
        if let Some(value) = table.get(key) {
            out.push_str(&format!("{key} = {value}\n"));
        }
    }
    out
}
