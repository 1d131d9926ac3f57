//! A runbook for people: as plain text for terminals and SARIF's `help.text`, and as Markdown.

use std::fmt::Write as _;

use super::RuleEntry;

const HISTORY: &str = "Removing the line is not enough: whoever has a copy of the repository has the secret. Revoke it first.";

/// Plain text, no line wrapping.
pub fn text(rule: &RuleEntry) -> String {
    let book = &rule.guidance;
    let mut out = String::new();
    let mut line = |s: String| {
        out.push_str(&s);
        out.push('\n');
    };
    line(format!("{} ({})", rule.title, rule.provider));
    line(String::new());
    line(format!("Impact: {}", book.impact));
    line(book.revocable().into());
    if let Some(url) = &book.revoke_url {
        line(format!("Where: {url}"));
    }
    if let Some(contact) = &book.contact {
        line(format!("Contact: {contact}"));
    }
    if let Some(days) = book.rotation_days {
        line(format!("Rotation: the provider asks for a new one every {days} days."));
    }
    for (title, items) in book.sections() {
        line(String::new());
        line(format!("{title}:"));
        for (n, item) in items.iter().enumerate() {
            line(format!("  {}. {item}", n + 1));
        }
    }
    line(String::new());
    line(HISTORY.into());
    line(format!("Source: {} (read {})", book.source, book.checked));
    out
}

/// Markdown, as code scanning shows it.
pub fn markdown(rule: &RuleEntry) -> String {
    let book = &rule.guidance;
    let mut out =
        format!("# {}\n\n**Impact.** {}\n\n**{}**", rule.title, book.impact, book.revocable());
    if let Some(url) = &book.revoke_url {
        write!(out, " <{url}>").expect("a string takes all");
    }
    if let Some(contact) = &book.contact {
        write!(out, " Contact: {contact}.").expect("a string takes all");
    }
    if let Some(days) = book.rotation_days {
        write!(out, " The provider asks for a new one every {days} days.")
            .expect("a string takes all");
    }
    out.push('\n');
    for (title, items) in book.sections() {
        write!(out, "\n## {title}\n\n").expect("a string takes all");
        for (n, item) in items.iter().enumerate() {
            writeln!(out, "{}. {item}", n + 1).expect("a string takes all");
        }
    }
    write!(out, "\n{HISTORY}\n\nSource: <{}>, read {}.\n", book.source, book.checked)
        .expect("a string takes all");
    out
}
