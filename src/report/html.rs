//! One HTML page that opens offline: no script, nothing to fetch, and a policy that forbids both.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Entry, GuidanceEntry, Report, clean, counted,
    elsewhere::Elsewhere,
    grouped,
    history::{self, ShownRefs},
    human,
};
use crate::{coverage::Skip, rule::Severity, triage::same_value::MAX_LISTED};

const CSS: &str = include_str!("html.css");
/// Only this very style sheet applies: its SHA-256 in base64.
const POLICY: &str = "default-src 'none'; style-src 'sha256-ONWHyEcVrw32E4CxftCuji0YwJse2AlP/9YcjLYQvCg='; base-uri 'none'; form-action 'none'";
/// So many inputs of a gap are named; a partial clone may lack a million.
const MAX_NAMED: usize = 1_000;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report).into_string().as_bytes())
}

fn page(report: &Report) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "straykey: " (headline(report)) }
                style { (PreEscaped(CSS)) }
            }
            body {
                header { h1 { "straykey" } p.headline { (headline(report)) } }
                (alert(report))
                (filters(report))
                main { (findings(report)) (files(report)) (books(report)) (ledger(report)) }
                footer { "straykey " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }
}

fn headline(report: &Report) -> String {
    if report.findings.is_empty() { "no findings".to_owned() } else { human::totals(report) }
}

fn alert(report: &Report) -> Markup {
    let problems = report.problems() as u64;
    html! {
        @if problems > 0 {
            div.alert role="alert" {
                p { strong { "The scan is not complete: " (counted(problems, "problem")) "." } }
                @if !report.errors.is_empty() {
                    ul { @for error in &report.errors { li { (clean(error)) } } }
                }
            }
        }
    }
}

/// A box for each severity that hides its findings; the style sheet does it.
fn filters(report: &Report) -> Markup {
    html! {
        @if !report.findings.is_empty() {
            fieldset.filters {
                legend { "Show" }
                @for (severity, findings) in by_severity(report) {
                    label class=(severity.as_str()) {
                        input id={ "show-" (severity.as_str()) } type="checkbox" checked;
                        " " (severity.as_str()) " " span.count { (findings.len()) }
                    }
                }
            }
        }
    }
}

/// The findings with their numbers in the report, by severity, the worst first.
fn by_severity(report: &Report) -> Vec<(Severity, Vec<(usize, &Entry)>)> {
    let of = |s| (1..).zip(&report.findings).filter(|(_, f)| f.severity == s).collect::<Vec<_>>();
    let all = Severity::ALL.into_iter().rev().map(|s| (s, of(s)));
    all.filter(|(_, findings)| !findings.is_empty()).collect()
}

fn findings(report: &Report) -> Markup {
    let elsewhere = Elsewhere::of(&report.findings);
    html! {
        @for (severity, findings) in by_severity(report) {
            section class={ "severity " (severity.as_str()) } {
                h2 { (severity.as_str()) " " span.count { (findings.len()) } }
                @for (number, finding) in findings {
                    (card(report, &elsewhere, number, finding))
                }
            }
        }
    }
}

fn card(report: &Report, elsewhere: &Elsewhere<'_>, number: usize, finding: &Entry) -> Markup {
    let rule = report.rule(finding);
    let place = format!("{}:{}:{}", finding.path, finding.start.line, finding.start.column);
    let notes = finding.reasons.iter().cloned().chain(elsewhere.sentence(finding, MAX_LISTED));
    let notes: Vec<String> = notes.map(|n| clean(&n)).collect();
    html! {
        article id={ "finding-" (number) } {
            h3 { (clean(&rule.title)) " " code { (clean(&finding.secret)) } }
            p.place { code { (clean(&place)) } }
            dl {
                dt { "Risk" } dd { (clean(&rule.guidance.impact)) }
                @if let Some(step) = rule.guidance.steps.first() {
                    dt { "Do" }
                    dd { (clean(step)) " " a href={ "#rule-" (finding.rule) } { "All steps" } }
                }
                @if let Some(inside) = &finding.inside {
                    dt { "Inside" } dd { code { (clean(&inside.to_string())) } }
                }
                @if let Some(history) = &finding.history {
                    dt { "In" } dd { (clean(&history::line(history, ShownRefs::All))) }
                    @if let Some((path, line)) = history::old_place(finding, history) {
                        dt { "From" } dd { code { (clean(path)) ":" (line) } }
                    }
                }
                @if !notes.is_empty() {
                    dt { "Notes" } dd { ul { @for note in &notes { li { (note) } } } }
                }
                dt { "Rule" }
                dd { code { (clean(&finding.rule)) } " (" (human::sure(finding.confidence)) ")" }
            }
        }
    }
}

/// The findings once more, by file: a second order without a script.
fn files(report: &Report) -> Markup {
    let mut files: BTreeMap<&str, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (number, finding) in (1..).zip(&report.findings) {
        files.entry(&finding.path).or_default().push((number, finding));
    }
    html! {
        @if !files.is_empty() {
            section {
                h2 { "By file " span.count { (files.len()) } }
                div.wide {
                    table {
                        thead { tr { th scope="col" { "File" } th scope="col" { "Findings" } } }
                        tbody { @for (path, findings) in &files {
                            tr {
                                th scope="row" { code { (clean(path)) } }
                                td { @for (number, finding) in findings { (link(report, *number, finding)) } }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn link(report: &Report, number: usize, finding: &Entry) -> Markup {
    html! {
        a class=(finding.severity.as_str()) href={ "#finding-" (number) } {
            (clean(&report.rule(finding).title)) ", line " (finding.start.line)
        }
        " "
    }
}

fn books(report: &Report) -> Markup {
    html! {
        @if !report.rules.is_empty() {
            section {
                h2 { "What to do" }
                p { "Removing the line is not enough: whoever has a copy of the repository has the secret. Revoke it first." }
                @for (id, rule) in &report.rules {
                    article.book id={ "rule-" (id) } {
                        h3 { (clean(&rule.title)) " " small { (clean(&rule.provider)) } }
                        (book(&rule.guidance))
                    }
                }
            }
        }
    }
}

fn book(book: &GuidanceEntry) -> Markup {
    html! {
        p { (clean(&book.impact)) }
        p {
            strong { (book.revocable()) }
            @if let Some(url) = &book.revoke_url { " " (web(url)) }
            @if let Some(contact) = &book.contact { " Contact: " (clean(contact)) "." }
            @if let Some(days) = book.rotation_days {
                " The provider asks for a new one every " (days) " days."
            }
        }
        @for (title, items) in book.sections() {
            h4 { (title) }
            ol { @for item in items { li { (clean(item)) } } }
        }
        p.source { "Source: " (web(&book.source)) ", read " (clean(&book.checked)) }
    }
}

/// A link, if it leads to the web: a saved report may say anything.
fn web(url: &str) -> Markup {
    let shown = clean(url);
    html! {
        @if url.starts_with("https://") || url.starts_with("http://") {
            a href=(url) rel="noreferrer noopener" { (shown) }
        } @else { (shown) }
    }
}

fn ledger(report: &Report) -> Markup {
    let coverage = &report.coverage;
    html! {
        section {
            h2 { "What was read" }
            p { (human::volume(coverage)) "." }
            @if coverage.ignore_rules { p { "Git-ignored files were left out." } }
            @for skip in Skip::ALL {
                @if let Some(names) = coverage.skipped.get(&skip) { (gap(skip, names)) }
            }
        }
    }
}

fn gap(skip: Skip, names: &[String]) -> Markup {
    html! {
        details class=(if skip.is_failure() { "failure" } else { "gap" }) {
            summary { (grouped(names.len() as u64)) " " (skip.to_string()) }
            ul {
                @for name in names.iter().take(MAX_NAMED) { li { code { (clean(name)) } } }
                @if names.len() > MAX_NAMED {
                    li { "and " (grouped((names.len() - MAX_NAMED) as u64)) " more" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::{
        coverage::Coverage,
        finding::Finding,
        report::{Detail, Format, sample::printed},
        triage::sample,
    };

    fn page(findings: &[Finding], coverage: &Coverage) -> String {
        printed(Format::Html, Detail::Normal, findings, coverage)
    }

    #[test]
    fn the_policy_allows_the_style_sheet_and_nothing_else() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(CSS));
        assert!(POLICY.contains(&format!("style-src 'sha256-{hash}';")), "it is {hash}");
        assert!(!CSS.contains('<') && !CSS.contains("url(") && !CSS.contains("@import"));
    }

    #[test]
    fn nothing_is_fetched_or_run() {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "stripe-live-secret-key", "a.env", "v");
        finding.history = Some(Box::new(sample::removed("b.env")));
        let mut coverage = Coverage::default();
        Skip::ALL.into_iter().for_each(|skip| coverage.skip(skip, "x".into()));
        let text = page(&[finding], &coverage);
        for word in ["<script", "<img", "<link", "<iframe", "src=", "style=", " on"] {
            let tags = text.split('<').map(|t| t.split('>').next().unwrap_or(""));
            assert!(!tags.map(|t| format!("<{t}")).any(|t| t.contains(word)), "{word}");
        }
        assert_eq!(text.matches("<style>").count(), 1);
    }

    #[test]
    fn a_name_is_never_markup() {
        let rules = sample::rules();
        let path = "</title></style><script>alert(1)</script>\"'--> &amp; \u{202e}\n\0";
        let mut finding = sample::finding(&rules, "hirepanda-api-key", path, "v");
        finding.reasons.push(path.into());
        let mut history = sample::at_head(path);
        history.refs[0] = path.into();
        history.introduced.as_mut().expect("it was given one").change.author = path.into();
        finding.history = Some(Box::new(history));
        let mut coverage = Coverage::default();
        coverage.skip(Skip::Unreadable, path.into());
        let text = page(&[finding], &coverage);
        assert!(!text.contains("<script") && !text.contains("alert(1)</"), "{text}");
        assert_eq!(text.matches("</title>").count(), 1);
        assert!(!text.contains(['\u{202e}', '\0']), "{text}");
    }

    #[test]
    fn every_link_inside_leads_somewhere() {
        let rules = sample::rules();
        let ids = ["hirepanda-api-key", "stripe-live-secret-key", "github-personal-access-token"];
        let text = page(&ids.map(|id| sample::finding(&rules, id, id, "v")), &Coverage::default());
        let targets = text.match_indices("href=\"#").map(|(at, found)| {
            text[at + found.len()..].split('"').next().expect("splitting yields at least one part")
        });
        let targets: Vec<&str> = targets.collect();
        assert_eq!(targets.len(), 6);
        assert!(targets.iter().all(|t| text.matches(&format!("id=\"{t}\"")).count() == 1));
    }

    #[test]
    fn only_the_web_is_linked() {
        assert_eq!(web("javascript:alert(1)").into_string(), "javascript:alert(1)");
        let link = web("https://a.example/?\"<b>").into_string();
        assert!(link.starts_with("<a href=\"https://a.example/?&quot;&lt;b&gt;\""), "{link}");
    }
}
