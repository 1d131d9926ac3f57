//! SARIF's `precision` of a rule: as it was measured on labelled repositories, or else as its form
//! promises.

use super::RuleEntry;
use crate::rule::Confidence;

/// Made by `scripts/measure.py` from `measure/labels.tsv`: rule, labelled findings, true ones, precision.
const MEASURED: &str = include_str!("../../measure/precision.tsv");

/// Below so many labels, a share says little.
const MIN_LABELS: u32 = 10;

/// GitHub's word for how often what the rule `id` finds is real.
pub(super) fn precision(id: &str, rule: &RuleEntry) -> &'static str {
    match measured(MEASURED, id) {
        Some(share) => word(share),
        None if rule.checksum => "very-high",
        None => match rule.confidence {
            Confidence::High => "very-high",
            Confidence::Medium => "high",
            Confidence::Low => "medium",
        },
    }
}

fn word(share: f32) -> &'static str {
    match share {
        0.95.. => "very-high",
        0.9.. => "high",
        0.7.. => "medium",
        _ => "low",
    }
}

/// The share of true findings of the rule `id`, if enough of them were labelled.
fn measured(table: &str, id: &str) -> Option<f32> {
    let row = table.lines().find_map(|line| line.strip_prefix(id)?.strip_prefix('\t'))?;
    let mut columns = row.split('\t');
    let labelled: u32 = columns.next()?.parse().ok()?;
    let share = columns.nth(1)?.parse().ok()?;
    (labelled >= MIN_LABELS).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_if_it_rests_on_enough_labels() {
        let table = "rule\tlabelled\ttrue\tprecision\na-key\t10\t9\t0.900\na-key-id\t9\t0\t0.000\n";
        assert_eq!(measured(table, "a-key").map(word), Some("high"));
        assert_eq!(measured(table, "a-key-id"), None);
        assert_eq!(measured(table, "a"), None);
    }

    #[test]
    fn every_row_of_the_table_is_of_a_rule_and_can_be_read() {
        let rules = crate::rule::load::builtin();
        let rows: Vec<&str> = MEASURED.lines().skip(1).collect();
        assert!(!rows.is_empty());
        for row in rows {
            let columns: Vec<&str> = row.split('\t').collect();
            let [id, labelled, real, share] = columns[..] else { panic!("{row}") };
            assert!(rules.rules.iter().any(|r| r.id == id), "{id}");
            let [labelled, real] = [labelled, real].map(|n| n.parse::<u32>().expect(row));
            assert!(real <= labelled, "{row}");
            assert!((0.0..=1.0).contains(&share.parse::<f32>().expect(row)), "{row}");
        }
    }
}
