//! One rule of another scanner as ours.

use toml::{Table, Value};

use super::{
    Importing,
    regex::{Rewriting, for_rule},
};
use crate::rule::{Confidence, Severity, check::CheckError, shape};

/// What another scanner's rule says, whatever the format.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) regex: String,
    /// Which group is the secret, from 1; 0 = not said.
    pub(super) group: usize,
    pub(super) keywords: Vec<String>,
    pub(super) min_entropy_bits: f64,
    pub(super) confidence: Option<Confidence>,
}

/// What takes the place of a missing bound, as long as the whole stays short enough.
const BOUNDS: [usize; 3] = [256, 64, 16];

/// Shorter words are everywhere.
const MIN_KEYWORD_BYTES: usize = 3;

/// Adds `foreign` to what is imported, or says why that can't be.
pub(super) fn add(importing: &mut Importing, foreign: &Foreign) {
    let what = format!("rule `{}`", foreign.id);
    let mut problem = String::new();
    for bound in BOUNDS {
        let how = Rewriting { secret: foreign.group, bound };
        let regex = for_rule(&foreign.regex, how);
        for keywords in keywords(&regex, &foreign.keywords) {
            let table = table(foreign, &regex, &keywords);
            match importing.check_rule(&table) {
                Ok(()) => return accept(importing, foreign, table, bound),
                Err(why) if problem.is_empty() || !why.contains("keywords") => problem = why,
                Err(_) => {}
            }
        }
    }
    if problem.is_empty() {
        problem = "no word of three letters or more is in every match, and that is what a scan looks for first".into();
    }
    importing.lost(what, problem);
}

fn accept(importing: &mut Importing, foreign: &Foreign, table: Table, bound: usize) {
    let what = format!("rule `{}`", foreign.id);
    let unbounded = for_rule(&foreign.regex, Rewriting { secret: foreign.group, bound: 1 })
        != for_rule(&foreign.regex, Rewriting { secret: foreign.group, bound });
    if unbounded {
        importing.changed(&what, format!("a repetition without an end ends at {bound}"));
    }
    let id = own_id(&foreign.id);
    if importing.imported.rules.iter().any(|r| r["id"].as_str() == Some(&id)) {
        return importing.lost(what, "another rule of this id was carried already");
    }
    if id != foreign.id {
        importing.changed(&what, format!("it is called `{id}` here"));
    }
    importing.imported.rules.push(table);
}

fn table(foreign: &Foreign, regex: &str, keywords: &[String]) -> Table {
    let text = |t: &str| Value::String(t.to_owned());
    let mut table = Table::new();
    table.insert("id".into(), text(&own_id(&foreign.id)));
    table.insert("title".into(), text(&title(foreign)));
    table.insert("severity".into(), text(Severity::High.as_str()));
    if let Some(confidence) = foreign.confidence {
        table.insert("confidence".into(), text(confidence.as_str()));
    }
    table.insert("keywords".into(), Value::Array(keywords.iter().map(|k| text(k)).collect()));
    table.insert("regex".into(), text(regex));
    if foreign.min_entropy_bits > 0.0 {
        table.insert("min_entropy_bits".into(), Value::Float(foreign.min_entropy_bits.min(8.0)));
    }
    table
}

fn title(foreign: &Foreign) -> String {
    let line = foreign.title.lines().next().unwrap_or_default().trim().trim_end_matches('.');
    if line.is_empty() { foreign.id.clone() } else { line.to_owned() }
}

/// The keywords to try: those of the rule, if they are in every match, and those that its regex has.
fn keywords(regex: &str, given: &[String]) -> Vec<Vec<String>> {
    let own = |k: &String| k.len() >= MIN_KEYWORD_BYTES && k.is_ascii();
    let mut all = Vec::new();
    if !given.is_empty() && given.iter().all(own) {
        all.push(given.to_vec());
    }
    all.extend(shape::words_in_every_match(regex, MIN_KEYWORD_BYTES));
    all
}

/// `id` as a rule of ours may be called; never the id of one that is built in, which it would change.
pub(super) fn own_id(id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let id = if words.is_empty() { "rule".into() } else { words.join("-") };
    let taken = crate::rule::load::is_builtin(&id);
    if words.len() < 2 || taken { format!("imported-{id}") } else { id }
}

/// What is wrong, without the file, which is not written yet.
pub(super) fn problem(error: &CheckError) -> String {
    match error {
        CheckError::Form { message, .. } => message.clone(),
        CheckError::Regex { key, problem, .. } => format!("`{key}` {problem}"),
        CheckError::Rule { problem, .. } => problem.clone(),
        CheckError::Duplicate { .. } => "another rule has this id".into(),
    }
}
