//! A saved report, read again. Fields that this version does not know are left alone, since the form
//! grows by them; a field that is missing or of the wrong type is named.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Entry, Report, RuleEntry, Secrets,
    json::{CoverageForm, SCHEMA, SuppressedForm},
};
use crate::secret::MASK;

/// Why a saved report could not be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum ReadError {
    #[error("line {line}")]
    Syntax { line: usize, source: serde_json::Error },
    #[error("`schema` is {found}; this version reads `{SCHEMA}`")]
    Schema { found: String },
    #[error("line {line}: `type` is `{found}`; it is `finding` or `summary`")]
    Type { line: usize, found: String },
    #[error("`{key}` in line {line}")]
    Key { key: String, line: usize, source: serde_json::Error },
    #[error("`findings[{index}].{key}` {problem}")]
    Finding { index: usize, key: &'static str, problem: String },
    #[error("`coverage.skipped` has `{gap}`, which this version does not know")]
    Gap { gap: String },
    #[error("the last line is not a summary: the report is not whole")]
    NoSummary,
}

/// What a scan that was not complete is called where nobody says why.
const INCOMPLETE: &str = "the saved report says that its scan was not complete";

/// What every object of a report begins with.
#[derive(Deserialize)]
#[serde(expecting = "an object with `schema`")]
struct Head {
    schema: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    findings: Vec<Entry>,
    rules: BTreeMap<String, RuleEntry>,
    coverage: CoverageForm,
    #[serde(default)]
    suppressed: SuppressedForm,
    errors: Vec<String>,
}

/// The last of several lines.
#[derive(Deserialize)]
struct Summary {
    rules: BTreeMap<String, RuleEntry>,
    coverage: CoverageForm,
    #[serde(default)]
    suppressed: SuppressedForm,
    errors: Vec<String>,
}

/// The report that is stored in `bytes`, as one JSON object or as one a line.
///
/// # Errors
///
/// If it is not one, or one of another version.
pub fn read(bytes: &[u8], secrets: Secrets) -> Result<Report, ReadError> {
    let lines: Vec<(usize, &[u8])> = (1..).zip(bytes.split(|&b| b == b'\n')).collect();
    let filled = |(_, line): &&(usize, &[u8])| !line.trim_ascii().is_empty();
    let first = lines.iter().find(filled).and_then(|(_, line)| head(1, line).ok());
    let document = match first.and_then(|head| head.kind) {
        Some(_) => read_lines(lines.iter().filter(filled))?,
        None => {
            check_schema(head(1, bytes)?)?;
            parse(1, bytes)?
        }
    };
    report(document, secrets)
}

fn read_lines<'l>(
    lines: impl Iterator<Item = &'l (usize, &'l [u8])>,
) -> Result<Document, ReadError> {
    let mut findings = Vec::new();
    let mut summary: Option<Summary> = None;
    for &(number, line) in lines {
        let mut head = head(number, line)?;
        let kind = head.kind.take().unwrap_or_default();
        check_schema(head)?;
        match kind.as_str() {
            "finding" if summary.is_none() => findings.push(parse(number, line)?),
            "summary" if summary.is_none() => summary = Some(parse(number, line)?),
            "finding" | "summary" => return Err(ReadError::NoSummary),
            _ => return Err(ReadError::Type { line: number, found: kind }),
        }
    }
    let Summary { rules, coverage, suppressed, errors } = summary.ok_or(ReadError::NoSummary)?;
    Ok(Document { findings, rules, coverage, suppressed, errors })
}

fn head(line: usize, bytes: &[u8]) -> Result<Head, ReadError> {
    serde_json::from_slice(bytes)
        .map_err(|source| ReadError::Syntax { line: line - 1 + source.line().max(1), source })
}

fn check_schema(head: Head) -> Result<(), ReadError> {
    match head.schema {
        Some(schema) if schema == SCHEMA => Ok(()),
        Some(schema) => Err(ReadError::Schema { found: format!("`{schema}`") }),
        None => Err(ReadError::Schema { found: "missing".into() }),
    }
}

fn parse<T: DeserializeOwned>(line: usize, bytes: &[u8]) -> Result<T, ReadError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let key = error.path().to_string();
        let source = error.into_inner();
        let line = line - 1 + source.line().max(1);
        // The whole, in the words of the library.
        if key == "." {
            ReadError::Syntax { line, source }
        } else {
            ReadError::Key { key, line, source }
        }
    })
}

fn report(document: Document, secrets: Secrets) -> Result<Report, ReadError> {
    let Document { mut findings, rules, coverage, suppressed, mut errors } = document;
    for (index, finding) in findings.iter_mut().enumerate() {
        let wrong = |key, problem| ReadError::Finding { index, key, problem };
        if !rules.contains_key(&finding.rule) {
            return Err(wrong("rule", format!("is `{}`, which `rules` lacks", finding.rule)));
        }
        for (key, place) in [("start", finding.start), ("end", finding.end)] {
            if place.line == 0 || place.column == 0 {
                return Err(wrong(key, "has a 0: lines and columns count from 1".into()));
            }
        }
        if secrets == Secrets::Redacted {
            redact(finding);
        }
    }
    let complete = coverage.complete;
    let coverage = coverage.ledger().map_err(|gap| ReadError::Gap { gap })?;
    if !complete && errors.is_empty() && coverage.failures() == 0 {
        errors.push(INCOMPLETE.to_owned());
    }
    Ok(Report { findings, rules, coverage, tally: suppressed.into(), errors })
}

/// What does not look redacted is not shown at all.
fn redact(finding: &mut Entry) {
    let masked = |text: &String| text.ends_with(MASK);
    let shown = finding.redacted.take().unwrap_or_else(|| finding.secret.clone());
    finding.secret = Some(shown).filter(masked).unwrap_or_else(|| MASK.to_owned());
}
