#!/usr/bin/env python3
"""Counts how often one letter follows another in the words of source code and prose, and prints the
table of `src/letters.rs`: log2(P(b|a) * 26) in eighths, so that 0 means "as by chance".

    scripts/bigrams.py DIR...        # directories of source code, prose, or both
"""
import collections
import math
import pathlib
import re
import sys

counts = collections.Counter()
seen = set()
for top in sys.argv[1:]:
    for path in sorted(pathlib.Path(top).rglob("*")):
        if path.suffix not in {".c", ".h", ".rst", ".txt", ".py", ".rs", ".js", ".md"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        # Each spelling counts once, or the language's own keywords would be all there is.
        for word in re.findall(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}", text):
            if word.lower() not in seen:
                seen.add(word.lower())
                counts.update(zip(word.lower(), word.lower()[1:]))

for a in map(chr, range(97, 123)):
    total = sum(counts[a, chr(b)] for b in range(97, 123)) + 26
    row = [round(8 * math.log2((counts[a, chr(b)] + 1) / total * 26)) for b in range(97, 123)]
    print("    [" + ", ".join(f"{v}" for v in row) + f"], // {a}")
print(f"{len(seen)} words", file=sys.stderr)
