#!/usr/bin/env python3
"""Trains the table of `src/filter/likeness.rs`: what tells a value that a machine drew from what people write.

    scripts/likeness.py DIR...        # directories of source code and prose

What people write are the distinct strings and words of at least eight characters in those files. What a
machine draws is drawn here, from the alphabets and lengths of issued keys. Values of nothing but
hexadecimal digits are left out: they need no judgement. A logistic regression over the features of the
table is fitted to both, which weigh the same, by Newton's method; every fourth value is kept for the test.
"""
import math
import pathlib
import random
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLLOWS = [
    [int(n) for n in row.split(",")]
    for row in re.findall(r"\[((?:-?\d+, ){25}-?\d+)\]", (ROOT / "src/letters.rs").read_text())
]
FEATURES = ["bias", "words", "evidence", "switches", "digits", "mixed", "marks", "run", "distinct", "length"]
SUFFIXES = set(".c .h .rst .txt .py .rs .js .ts .tsx .go .java .rb .md .json .yml .yaml .toml .html".split())
LOWER, UPPER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
# Alphabet and how often it is drawn from.
ALPHABETS = [
    (LOWER + UPPER + DIGITS, 50),
    (LOWER + DIGITS, 40),
    (LOWER + UPPER + DIGITS + "-_", 30),
    (LOWER + UPPER + DIGITS + "+/", 20),
    (UPPER + DIGITS, 10),
    (UPPER + "234567", 10),
    (LOWER, 7),
    (LOWER + UPPER + DIGITS + "!#$%&*+-./:=?@^_~", 10),
]
# Every tenth value is drawn in groups, as UUIDs and licence keys are.
GROUPED = 0.1
LENGTHS = [8, 9, 10, 12, 14, 15, 16, 16, 17, 18, 20, 20, 22, 24, 24, 26, 28, 30, 32, 32, 40, 43, 44, 48, 64]
NUMBER = re.compile(r"[0-9a-f-]+|[0-9A-F-]+|0[xX][0-9A-Fa-f]+[uUlL]*|[0-9.]+")


def kind(c):
    """Lower case, upper case, digit, or anything else."""
    return 0 if c in LOWER else 1 if c in UPPER else 2 if c in DIGITS else 3


def features(value):
    """The numbers that `features` of `src/filter/likeness.rs` computes, in the order of FEATURES."""
    kinds = [kind(c) for c in value]
    steps = list(zip(kinds, kinds[1:]))
    pairs = [(a, b) for a, b in zip(value, value[1:]) if kind(a) < 2 and kind(b) < 2]
    bits = sum(FOLLOWS[ord(a.lower()) - 97][ord(b.lower()) - 97] for a, b in pairs) / 8
    longest = max((len(run) for run in re.findall("[a-z]+|[A-Z]+", value)), default=0)
    n = len(value)
    return [
        1.0,
        bits / (len(pairs) + 3),
        bits / math.sqrt(len(pairs) + 1),
        sum(a != b for a, b in steps) / n,
        kinds.count(2) / n,
        sum((a == 2) != (b == 2) and 3 not in (a, b) for a, b in steps) / n,
        kinds.count(3) / n,
        longest / n,
        len(set(value)) / n,
        math.log2(n),
    ]


def written(directories, rng):
    """Distinct strings and words of the files below `directories`."""
    seen = set()
    for top in directories:
        paths = [p for p in pathlib.Path(top).rglob("*") if p.suffix in SUFFIXES and p.is_file()]
        for path in rng.sample(sorted(paths), min(2500, len(paths))):
            text = path.read_text(encoding="utf-8", errors="ignore")[:200_000]
            seen.update(re.findall(r"""["'`]([0-9A-Za-z_+/=.~-]{8,80})["'`]""", text))
            words = re.findall(r"[0-9A-Za-z_+/=.~-]*[0-9A-Za-z]{8}[0-9A-Za-z_+/=.~-]*", text)
            seen.update(w for w in words if len(w) <= 80 and rng.random() < 0.15)
    return sorted(v for v in seen if not NUMBER.fullmatch(v))


def drawn(count, rng):
    """So many random values."""
    alphabets, weights = zip(*ALPHABETS)
    values = []
    while len(values) < count:
        alphabet = rng.choices(alphabets, weights)[0]
        value = "".join(rng.choice(alphabet) for _ in range(rng.choice(LENGTHS)))
        if rng.random() < GROUPED:
            size = rng.choice([4, 5, 8, 12])
            value = "-".join(value[i : i + size] for i in range(0, len(value), size))
        if not NUMBER.fullmatch(value):
            values.append(value)
    return values


def solve(matrix, vector):
    """Solves a small system of equations by Gaussian elimination."""
    rows = [row[:] + [v] for row, v in zip(matrix, vector)]
    n = len(rows)
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for r in range(n):
            if r != i:
                rows[r] = [x - rows[r][i] * y for x, y in zip(rows[r], rows[i])]
    return [row[n] for row in rows]


def fit(samples, rounds=12):
    """Weights by Newton's method; a sample is (features, is drawn, weight)."""
    n = len(FEATURES)
    weights = [0.0] * n
    for _ in range(rounds):
        gradient, hessian = [-1e-3 * w for w in weights], [[1e-3 * (i == j) for j in range(n)] for i in range(n)]
        for x, label, weight in samples:
            p = 1 / (1 + math.exp(-score(weights, x)))
            error, curve = weight * (label - p), weight * p * (1 - p)
            for i in range(n):
                gradient[i] += error * x[i]
                for j in range(i + 1):
                    hessian[i][j] += curve * x[i] * x[j]
        for i in range(n):
            for j in range(i):
                hessian[j][i] = hessian[i][j]
        weights = [w + d for w, d in zip(weights, solve(hessian, gradient))]
    return weights


def score(weights, x):
    return max(-30.0, min(30.0, sum(w * f for w, f in zip(weights, x))))


def main():
    rng = random.Random(1)
    people = written(sys.argv[1:], rng)
    people = rng.sample(people, min(60_000, len(people)))
    machine = drawn(len(people) // 2, rng)
    half = len(people) / len(machine)
    samples = [(features(v), 1, half, len(v)) for v in machine] + [(features(v), 0, 1.0, len(v)) for v in people]
    test, train = samples[::4], [s[:3] for i, s in enumerate(samples) if i % 4]
    weights = fit(train)
    for name, weight in zip(FEATURES, weights):
        print(f"    {weight:.2f}, // {name}")
    print("length    drawn  called drawn    written  called drawn", file=sys.stderr)
    for least, most in ((8, 9), (10, 11), (12, 15), (16, 19), (20, 31), (32, 80)):
        rows = [(label, score(weights, x) > 0) for x, label, _, n in test if least <= n <= most]
        found, wrong = [hit for label, hit in rows if label], [hit for label, hit in rows if not label]
        print(
            f"{least:2} to {most:2} {len(found):7} {sum(found) / len(found):9.3f} {len(wrong):12} {sum(wrong) / len(wrong):9.4f}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
