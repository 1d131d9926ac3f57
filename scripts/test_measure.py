"""Tests of measure.py: `python3 -m unittest discover scripts`."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import measure
from measure import Finding, Label, Labels, Tally

REPOSITORY = "acme/shop"


def label(line, verdict, *reported, last=None, weight=1.0, expected="password-assignment", path="a.py"):
    return Label(REPOSITORY, "c0ffee", path, line, last or line, frozenset(reported), expected, weight, verdict)


def finding(line, rule="password-assignment", last=None, path="a.py"):
    return Finding(REPOSITORY, path, line, last or line, rule)


def verdicts(labels, *findings):
    return [[l.verdict for l in Labels(labels).meet("straykey", f)] for f in findings]


class Meeting(unittest.TestCase):
    def test_a_finding_meets_the_label_of_its_line_and_file_only(self):
        labels = [label(3, "secret")]
        met = verdicts(labels, finding(3), finding(4), finding(3, path="b.py"))
        self.assertEqual(met, [["secret"], [], []])

    def test_of_two_labels_on_one_line_the_one_that_names_the_rule_counts(self):
        labels = [label(3, "secret", "straykey:password-assignment"), label(3, "false", "straykey:generic-secret")]
        self.assertEqual(verdicts(labels, finding(3), finding(3, "generic-secret")), [["secret"], ["false"]])

    def test_the_same_rule_name_of_another_tool_does_not_count(self):
        labels = [label(3, "secret", "straykey:jwt"), label(3, "false", "gitleaks:jwt")]
        self.assertEqual([l.verdict for l in Labels(labels).meet("gitleaks", finding(3, "jwt"))], ["false"])

    def test_labels_that_disagree_judge_nothing(self):
        labels = [label(3, "secret", "gitleaks:a"), label(3, "false", "gitleaks:b")]
        self.assertEqual(verdicts(labels, finding(3)), [[]])

    def test_a_new_rule_takes_what_all_labels_of_the_line_say(self):
        self.assertEqual(verdicts([label(3, "test", "gitleaks:a")], finding(3, "new-rule")), [["test"]])

    def test_a_block_meets_a_finding_that_starts_inside_it(self):
        self.assertEqual(verdicts([label(3, "secret", last=9)], finding(4, last=8), finding(10)), [["secret"], []])

    def test_a_block_does_not_hide_the_label_of_a_line_inside_it(self):
        labels = [label(3, "secret", last=9), label(5, "false")]
        self.assertEqual(verdicts(labels, finding(5)), [["false"]])


class Counting(unittest.TestCase):
    def test_precision_is_weighted_and_counts_are_not(self):
        t = Tally({label(1, "secret"), label(2, "test"), label(3, "false", weight=6.0)})
        self.assertEqual((t.count(), t.precision(), t.precision({"secret"})), (3, 0.25, 0.125))

    def test_nothing_labelled_gives_no_precision(self):
        self.assertIsNone(Tally(unlabelled=4).precision())

    def test_what_meets_no_label_is_counted_apart(self):
        labels = Labels([label(1, "secret"), label(2, "left-out", weight=0.0)])
        t = measure.tally(labels, "straykey", [finding(1), finding(2), finding(7)])[None]
        self.assertEqual((t.count(), t.left_out, t.unlabelled, t.precision()), (1, 1, 1, 1.0))

    def test_two_findings_of_one_label_count_once(self):
        labels = Labels([label(1, "false", last=3, weight=2.0)])
        tallies = measure.tally(labels, "straykey", [finding(1), finding(2, "jwt")])
        self.assertEqual((tallies[None].count(), tallies[None].weight({"false"})), (1, 2.0))

    def test_the_row_of_a_tool(self):
        found, missed, wrong = label(1, "secret", weight=3.0), label(2, "test"), label(3, "false", weight=2.0)
        row = measure.tool_row("ours", Tally({found, wrong}, 5, 6), Labels([found, missed, wrong]), 500_000)
        self.assertEqual(row, ["ours", 2, 5, 5, 6, "0.600", "0.600", "0.750", "1.000", "4.0"])

    def test_recall_of_a_rule_is_of_the_labels_that_expect_it(self):
        found, missed = label(1, "secret"), label(2, "secret", weight=3.0)
        labels = Labels([found, missed, label(4, "secret", expected="-"), label(5, "false", expected="jwt")])
        rows = list(measure.rule_rows(measure.tally(labels, "straykey", [finding(1)]), labels))
        self.assertEqual(rows, [["`password-assignment`", 1, 1, 0, 0, "1.000", "1.000", "0.250"]])

    def test_a_peer_has_what_the_labels_record(self):
        labels = Labels([label(1, "secret", "gitleaks:a", "straykey:b"), label(2, "left-out", "gitleaks:a"),
                         label(3, "false", "straykey:b")])
        t = measure.recorded(labels, "gitleaks")
        self.assertEqual(([l.line for l in t.labels], measure.recorded_tools(labels)), ([1], ["gitleaks"]))

    def test_precision_lists_only_rules_with_labels(self):
        labels = Labels([label(1, "secret"), label(2, "false")])
        tallies = measure.tally(labels, "straykey", [finding(1), finding(2), finding(9, "jwt")])
        self.assertEqual(list(measure.precision_lines(tallies)),
                         ["rule\tlabelled\ttrue\tprecision", "password-assignment\t2\t1\t0.500"])


class CredData(unittest.TestCase):
    def test_a_rule_is_judged_by_every_line_of_its_findings(self):
        findings = [finding(1, last=3), finding(7), finding(9), finding(9, "jwt")]
        hits = {"tp": {("a.py", 2)}, "fp": {("a.py", 7), ("b.py", 9)}}
        self.assertEqual(list(measure.creddata_rules(findings, hits)),
                         [["`password-assignment`", 1, 1, 1, "0.500"], ["`jwt`", 0, 0, 1, ""]])

    def test_a_category_without_a_true_unit_has_no_recall(self):
        counts = {"Token": [4, 3, 9, 1], "Other": [0, 0, 5, 1]}
        self.assertEqual(list(measure.creddata_categories(counts)), [["Token", 4, 3, "0.750"]])

    def test_places_of_a_dump_are_file_and_line_without_content(self):
        self.assertEqual(measure.places("data/a:b.py:12\tPassword\tT\t['x']\tline\nmore\n"), {("data/a:b.py", 12)})


class Files(unittest.TestCase):
    """Gives each test a directory, and a word for "this ends the program with that message"."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def file(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def stops(self, message, call, *words):
        with self.assertRaises(SystemExit) as stop:
            call(*words)
        self.assertIn(message, str(stop.exception))


class Reading(Files):
    def test_labels_survive_the_way_through_the_file(self):
        cells = [REPOSITORY, "c0ffee", 'odd "name".py', "3", "4", "gitleaks:a straykey:b", "jwt-token", "2.5", "test"]
        path = self.file("labels.tsv", "\t".join(measure.COLUMNS) + "\n" + "\t".join(cells) + "\n")
        expected = label(3, "test", "gitleaks:a", "straykey:b", last=4, weight=2.5, expected="jwt-token",
                         path='odd "name".py')
        self.assertEqual([vars(l) for l in measure.read_labels(path)], [vars(expected)])

    def test_two_labels_that_are_alike_count_twice(self):
        line = "\t".join([REPOSITORY, "c0ffee", "a.py", "3", "3", "straykey:a", "a", "1", "false"]) + "\n"
        labels = Labels(measure.read_labels(self.file("labels.tsv", "\t".join(measure.COLUMNS) + "\n" + line * 2)))
        self.assertEqual(measure.tally(labels, "straykey", [finding(3, "a")])[None].count(), 2)

    def test_an_unknown_verdict_is_named_with_its_line(self):
        cells = [REPOSITORY, "c0ffee", "a.py", "3", "3", "", "-", "1", "maybe"]
        path = self.file("labels.tsv", "\t".join(measure.COLUMNS) + "\n" + "\t".join(cells) + "\n")
        self.stops("line 2: verdict `maybe`", measure.read_labels, path)

    def test_other_columns_are_refused(self):
        self.stops("columns must be", measure.read_labels, self.file("labels.tsv", "path\tline\n"))

    def test_a_missing_checkout_is_named(self):
        self.stops("is missing", measure.checkout, self.directory, {"repository": REPOSITORY, "commit": "c0ffee"})

    def test_sarif_paths_are_made_relative_and_decoded(self):
        def result(uri, **region):
            place = {"artifactLocation": {"uri": uri}, "region": region}
            return {"ruleId": "jwt", "locations": [{"physicalLocation": place}]}

        results = [result("./a%20b.py", startLine=3), result("file:///top/c.py", startLine=4, endLine=6)]
        found = list(measure.sarif(REPOSITORY, json.dumps({"runs": [{"results": results}]}), "/top"))
        self.assertEqual(found, [finding(3, "jwt", path="a b.py"), finding(4, "jwt", last=6, path="c.py")])


class Merging(Files):
    ROW = {"id": "1f", "repo": "acme+shop", "commit": "c0ffee", "path": "a.py", "line": 3, "end": 3, "weight": 2.5,
           "tools": {"straykey": ["generic-secret"], "peer": ["Basic Auth"]}, "expected": "generic-secret",
           "value": "kept out", "context": ["kept out"]}

    def rows(self, *rows):
        return self.file("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def test_a_label_holds_no_content_and_a_row_outside_the_sample_is_left_out(self):
        rows = self.rows(self.ROW, dict(self.ROW, id="2f", line=1, end=1, weight=0))
        text = measure.merge(rows, [self.file("01.tsv", "1f\ttest\tpassword-assignment\ta note\n")])
        reported = "peer:Basic-Auth straykey:generic-secret"
        self.assertEqual(text.splitlines()[1:], [
            f"acme/shop\tc0ffee\ta.py\t1\t1\t{reported}\tgeneric-secret\t0\tleft-out",
            f"acme/shop\tc0ffee\ta.py\t3\t3\t{reported}\tpassword-assignment\t2.5\ttest"])
        self.assertNotIn("kept out", text)

    def test_of_the_rows_outside_the_sample_only_ours_are_kept(self):
        rows = self.rows(self.ROW, dict(self.ROW, id="2f", weight=0, tools={"peer": ["a"]}))
        text = measure.merge(rows, [self.file("01.tsv", "1f\tfalse\t-\n")])
        self.assertEqual([line.split("\t")[-1] for line in text.splitlines()], ["verdict", "false"])

    def test_a_row_without_a_verdict_stops_the_merge(self):
        self.stops("1 rows without a verdict ['1f']", measure.merge, self.rows(self.ROW), [self.file("01.tsv", "")])

    def test_a_verdict_without_a_row_stops_the_merge(self):
        said = self.file("01.tsv", "1f\ttest\n9f\ttest\n")
        self.stops("1 verdicts without a row ['9f']", measure.merge, self.rows(self.ROW), [said])

    def test_two_who_disagree_stop_the_merge(self):
        said = [self.file("01.tsv", "1f\ttest\n"), self.file("02.tsv", "1f\tfalse\n")]
        self.stops("`1f` is `false` here and `test` before", measure.merge, self.rows(self.ROW), said)


class Whole(Files):
    def test_a_scan_of_a_checkout_becomes_the_tables(self):
        (self.directory / REPOSITORY).mkdir(parents=True)
        found = {"rule": "jwt-token", "path": "./a.py", "start": {"line": 3}, "end": {"line": 3}, "confidence": "low"}
        report = json.dumps({"findings": [found], "errors": []})
        scanner = self.file("scanner", f"#!/bin/sh\necho '{report}'\nexit 1\n")
        scanner.chmod(0o755)
        cells = [REPOSITORY, "c0ffee", "a.py", "3", "3", "straykey:jwt-token", "jwt-token", "1", "secret"]
        labels = self.file("labels.tsv", "\t".join(measure.COLUMNS) + "\n" + "\t".join(cells) + "\n")
        head = "repository\tcommit\tlanguage\tlines\n"
        repositories = self.file("repositories.tsv", f"{head}{REPOSITORY}\tc0ffee\tPython\t2000000\n")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            measure.main(["score", "--repositories", str(self.directory), "--straykey", str(scanner),
                          "--labels", str(labels), "--list", str(repositories)])
        self.assertIn("| straykey | 1 | 1 | 0 | 0 | 1.000 | 1.000 | 1.000 | 1.000 | 0.0 |\n", said.getvalue())
        sure = "| straykey --min-confidence medium | 0 | 0 | 0 | 0 |  |  | 0.000 | 0.000 | 0.0 |\n"
        self.assertIn(sure, said.getvalue())
        self.assertIn("| `jwt-token` | 1 | 1 | 0 | 0 | 1.000 | 1.000 | 1.000 |\n", said.getvalue())

    def test_a_damaged_archive_does_not_stop_the_measurement(self):
        scanner = self.file("scanner", """#!/bin/sh\necho '{"findings": [], "errors": ["`a.zip` is damaged"]}'\nexit 2\n""")
        scanner.chmod(0o755)
        self.assertEqual(measure.scan(str(scanner), self.directory), [])

    def test_an_incomplete_scan_stops_the_measurement(self):
        scanner = self.file("scanner", "#!/bin/sh\necho 'cannot read `a`' >&2\nexit 2\n")
        scanner.chmod(0o755)
        self.stops("ended with 2: cannot read `a`", measure.scan, str(scanner), self.directory)


if __name__ == "__main__":
    unittest.main()
