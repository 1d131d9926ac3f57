//! JUnit XML for CI systems that show tests: each finding is a failed test, each gap of the scan a
//! test with an error, and a scan without either is one test that passed.

use std::io::{self, Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
    writer::ElementWriter,
};

use super::{Entry, Report, clean, history, human};
use crate::coverage::Skip;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let errors = errors(report);
    let (failed, broken) = (report.findings.len(), errors.len());
    let counts = [
        ("tests", (failed + broken).max(1).to_string()),
        ("failures", failed.to_string()),
        ("errors", broken.to_string()),
    ];
    let counts = counts.each_ref().map(|(key, value)| (*key, value.as_str()));
    xml.create_element("testsuites").with_attributes(counts).write_inner_content(|xml| {
        let suite = xml.create_element("testsuite").with_attribute(("name", "straykey"));
        suite.with_attributes(counts).write_inner_content(|xml| {
            write_properties(report, xml)?;
            report.findings.iter().try_for_each(|f| write_finding(report, f, xml))?;
            errors.iter().try_for_each(|e| write_error(e, xml))?;
            if failed + broken == 0 {
                test("straykey", "no findings", xml).write_empty()?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    out.write_all(&xml.into_inner())?;
    writeln!(out)
}

type Xml = Writer<Vec<u8>>;

/// What kept the scan from being complete: in sentences, or else by its kinds.
fn errors(report: &Report) -> Vec<String> {
    if !report.errors.is_empty() {
        return report.errors.clone();
    }
    let failures = Skip::ALL.into_iter().filter(|s| s.is_failure());
    let gaps = failures.map(|s| (s, report.coverage.count(s))).filter(|&(_, count)| count > 0);
    gaps.map(|(skip, count)| format!("{} {skip}", super::grouped(count as u64))).collect()
}

/// The ledger.
fn write_properties(report: &Report, xml: &mut Xml) -> io::Result<()> {
    let coverage = &report.coverage;
    let gaps = Skip::ALL.into_iter().map(|s| (s.as_str(), coverage.count(s).to_string()));
    let gaps = gaps.filter(|(_, count)| count != "0");
    let ignored = if coverage.ignore_rules { "skipped" } else { "read" };
    let read = [("read", human::volume(coverage)), ("git-ignored-files", ignored.to_owned())];
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in read.into_iter().chain(gaps) {
            let property = xml.create_element("property").with_attribute(("name", name));
            property.with_attribute(("value", value.as_str())).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_finding(report: &Report, finding: &Entry, xml: &mut Xml) -> io::Result<()> {
    let rule = report.rule(finding);
    let (line, column) = (finding.start.line, finding.start.column);
    let path = valid(&finding.path);
    let message = valid(&format!("{}: {}", rule.title, finding.secret));
    let name = valid(&format!("{} at {line}:{column}", finding.rule));
    let place = [("file", path.as_str()), ("line", &line.to_string())];
    test(&path, &name, xml).with_attributes(place).write_inner_content(|xml| {
        let failure = xml.create_element("failure").with_attribute(("message", message.as_str()));
        let failure = failure.with_attribute(("type", finding.severity.as_str()));
        failure.write_text_content(BytesText::new(&body(report, finding)))?;
        Ok(())
    })?;
    Ok(())
}

fn body(report: &Report, finding: &Entry) -> String {
    let book = &report.rule(finding).guidance;
    let sure = human::sure(finding.confidence);
    let mut lines = vec![format!("{} ({sure})", finding.place())];
    lines.extend(finding.history.as_ref().map(history::sentence));
    lines.extend(finding.reasons.iter().map(|reason| format!("Note: {reason}.")));
    lines.push(format!("Risk: {}", book.impact));
    lines.extend((1..).zip(&book.steps).map(|(n, step)| format!("{n}. {step}")));
    lines.push(format!("Source: {} (read {})", book.source, book.checked));
    lines.iter().map(|line| valid(line)).collect::<Vec<_>>().join("\n")
}

fn write_error(error: &str, xml: &mut Xml) -> io::Result<()> {
    let error = valid(error);
    test("straykey", "the scan is complete", xml).write_inner_content(|xml| {
        xml.create_element("error").with_attribute(("message", error.as_str())).write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn test<'x>(class: &str, name: &str, xml: &'x mut Xml) -> ElementWriter<'x, Vec<u8>> {
    let case = xml.create_element("testcase").with_attribute(("classname", class));
    case.with_attribute(("name", name))
}

/// Without the characters that XML 1.0 has no way to write (<https://www.w3.org/TR/xml/#charsets>).
fn valid(text: &str) -> String {
    clean(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::Coverage,
        finding::Finding,
        report::{Detail, Format, sample::printed},
        triage::sample,
    };

    /// The report, once it has been seen to be well-formed.
    fn suite(findings: &[Finding], coverage: &Coverage) -> String {
        let text = printed(Format::Junit, Detail::Normal, findings, coverage);
        let mut reader = quick_xml::Reader::from_str(&text);
        reader.config_mut().check_end_names = true;
        loop {
            match reader.read_event().expect("it is well-formed") {
                Event::Eof => return text,
                Event::Start(e) | Event::Empty(e) => {
                    assert!(e.attributes().all(|a| a.is_ok()), "{text}");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_finding_is_a_failed_test_and_a_gap_an_error() {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "hirepanda-api-key", "a.env", "v");
        finding.history = Some(Box::new(sample::at_head("a.env")));
        let mut coverage = Coverage { files: 2, bytes: 9, ..Coverage::default() };
        coverage.skip(Skip::Symlink, "l".into());
        coverage.skip(Skip::MissingObject, "m".into());
        let text = suite(&[finding], &coverage);
        let shown: Vec<&str> = text.lines().filter(|l| !l.starts_with(char::is_numeric)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="2" failures="1" errors="1">
          <testsuite name="straykey" tests="2" failures="1" errors="1">
            <properties>
              <property name="read" value="2 files, 9 bytes"/>
              <property name="git-ignored-files" value="read"/>
              <property name="symlink" value="1"/>
              <property name="missing-object" value="1"/>
            </properties>
            <testcase classname="a.env" name="hirepanda-api-key at 4:9" file="a.env" line="4">
              <failure message="HirePanda workspace API key: ********" type="high">a.env:4 (confidence medium: documented shape)
        Introduced in 3f3f3f3f3f3f on 2025-03-04 by Ada Example; still at HEAD.
        Risk: Acts on the workspace with the key&apos;s tier: read (jobs, candidates, analytics), write (jobs, candidates, webhooks), or admin (team members, billing, deletion).
        Source: https://docs.hirepanda.com/llms.txt (read 2026-11-21)</failure>
            </testcase>
            <testcase classname="straykey" name="the scan is complete">
              <error message="1 objects that are named and not there"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn nothing_found_is_a_test_that_passed() {
        let text = suite(&[], &Coverage::default());
        assert!(text.contains(r#"<testsuites tests="1" failures="0" errors="0">"#), "{text}");
        let passed = r#"<testcase classname="straykey" name="no findings"/>"#;
        assert!(text.contains(passed), "{text}");
    }

    #[test]
    fn no_name_ends_its_element() {
        let rules = sample::rules();
        let path = "]]>\"'<a>&amp;-->\0\u{1b}\n\u{fffe}\u{ffff}\u{202e}%0A";
        let finding = sample::finding(&rules, "hirepanda-api-key", path, "]]><x/>");
        let text = suite(&[finding], &Coverage::default());
        assert_eq!(text.matches("<testcase ").count(), 1);
        assert!(!text.contains("]]>") && !text.contains("<a>") && !text.contains("<x"), "{text}");
        let odd = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(!text.contains(odd), "{text}");
    }
}
