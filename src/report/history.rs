//! What a repository knows of a finding, in words and as data. It says what is so; what that means is
//! up to `triage`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

use super::{Entry, date};
use crate::{
    history::{Change, History, Introduced, MAX_REFS, Reach},
    triage::history::Standing,
};

/// The facts in JSON.
#[derive(Serialize, Deserialize)]
struct HistoryForm {
    reach: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    introduced: Option<IntroducedForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<ChangeForm>,
    at_head: bool,
    in_worktree: bool,
    commits: u64,
    refs: Vec<String>,
    refs_total: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overdue_days: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct IntroducedForm {
    #[serde(flatten)]
    change: ChangeForm,
    path: String,
    line: usize,
}

#[derive(Serialize, Deserialize)]
struct ChangeForm {
    commit: String,
    author: String,
    date: String,
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        form(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        facts(HistoryForm::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn form(history: &History) -> HistoryForm {
    HistoryForm {
        reach: history.reach.as_str().to_owned(),
        introduced: history.introduced.as_ref().map(|i| IntroducedForm {
            change: change_form(&i.change),
            path: i.path.clone(),
            line: i.line,
        }),
        removed: history.removed.as_ref().map(change_form),
        at_head: history.at_head,
        in_worktree: history.in_worktree,
        commits: history.commits,
        refs: history.refs.clone(),
        refs_total: history.refs_total,
        overdue_days: history.overdue_days,
    }
}

fn change_form(change: &Change) -> ChangeForm {
    ChangeForm {
        commit: change.id.clone(),
        author: author(change),
        date: date::rfc3339(change.date),
    }
}

/// What `form` was made of; or what is wrong with it.
fn facts(form: HistoryForm) -> Result<History, String> {
    let reach = Reach::ALL.into_iter().find(|r| r.as_str() == form.reach);
    Ok(History {
        reach: reach.ok_or_else(|| format!("`{}` is no `reach`", form.reach))?,
        introduced: form.introduced.map(introduced).transpose()?,
        removed: form.removed.map(change).transpose()?,
        at_head: form.at_head,
        in_worktree: form.in_worktree,
        commits: form.commits,
        refs: form.refs,
        refs_total: form.refs_total,
        overdue_days: form.overdue_days,
    })
}

fn introduced(form: IntroducedForm) -> Result<Introduced, String> {
    Ok(Introduced { change: change(form.change)?, path: form.path, line: form.line })
}

fn change(ChangeForm { commit, author, date }: ChangeForm) -> Result<Change, String> {
    let date = date::parse(&date).ok_or_else(|| format!("`{date}` is no date"))?;
    Ok(Change { id: commit, author, date })
}

/// Where it came into the history, if that is another place than the one that the finding names and
/// may no longer exist.
pub(super) fn old_place<'h>(finding: &Entry, history: &'h History) -> Option<(&'h str, usize)> {
    let first = history.introduced.as_ref()?;
    let place = (first.path.as_str(), first.line);
    (!history.in_worktree && place != (&finding.path, finding.start.line)).then_some(place)
}

/// The facts in SARIF, whose names are in camel case.
pub(super) fn properties(history: &History) -> Value {
    let value = serde_json::to_value(form(history)).expect("it has neither maps nor odd numbers");
    let Value::Object(fields) = value else { return value };
    fields.into_iter().map(|(name, value)| (camel_case(&name), value)).collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        name + &head.to_ascii_uppercase() + tail
    })
}

/// One sentence for a message.
pub(super) fn sentence(history: &History) -> String {
    let state = state(history, " on ");
    match &history.introduced {
        Some(Introduced { change, .. }) => {
            format!("Introduced in {}; {state}.", by(change, " on "))
        }
        None => {
            let (head, tail) = state.split_at(1);
            format!("{}{tail}.", head.to_ascii_uppercase())
        }
    }
}

/// Since when, until when, and what keeps it, in one line.
pub(super) fn line(history: &History, shown_refs: ShownRefs) -> String {
    let mut line = state(history, " ");
    if let Some(Introduced { change, .. }) = &history.introduced {
        line = format!("since {}, {line}", by(change, " "));
    }
    let extent = extent(history, shown_refs);
    if extent.is_empty() { line } else { format!("{line}; {extent}") }
}

/// How many references a line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShownRefs {
    /// The first.
    First,
    /// All that are known.
    All,
}

fn extent(history: &History, shown_refs: ShownRefs) -> String {
    let mut parts = Vec::new();
    if history.commits > 0 {
        parts.push(super::counted(history.commits, "commit"));
    }
    if history.refs_total > 0 {
        let shown = if shown_refs == ShownRefs::All { MAX_REFS } else { 1 };
        let mut names: Vec<&str> = history.refs.iter().take(shown).map(String::as_str).collect();
        if names.len() < history.refs_total {
            names.push("…");
        }
        let count = super::counted(history.refs_total as u64, "ref");
        parts.push(format!("{count} ({})", names.join(", ")));
    }
    parts.join(", ")
}

/// Where it stands now, in lower case.
fn state(history: &History, on: &str) -> String {
    let gone = match &history.removed {
        Some(change) => format!("removed in {}", at(change, on)),
        None => "not at HEAD".into(),
    };
    let reach = history.reach.to_string();
    match (Standing::of(history), history.reach) {
        (Standing::Head, _) => "still at HEAD".into(),
        // A commit has it, but nothing reaches that commit.
        (Standing::Index, _) if history.introduced.is_some() => {
            "staged, in no branch or tag".into()
        }
        (Standing::Worktree, Reach::Worktree) if history.introduced.is_some() => {
            "in the working tree, in no branch or tag".into()
        }
        (Standing::Worktree, Reach::Worktree) => reach,
        (Standing::Worktree, Reach::Commit) => {
            format!("{gone}, but in the working tree")
        }
        // A stash holds it as well, for example.
        (Standing::Worktree, _) => {
            format!("in the working tree, also {}", reach.trim_start_matches("only "))
        }
        (Standing::History, _) => gone,
        _ => reach,
    }
}

fn by(change: &Change, on: &str) -> String {
    format!("{} by {}", at(change, on), author(change))
}

fn at(change: &Change, on: &str) -> String {
    let id = change.id.get(..12).unwrap_or(&change.id);
    format!("{id}{on}{}", date::day(change.date))
}

/// The author's name. Some people's name is their address: its host is left out.
pub(super) fn author(change: &Change) -> String {
    let name = |word| match str::split_once(word, '@') {
        Some((name, _host)) if !name.is_empty() => name,
        _ => word,
    };
    change.author.split(' ').map(name).collect::<Vec<_>>().join(" ")
}
