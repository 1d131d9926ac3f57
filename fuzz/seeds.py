#!/usr/bin/env python3
"""Writes first inputs for the fuzz targets: a made-up key in every encoding.

    fuzz/seeds.py && cargo +nightly fuzz run decode
"""

import base64
import gzip
import hashlib
import pathlib
import quopri
import urllib.parse

CORPUS = pathlib.Path(__file__).parent / "corpus" / "decode"
# Never whole in a file.
KEY = "lin_" + "api_" + hashlib.sha256(b"k3").hexdigest()[:40]
TEXT = f"line one\nTOKEN={KEY}\nline three of it\n"


def each(form, text=KEY):
    return "".join(form % byte for byte in text.encode())


def base64_of(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def seeds():
    code = base64_of(TEXT)
    yield "base64", f"x: {code}\n"
    yield "url-safe", base64.urlsafe_b64encode(("??>>" + KEY).encode()).decode().rstrip("=")
    yield "lines", "\n  ".join(code[at : at + 64] for at in range(0, len(code), 64))
    yield "twice", base64_of(code)
    yield "gzip", base64_of(gzip.compress(TEXT.encode()))
    yield "utf-16", base64_of(f"$k = '{KEY}'".encode("utf-16le"))
    yield "base32", base64.b32encode(KEY.encode()).decode()
    yield "hex", KEY.encode().hex()
    yield "array", each("0x%02x, ")
    yield "bytes", '"' + each("\\x%02x") + '"'
    yield "octal", '"' + each("\\%03o") + '"'
    yield "unicode", '"' + each("\\u%04x") + '"'
    yield "percent", "q=" + each("%%%02X")
    yield "percent-twice", "q=" + urllib.parse.quote(KEY.replace("_", "%5F"))
    yield "entities", each("&#%d;")
    yield "mail", quopri.encodestring(("a line that is long enough: TOKEN=" + KEY).encode()).decode()
    yield "pieces", f'k = "{KEY[:10]}" +\n  "{KEY[10:30]}"\n  "{KEY[30:]}"'
    yield "continued", f"K={KEY[:20]}\\\n{KEY[20:]}"


def main():
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, text in seeds():
        (CORPUS / name).write_text("z" + text)


if __name__ == "__main__":
    main()
