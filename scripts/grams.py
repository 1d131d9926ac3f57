#!/usr/bin/env python3
"""Counts the grams of source code and prose, and prints the table `src/prefilter/common.txt`: how often of a
million places each of the commonest begins at one, in powers of two.

    scripts/grams.py DIR...        # directories of source code, prose, or both; each counts as much

A gram is four bytes in lower case; those of letters, digits, `_` and `-` are told.
"""
import collections
import pathlib
import re
import sys

SUFFIXES = set(".c .h .rst .txt .py .rs .js .ts .go .java .rb .md .json .yml .yaml .toml .html .sh".split())
LEAST = 64  # of a million

shares = collections.Counter()
for top in sys.argv[1:]:
    counts, places = collections.Counter(), 0
    for path in sorted(pathlib.Path(top).rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        text = path.read_bytes().lower()
        places += len(text)
        for run in re.findall(rb"[a-z0-9_-]{4,}", text):
            for at in range(len(run) - 3):
                counts[run[at : at + 4]] += 1
    for gram, count in counts.items():
        shares[gram] += 1e6 * count / places / len(sys.argv[1:])

classes = collections.defaultdict(list)
for gram, share in shares.items():
    if share >= LEAST:
        classes[1 << (int(share).bit_length() - 1)].append(gram.decode())
for share in sorted(classes, reverse=True):
    print(share, *sorted(classes[share]))
