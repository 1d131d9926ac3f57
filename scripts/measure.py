#!/usr/bin/env python3
"""Measures precision and recall on real repositories whose findings were labelled by hand, and on CredData.

    scripts/measure.py score --repositories DIR [--straykey BINARY] [--report NAME=DIR]...
                             [--creddata DS --score SCORE.PY] [--write-precision]
    scripts/measure.py merge ROWS.jsonl VERDICTS.tsv...

DIR holds OWNER/NAME for each row of `measure/repositories.tsv`, at its commit:

    cut -f1,2 measure/repositories.tsv | tail -n +2 | while read -r name commit; do
        git init -q "DIR/$name" && git -C "DIR/$name" fetch -q --depth 1 "https://github.com/$name" "$commit" &&
            git -C "DIR/$name" checkout -q FETCH_HEAD
    done

`measure/labels.tsv` has one row for each distinct place that we or a peer reported, and none of its content:

  repository, commit, path     where
  line, last                   its first and last line
  reported                     who reported it when it was labelled, as `tool:rule`, separated by blanks
  expected                     our rule that should report it; `-` if none does
  weight                       how many places it stands for: many alike were sampled, with a fixed seed
  verdict                      secret: opens, signs or decrypts something, be it in a test or as a default
                               test:   looks as if it did, but was made up for a test or a document
                               false:  no credential
                               left-out: not in the sample, not labelled; others stand for it

A finding meets the label of its lines that names its rule; if none does, whatever all labels of its lines say
alike. A finding that meets no label, or labels that disagree, is counted as unlabelled and never judged.

Precision is (secret + test) / labelled; strict precision is secret / labelled. Recall is of the true labels of
all tools together, so it flatters everybody: what no tool finds is in nobody's list; strict recall is of those
called secret. Shares are weighted, counts are not; "stand for" is the sum of the weights. A report of another tool
is a directory of SARIF files `OWNER+NAME.sarif`; without one, a peer's row is what `reported` says of it. The
places that only peers reported and that are not in the sample are not listed, so there they count as unlabelled.

`merge` makes the labels from the rows given to those who label and from what they said: `id, verdict[, expected]`.
Of the rows outside the sample it keeps our own, so that what is new can be told from what was known.
"""
import argparse
import collections
import csv
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent.parent / "measure"
COLUMNS = ["repository", "commit", "path", "line", "last", "reported", "expected", "weight", "verdict"]
TRUE = {"secret", "test"}
JUDGED = TRUE | {"false"}
OURS = "straykey"


@dataclasses.dataclass(frozen=True, eq=False)
class Label:
    """What somebody who looked at it said of one place; two on one line may be alike and still are two."""

    repository: str
    commit: str
    path: str
    line: int
    last: int
    reported: frozenset
    expected: str
    weight: float
    verdict: str

    def by(self, tool):
        """Whether `tool` reported it when it was labelled."""
        return any(r.split(":", 1)[0] == tool for r in self.reported)


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a tool says now; `rule` is the tool's own id, and the confidence is empty for peers."""

    repository: str
    path: str
    line: int
    last: int
    rule: str
    confidence: str = ""


@dataclasses.dataclass
class Tally:
    """The labels that a tool or a rule meets, each once, and the findings that nobody judged: blank if not known."""

    labels: set = dataclasses.field(default_factory=set)
    left_out: int | str = 0
    unlabelled: int | str = 0

    def weight(self, verdicts):
        """The places that its labels with one of `verdicts` stand for."""
        return sum(label.weight for label in self.labels if label.verdict in verdicts)

    def count(self, verdicts=frozenset(JUDGED)):
        """Its labels with one of `verdicts`, unweighted."""
        return sum(label.verdict in verdicts for label in self.labels)

    def recall(self, due):
        """The share of the labels `due` that it meets; None if nothing is due."""
        return ratio(sum(l.weight for l in due if l in self.labels), sum(l.weight for l in due))

    def precision(self, verdicts=frozenset(TRUE)):
        """The share of its labelled places that have one of `verdicts`; None without labels."""
        return ratio(self.weight(verdicts), self.weight(JUDGED))


def ratio(part, whole):
    """`part / whole`, or None where nothing was counted."""
    return part / whole if whole else None


def read_tsv(path, columns):
    """The rows of a TSV file as dicts; stops if its columns are others."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if reader.fieldnames != columns:
            sys.exit(f"`{path}`: columns must be {', '.join(columns)}")
        return list(reader)


def read_labels(path):
    """All labels of `path`; stops at a verdict that is none."""
    labels = []
    for n, row in enumerate(read_tsv(path, COLUMNS), 2):
        if row["verdict"] not in JUDGED | {"left-out"}:
            sys.exit(f"`{path}` line {n}: verdict `{row['verdict']}` must be secret, test, false or left-out")
        row.update(line=int(row["line"]), last=int(row["last"]), weight=float(row["weight"]),
                   reported=frozenset(row["reported"].split()))
        labels.append(Label(**row))
    return labels


def read_repositories(path):
    """Name, commit, language and lines of each repository."""
    rows = read_tsv(path, ["repository", "commit", "language", "lines"])
    return [dict(row, lines=int(row["lines"])) for row in rows]


def checkout(directory, repository):
    """The checkout of `repository`; stops if it is missing or a clone at another commit."""
    path = (directory / repository["repository"]).resolve()
    if not path.is_dir():
        sys.exit(f"`{path}` is missing; the head of this script says how to get it")
    if (path / ".git").exists():
        head = subprocess.run(["git", "-C", path, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
        if head != repository["commit"]:
            sys.exit(f"`{path}` is at {head}, and the labels are of {repository['commit']}")
    return path


def scan(binary, path, *more):
    """The findings on `path`; stops if the scan was not complete. Tests of package indexes hold archives that are
    damaged on purpose: these are no reason to stop."""
    run = subprocess.run([binary, "scan", ".", "--no-ignore", "--quiet", "--format", "json", *more], cwd=path,
                         capture_output=True)
    report = json.loads(run.stdout) if run.stdout else {"errors": ["no report"]}
    if not all("is damaged" in error for error in report["errors"]):
        sys.exit(f"scan of `{path}` ended with {run.returncode}: {run.stderr.decode(errors='replace').strip()}")
    return report["findings"]


def ours(repository, findings):
    """The findings of our JSON report."""
    return [Finding(repository, f["path"].removeprefix("./"), f["start"]["line"], f["end"]["line"], f["rule"],
                    f["confidence"]) for f in findings]


def sarif(repository, text, root):
    """The findings of a SARIF report whose paths are relative or below `root`."""
    for run in json.loads(text)["runs"]:
        for result in run.get("results", []):
            place = result["locations"][0]["physicalLocation"]
            path = urllib.parse.unquote(place["artifactLocation"]["uri"]).removeprefix("file://")
            path = path.removeprefix(f"{root}/").removeprefix("./")
            region = place.get("region", {"startLine": 1})
            first = region["startLine"]
            yield Finding(repository, path, first, region.get("endLine", first), result["ruleId"])


def peer_findings(directory, repositories, root):
    """The findings of the SARIF files of one peer; a repository without a file has none, and that is said."""
    for repository in repositories:
        name = repository["repository"]
        path = directory / f"{name.replace('/', '+')}.sarif"
        if path.exists():
            yield from sarif(name, path.read_text(encoding="utf-8"), (root / name).resolve())
        else:
            print(f"no report `{path}`", file=sys.stderr)


class Labels:
    """All labels, to be asked by place."""

    def __init__(self, labels):
        self.all = labels
        self.by_file = collections.defaultdict(list)
        for label in labels:
            self.by_file[label.repository, label.path].append(label)

    def meet(self, tool, finding):
        """The labels that `finding` of `tool` meets: none if it is new or they disagree."""
        near = [l for l in self.by_file[finding.repository, finding.path]
                if l.line <= finding.last and finding.line <= l.last]
        first = [l for l in near if l.line == finding.line] or near
        named = [l for l in first if f"{tool}:{finding.rule}" in l.reported] or first
        return named if len({l.verdict for l in named}) == 1 else []

    def true(self, verdicts=frozenset(TRUE)):
        """The labels that a scanner should report."""
        return [l for l in self.all if l.verdict in verdicts]


def tally(labels, tool, findings):
    """What `findings` meet, overall (key None) and by rule."""
    tallies = collections.defaultdict(Tally)
    for finding in sorted(set(findings), key=lambda f: (f.repository, f.path, f.line, f.rule)):
        met = labels.meet(tool, finding)
        for t in (tallies[None], tallies[finding.rule]):
            t.labels.update(l for l in met if l.verdict in JUDGED)
            t.left_out += any(l.verdict == "left-out" for l in met)
            t.unlabelled += not met
    return tallies


def recorded(labels, tool):
    """What `tool` reported when the labels were made."""
    return Tally({l for l in labels.all if l.by(tool) and l.verdict in JUDGED}, "", "")


def recorded_tools(labels):
    """The peers that the labels know."""
    names = {r.split(":", 1)[0] for l in labels.all for r in l.reported}
    return sorted(names - {OURS})


def share(value):
    """A share as the tables print it."""
    return "" if value is None else f"{value:.3f}"


def table(head, rows):
    """A Markdown table; the first column is text, the others are numbers."""
    out = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    return "\n".join(out + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def tool_row(name, t, labels, lines):
    """One tool's row of the table of tools."""
    secret = {"secret"}
    return [name, t.count(), round(t.weight(JUDGED)), t.left_out, t.unlabelled, share(t.precision()),
            share(t.precision(secret)), share(t.recall(labels.true())), share(t.recall(labels.true(secret))),
            f"{t.weight({'false'}) / (lines / 1e6):.1f}"]


def tool_table(tallies, labels, lines):
    """Precision and recall of each tool."""
    head = ["tool", "labelled", "stand for", "left out", "unlabelled", "precision", "strict", "recall", "strict",
            "false per million lines"]
    return table(head, [tool_row(name, t, labels, lines) for name, t in tallies.items()])


def rule_rows(tallies, labels):
    """Each of our rules with a finding or a true label that expects it; any rule of ours may find that label."""
    expected = collections.defaultdict(list)
    for label in labels.true():
        expected[label.expected].append(label)
    for rule in sorted((set(tallies) - {None}) | (set(expected) - {"-"})):
        t = tallies.get(rule, Tally())
        yield [f"`{rule}`", t.count(), t.count(TRUE), t.left_out, t.unlabelled, share(t.precision()),
               share(t.precision({"secret"})), share(tallies[None].recall(expected[rule]))]


def rule_table(tallies, labels):
    """Precision and recall of each of our rules."""
    head = ["rule", "labelled", "true", "left out", "unlabelled", "precision", "strict", "recall"]
    return table(head, rule_rows(tallies, labels))


def precision_lines(tallies):
    """The lines of `measure/precision.tsv`: rules with a labelled finding; counts plain, precision weighted."""
    yield "rule\tlabelled\ttrue\tprecision"
    for rule in sorted(set(tallies) - {None}):
        t = tallies[rule]
        if t.count():
            yield f"{rule}\t{t.count()}\t{t.count(TRUE)}\t{t.precision():.3f}"


def creddata(binary, dataset, script):
    """The tables of CredData: each scope and half, then our rules and its categories on the whole."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "straykey.sarif"
        findings = ours("", scan(binary, dataset / "data", "--report", f"sarif={report}"))
        command = [sys.executable, script, "--ds", dataset, "--format", "sarif", report]
        score = lambda *words: subprocess.run([*command, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
        halves = [creddata_row(scope, split, score) for scope in ("core", "machine") for split in ("dev", "test")]
        hits = {kind: places(score("--scope", "core", "--dump", kind)) for kind in ("tp", "fp")}
        kinds = json.loads(score("--scope", "core", "--json", "--per-category"))["categories"]
    head = ["CredData, scope and half", "true", "found", "false alarms", "unlabelled", "precision", "recall", "F1"]
    rules = ["CredData by rule, scope core", "true", "false alarms", "elsewhere", "precision"]
    categories = ["CredData by category, scope core", "true", "found", "recall"]
    return (table(head, halves), table(rules, creddata_rules(findings, hits)),
            table(categories, creddata_categories(kinds)))


def creddata_row(scope, split, score):
    """One scope and half of CredData."""
    s = json.loads(score("--scope", scope, "--split", split, "--json"))
    shares = [share(s[k]) for k in ("precision", "recall", "f1")]
    return [f"{scope}, {split}", s["true"], s["tp"], s["fp"], s["unlabelled"], *shares]


def creddata_categories(counts):
    """Recall of each category; CredData knows no rules, so its recall cannot be told by rule."""
    for name, (true, found, *_) in sorted(counts.items(), key=lambda item: (-item[1][0], item[0])):
        if true:
            yield [name, true, found, share(found / true)]


def places(dump):
    """File and line of each unit of a dump."""
    heads = (line.split("\t", 1)[0].rpartition(":") for line in dump.splitlines() if "\t" in line)
    return {(file, int(line)) for file, _, line in heads if line.isdigit()}


def creddata_rules(findings, hits):
    """True units, false units and other findings of each rule."""
    counts = collections.defaultdict(collections.Counter)
    for f in findings:
        lines = [(f.path, n) for n in range(f.line, f.last + 1)]
        kind = next((kind for kind in ("tp", "fp") if any(l in hits[kind] for l in lines)), "elsewhere")
        counts[f.rule][kind] += 1
    for rule, n in sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])):
        yield [f"`{rule}`", n["tp"], n["fp"], n["elsewhere"], share(ratio(n["tp"], n["tp"] + n["fp"]))]


def read_verdicts(paths):
    """Verdict and expected rule of each id; stops where two files disagree or a verdict is none."""
    said = {}
    for path in paths:
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith(("#", "id\t")):
                continue
            name, verdict, *more = line.split("\t")
            if verdict not in JUDGED:
                sys.exit(f"`{path}` line {n}: verdict `{verdict}` must be secret, test or false")
            if said.setdefault(name, (verdict, *more[:1]))[0] != verdict:
                sys.exit(f"`{path}` line {n}: `{name}` is `{verdict}` here and `{said[name][0]}` before")
    return said


def label_row(row, said):
    """The cells of `labels.tsv` for one row; a row that nobody was asked about is left out."""
    verdict, *expected = said.get(row["id"], ("left-out",))
    reported = sorted(f"{tool}:{rule.replace(' ', '-')}" for tool, rules in row["tools"].items() for rule in rules)
    rule = (expected or [row["expected"]])[0] or "-"
    weight = f"{row['weight']:.4g}" if verdict != "left-out" else "0"
    return [row["repo"].replace("+", "/", 1), row["commit"], row["path"], str(row["line"]), str(row["end"]),
            " ".join(reported), rule, weight, verdict]


def merge(rows, verdicts):
    """The text of `labels.tsv`; stops if a row of the sample has no verdict or a verdict no row."""
    rows = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    said = read_verdicts(verdicts)
    sampled = {row["id"] for row in rows if row["weight"]}
    if sampled != set(said):
        missing, unknown = sorted(sampled - set(said)), sorted(set(said) - sampled)
        sys.exit(f"{len(missing)} rows without a verdict {missing[:5]}, "
                 f"{len(unknown)} verdicts without a row {unknown[:5]}")
    lines = [label_row(row, said) for row in rows if row["weight"] or OURS in row["tools"]]
    if any("\t" in cell or "\n" in cell for line in lines for cell in line):
        sys.exit("a path holds a tab or a line break")
    lines.sort(key=lambda l: (l[0], l[2], int(l[3]), int(l[4]), l[5:]))
    return "".join("\t".join(line) + "\n" for line in [COLUMNS, *lines])


def score(args):
    """Runs everything and prints the tables."""
    labels = Labels(read_labels(args.labels))
    repositories = read_repositories(args.list)
    lines = sum(r["lines"] for r in repositories)
    binary = str(pathlib.Path(args.straykey).resolve())
    found = [f for r in repositories for f in ours(r["repository"], scan(binary, checkout(args.repositories, r)))]
    tallies = tally(labels, OURS, found)
    sure = tally(labels, OURS, [f for f in found if f.confidence != "low"])
    tools = {OURS: tallies[None], f"{OURS} --min-confidence medium": sure[None]}
    tools |= {name: recorded(labels, name) for name in recorded_tools(labels)}
    for name, directory in (report.split("=", 1) for report in args.report):
        tools[name] = tally(labels, name, peer_findings(pathlib.Path(directory), repositories, args.repositories))[None]
    judged = sum(l.verdict in JUDGED for l in labels.all)
    print(f"{len(repositories)} repositories, {lines / 1e6:.1f} million lines, "
          f"{judged} labels, {len(labels.true())} true\n")
    print(tool_table(tools, labels, lines), rule_table(tallies, labels), sep="\n\n")
    if args.creddata:
        print("", *creddata(binary, args.creddata.resolve(), args.score), sep="\n\n")
    if args.write_precision:
        (HERE / "precision.tsv").write_text("\n".join(precision_lines(tallies)) + "\n", encoding="utf-8")


def main(words=None):
    """Reads the command line and runs one of the two commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    one = commands.add_parser("score", help="run the scanner and print the tables")
    one.add_argument("--repositories", type=pathlib.Path, required=True, help="directory of OWNER/NAME checkouts")
    one.add_argument("--straykey", default="target/release/straykey")
    one.add_argument("--labels", type=pathlib.Path, default=HERE / "labels.tsv")
    one.add_argument("--list", type=pathlib.Path, default=HERE / "repositories.tsv")
    one.add_argument("--report", action="append", default=[], help="NAME=DIR: SARIF files of another tool")
    one.add_argument("--creddata", type=pathlib.Path, help="a data set with `data/` and `meta/`")
    one.add_argument("--score", type=pathlib.Path, help="the script that scores a report against CredData")
    one.add_argument("--write-precision", action="store_true", help="write `measure/precision.tsv`")
    two = commands.add_parser("merge", help="print labels.tsv from rows and verdicts")
    two.add_argument("rows", type=pathlib.Path)
    two.add_argument("verdicts", type=pathlib.Path, nargs="+")
    args = parser.parse_args(words)
    if args.command == "merge":
        sys.stdout.write(merge(args.rows, args.verdicts))
    elif args.creddata and not args.score:
        parser.error("`--creddata` needs `--score`")
    else:
        score(args)


if __name__ == "__main__":
    main()
