//! `.gitleaksignore`: fingerprints `file:rule:line` and `commit:file:rule:line`.

use super::{Importing, allowlist};
use crate::config::AllowForm;

struct Entry<'l> {
    commit: Option<&'l str>,
    file: &'l str,
    rule: &'l str,
}

/// Whether the lines of `text` are fingerprints of gitleaks.
pub(super) fn looks_like_one(text: &str) -> bool {
    let mut lines = entries(text).peekable();
    lines.peek().is_some() && lines.all(|(_, line)| parse(line).is_some())
}

pub(super) fn read(importing: &mut Importing, text: &str) {
    let mut carried = 0;
    for (number, line) in entries(text) {
        match parse(line) {
            Some(entry) => carried += usize::from(add(importing, &entry, number)),
            None => importing.lost(
                format!("line {number}"),
                "expected `file:rule:line` or `commit:file:rule:line`",
            ),
        }
    }
    if carried > 0 {
        importing.changed(
            format!("{carried} fingerprints"),
            "a line number is not carried: its rule is allowed in the whole file, as long as the entry stands",
        );
    }
}

fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn parse(line: &str) -> Option<Entry<'_>> {
    let (rest, number) = line.rsplit_once(':')?;
    let (rest, rule) = rest.rsplit_once(':')?;
    number.parse::<usize>().ok()?;
    let is_commit = |c: &&str| c.len() == 40 && c.bytes().all(|b| b.is_ascii_hexdigit());
    let (commit, file) = match rest.split_once(':').filter(|(c, _)| is_commit(c)) {
        Some((commit, file)) => (Some(commit), file),
        None => (None, rest),
    };
    (!file.is_empty() && !rule.is_empty()).then_some(Entry { commit, file, rule })
}

fn add(importing: &mut Importing, entry: &Entry<'_>, number: usize) -> bool {
    let rules = importing.rules_for(entry.rule);
    if rules.is_empty() {
        let why = format!("straykey knows no rule `{}`", entry.rule);
        importing.lost(format!("line {number}"), why);
        return false;
    }
    let form = AllowForm {
        paths: vec![glob(entry.file)],
        rules,
        commits: entry.commit.map(str::to_owned).into_iter().collect(),
        reason: Some(format!("in {}", name(importing))),
        ..AllowForm::default()
    };
    let same =
        |a: &&mut AllowForm| AllowForm { paths: form.paths.clone(), ..(**a).clone() } == form;
    match importing.imported.allow.iter_mut().find(same) {
        Some(entry) if entry.paths.contains(&form.paths[0]) => {}
        Some(entry) => entry.paths.extend(form.paths),
        None => allowlist::push(importing, form, &format!("line {number}")),
    }
    true
}

fn name(importing: &Importing) -> String {
    importing.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The glob that matches the file `path` and nothing else.
pub(super) fn glob(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let mut glob = String::from("/");
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!' | '#') {
            glob.push('\\');
        }
        glob.push(c);
    }
    glob
}
