#!/usr/bin/env python3
"""Compares whole scans of a tree with `rg -F` and with other scanners, in one run, and writes a record.

    benches/compare.py TREE [--runs 5] [--straykey target/release/straykey] [--peer NAME=BINARY]... [--record FILE]

With `--history`, TREE is a repository, and the scans are of its whole history. The floor is then the bench
`history`, which makes all blobs in memory (`--floor BINARY`; `cargo bench --bench history --no-run` says where it is).

Peers that are known: kingfisher, betterleaks, gitleaks, ripsecrets. Each is run without network
validation, with its defaults otherwise; those without a binary are left out, and the record says so. Every
command runs once to warm the page cache and then in turns, so that a noisy moment hits all of them. Given
are medians of wall and user time, the largest resident set, and the number of findings.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# A dozen literals that no source tree has: rg looks at every byte and prints nothing.
LITERALS = ["AKIAzz9", "ghp_zz9", "xoxb-zz9", "rp_app_zz9", "jp_live_zz9", "sk_live_zz9", "BEGIN zz9 KEY",
            "glpat-zz9", "npm_zz9", "AIzazz9", "SG.zz9", "hvs.zz9"]


def lines(path):
    try:
        return sum(1 for line in open(path, errors="replace") if line.strip())
    except OSError:
        return None


def json_list(path, key=None):
    try:
        data = json.load(open(path))
    except (OSError, ValueError):
        return None
    data = data.get(key, []) if key else data
    return len(data) if isinstance(data, list) else None


def commands(args, work):
    """Name, binary, words that ask for its version, command and a count of its findings, for each row."""
    tree = str(args.tree)
    out = lambda name: str(work / name)
    ours = ["git", tree, "--no-worktree"] if args.history else ["scan", tree, "--no-ignore"]
    yield from floor(args, work)
    yield ("straykey", args.straykey, ["--version"],
           [args.straykey, *ours, "-f", "json", "--report", "json=" + out("straykey.json")],
           lambda: json_list(out("straykey.json"), "findings"))
    words = {
        "kingfisher": ["scan", tree, "--no-validate", "--no-update-check", "--git-history",
                       "full" if args.history else "none", "-f", "jsonl", "-o", out("kingfisher.jsonl")],
        "betterleaks": ["git" if args.history else "fs", tree, "--no-color", "-l", "error", "-o", out("betterleaks.json")],
        "gitleaks": ["git" if args.history else "dir", tree, "--no-banner", "-l", "error", "-r", out("gitleaks.json")],
        "ripsecrets": [tree],
    }
    if args.history:
        del words["ripsecrets"]  # It reads no history.
    version = lambda name: ["version"] if name == "gitleaks" else ["--version"]
    count = {
        "kingfisher": lambda: lines(out("kingfisher.jsonl")),
        "betterleaks": lambda: json_list(out("betterleaks.json")),
        "gitleaks": lambda: json_list(out("gitleaks.json")),
        "ripsecrets": lambda: None,
    }
    peers = dict(p.split("=", 1) for p in args.peer)
    for name in words:
        binary = peers.get(name) or shutil.which(name)
        yield name, binary, version(name), [binary, *words[name]] if binary else None, count[name]


def floor(args, work):
    """What reads everything and looks for nothing, or nearly so."""
    if not args.history:
        literals = work / "literals"
        literals.write_text("\n".join(LITERALS) + "\n")
        command = ["rg", "-F", "-f", str(literals), "--hidden", "--no-ignore", "-c", str(args.tree)]
        yield "rg -F, 12 literals", "rg", ["--version"], command, lambda: None
    elif args.floor:
        yield "all blobs in memory", args.floor, ["--version"], [args.floor, str(args.tree)], lambda: None


def measure(command, log):
    """Wall seconds, user seconds and peak resident kilobytes of one run."""
    started = time.perf_counter()
    with open(log, "wb") as sink:
        child = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
    return time.perf_counter() - started, usage.ru_utime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--straykey", default="target/release/straykey")
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--skip", action="append", default=[], help="leave this row out")
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("--history", action="store_true", help="TREE is a repository: scan its history")
    parser.add_argument("--floor", help="the bench `history`")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        rows, absent = [], []
        for name, binary, version, command, count in commands(args, work):
            if name in args.skip:
                absent.append(f"{name} (left out)")
                continue
            if not binary or not shutil.which(binary):
                absent.append(f"{name} (not installed)")
                continue
            said = subprocess.run([binary, *version], capture_output=True, text=True).stdout.split()
            number = next((w for w in said if w[0].isdigit() or w[0] == "v"), "?")
            rows.append({"name": name, "version": number, "command": command, "count": count, "runs": []})
        for turn in range(args.runs + 1):
            for row in rows:
                run = measure(row["command"], work / "log")
                if turn:
                    row["runs"].append(run)
        text = record(args, rows, absent)
    print(text)
    if args.record:
        args.record.parent.mkdir(parents=True, exist_ok=True)
        args.record.write_text(text)


def record(args, rows, absent):
    ours = next(r for r in rows if r["name"] == "straykey")
    median = lambda row, i: statistics.median(run[i] for run in row["runs"])
    files = [f for f in args.tree.rglob("*") if f.is_file() and not f.is_symlink()]
    size = sum(f.stat().st_size for f in files)
    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    out = [f"# Scan of `{args.tree.name}`, {datetime.date.today()}", "",
           f"{len(files)} files, {size / 1e6:.0f} MB, page cache warm. {os.cpu_count()} cores ({cpu}), "
           f"{platform.system()} {platform.release()}; {args.runs} runs each, in turns; medians.", "",
           "| tool | version | wall s | user s | peak MB | findings | wall, straykey = 1 |",
           "|---|---|--:|--:|--:|--:|--:|"]
    for row in rows:
        found = row["count"]()
        out.append(f"| {row['name']} | {row['version']} | {median(row, 0):.2f} | {median(row, 1):.2f} "
                   f"| {max(r[2] for r in row['runs']) / 1024:.0f} | {'' if found is None else found} "
                   f"| {median(row, 0) / median(ours, 0):.2f} |")
    if absent:
        out += ["", "Not measured: " + ", ".join(absent) + "."]
    out += ["", "Exit codes: " + ", ".join(f"{r['name']} {r['runs'][-1][3]}" for r in rows) + ".", ""]
    return "\n".join(out)


if __name__ == "__main__":
    sys.exit(main())
