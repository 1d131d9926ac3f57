//! JSON for programs: one object, or one object a line. The form is versioned by `schema`, and holds
//! all that any other format needs: `read` takes it back.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::{Deserialize, Serialize};

use super::{Entry, GuidanceEntry, Report, RuleEntry};
use crate::{
    coverage::{Coverage, Objects, Skip},
    finding::Suppressor,
    triage::suppress::Tally,
};

/// Grows only by new fields; anything else gets a new number.
pub(super) const SCHEMA: &str = "straykey/1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    tool: Tool,
    findings: &'r [Entry],
    /// What is said once for each rule that found something, by id.
    rules: &'r BTreeMap<String, RuleEntry>,
    coverage: CoverageForm,
    suppressed: SuppressedForm,
    errors: &'r [String],
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

const TOOL: Tool = Tool { name: "straykey", version: env!("CARGO_PKG_VERSION") };

/// What was accepted: how many findings by what, and what accepts nothing.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SuppressedForm {
    findings: usize,
    by: BTreeMap<Suppressor, usize>,
    stale: Vec<String>,
}

impl From<&Tally> for SuppressedForm {
    fn from(tally: &Tally) -> Self {
        Self { findings: tally.total(), by: tally.counts.clone(), stale: tally.stale.clone() }
    }
}

impl From<SuppressedForm> for Tally {
    fn from(SuppressedForm { by, stale, .. }: SuppressedForm) -> Self {
        Self { counts: by, stale }
    }
}

/// The ledger in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct CoverageForm {
    pub(super) complete: bool,
    files: u64,
    bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    objects: Option<ObjectsForm>,
    git_ignored_files: GitIgnored,
    skipped: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GitIgnored {
    Read,
    Skipped,
}

/// What was read of a repository's database.
#[derive(Serialize, Deserialize)]
pub(super) struct ObjectsForm {
    commits: u64,
    trees: u64,
    blobs: u64,
    tags: u64,
}

impl From<Objects> for ObjectsForm {
    fn from(Objects { commits, trees, blobs, tags }: Objects) -> Self {
        Self { commits, trees, blobs, tags }
    }
}

impl From<ObjectsForm> for Objects {
    fn from(ObjectsForm { commits, trees, blobs, tags }: ObjectsForm) -> Self {
        Self { commits, trees, blobs, tags }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'r> {
    Finding {
        schema: &'static str,
        #[serde(flatten)]
        finding: &'r Entry,
        title: &'r str,
        provider: &'r str,
        guidance: &'r GuidanceEntry,
    },
    Summary {
        schema: &'static str,
        tool: Tool,
        findings: usize,
        rules: &'r BTreeMap<String, RuleEntry>,
        coverage: CoverageForm,
        suppressed: SuppressedForm,
        errors: &'r [String],
    },
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        tool: TOOL,
        findings: &report.findings,
        rules: &report.rules,
        coverage: coverage(report),
        suppressed: (&report.tally).into(),
        errors: &report.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

pub(super) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let RuleEntry { title, provider, guidance, .. } = report.rule(finding);
        let line = Line::Finding { schema: SCHEMA, finding, title, provider, guidance };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    let summary = Line::Summary {
        schema: SCHEMA,
        tool: TOOL,
        findings: report.findings.len(),
        rules: &report.rules,
        coverage: coverage(report),
        suppressed: (&report.tally).into(),
        errors: &report.errors,
    };
    serde_json::to_writer(&mut *out, &summary)?;
    writeln!(out)
}

fn coverage(report: &Report) -> CoverageForm {
    let Coverage { files, bytes, skipped, ignore_rules, objects } = &report.coverage;
    CoverageForm {
        complete: report.problems() == 0,
        files: *files,
        bytes: *bytes,
        objects: objects.map(ObjectsForm::from),
        git_ignored_files: if *ignore_rules { GitIgnored::Skipped } else { GitIgnored::Read },
        skipped: skipped.iter().map(|(why, names)| (why.as_str().into(), names.clone())).collect(),
    }
}

impl CoverageForm {
    /// The ledger itself.
    ///
    /// # Errors
    ///
    /// The name of a gap that this version does not know.
    pub(super) fn ledger(self) -> Result<Coverage, String> {
        let known = |(name, inputs): (String, Vec<String>)| {
            let skip = Skip::ALL.into_iter().find(|s| s.as_str() == name);
            skip.map(|s| (s, inputs)).ok_or(name)
        };
        Ok(Coverage {
            files: self.files,
            bytes: self.bytes,
            skipped: self.skipped.into_iter().map(known).collect::<Result<_, _>>()?,
            ignore_rules: matches!(self.git_ignored_files, GitIgnored::Skipped),
            objects: self.objects.map(Objects::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        finding::Finding,
        history::Reach,
        report::{Detail, Format, sample::printed},
        triage::sample,
    };

    fn document(findings: &[Finding], coverage: &Coverage) -> Value {
        let text = printed(Format::Json, Detail::Normal, findings, coverage);
        serde_json::from_str(&text).expect("it is JSON")
    }

    fn found(path: &str) -> Finding {
        sample::finding(&sample::rules(), "stripe-live-secret-key", path, "value")
    }

    #[test]
    fn a_history_has_full_ids_and_dates() {
        let mut finding = found("a");
        let mut history = sample::removed("old/a");
        history.overdue_days = Some(7);
        finding.history = Some(Box::new(history));
        let document = document(&[finding], &Coverage::default());
        insta::assert_snapshot!(format!("{:#}", document["findings"][0]["history"]), @r#"
        {
          "reach": "commit",
          "introduced": {
            "commit": "3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f",
            "author": "Ada Example",
            "date": "2025-03-04T12:00:00+01:00",
            "path": "old/a",
            "line": 4
          },
          "removed": {
            "commit": "9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c",
            "author": "Bob Example",
            "date": "2025-06-02T12:00:00+01:00"
          },
          "at_head": false,
          "in_worktree": false,
          "commits": 214,
          "refs": [
            "refs/heads/main",
            "refs/heads/next",
            "refs/tags/v1"
          ],
          "refs_total": 3,
          "overdue_days": 7
        }
        "#);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut finding = found("a");
        let before = document(std::slice::from_ref(&finding), &Coverage::default());
        for key in ["history", "same_value"] {
            assert_eq!(before["findings"][0].get(key), None);
        }
        assert_eq!(before["coverage"].get("objects"), None);
        finding.history = Some(Box::new(sample::only(Reach::Index)));
        let staged = document(&[finding], &Coverage::default());
        let expected = json!({ "reach": "index", "at_head": false, "in_worktree": false,
                               "commits": 0, "refs": [], "refs_total": 0 });
        assert_eq!(staged["findings"][0]["history"], expected);
    }

    #[test]
    fn the_same_value_is_named_by_its_fingerprints() {
        let findings = [found("a"), found("b")];
        let document = document(&findings, &Coverage::default());
        for (at, other) in [(0, 1), (1, 0)] {
            let expected = json!([findings[other].fingerprint.as_str()]);
            assert_eq!(document["findings"][at]["same_value"], expected);
        }
    }

    #[test]
    fn the_objects_that_were_read_are_counted() {
        let objects = Some(Objects { commits: 1, trees: 2, blobs: 3, tags: 0 });
        let document = document(&[], &Coverage { objects, ..Coverage::default() });
        let expected = json!({ "commits": 1, "trees": 2, "blobs": 3, "tags": 0 });
        assert_eq!(document["coverage"]["objects"], expected);
    }
}
