#!/usr/bin/env python3
"""Makes what a release hands out from binaries that are built already.

    scripts/package.py version                     # the version of Cargo.toml
    scripts/package.py notes TAG                   # what CHANGELOG.md says of it; fails if TAG names another version
    scripts/package.py archive TRIPLE BINARY DIR   # one platform's archive; BINARY must run on this machine
    scripts/package.py release DIR                 # DIR holds all archives: adds npm/, straykey.rb, SHA256SUMS

What npm and Homebrew install is the binary of the archive. `release` refuses to leave a platform out. The same
input gives the same bytes: entries are sorted, owned by nobody in particular, and dated SOURCE_DATE_EPOCH.
"""
import argparse
import dataclasses
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXTS = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"]
COMPLETIONS = {"bash": "straykey.bash", "fish": "straykey.fish", "zsh": "_straykey", "powershell": "_straykey.ps1"}
# The first day that a zip file can name.
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))


@dataclasses.dataclass(frozen=True)
class Platform:
    """What is released for one kind of machine; `os`, `cpu` and `libc` are npm's words."""

    triple: str
    os: str
    cpu: str
    libc: str = ""

    @property
    def binary(self):
        return "straykey.exe" if self.os == "win32" else "straykey"

    @property
    def top(self):
        return f"straykey-{manifest()['version']}-{self.triple}"

    @property
    def archive(self):
        return self.top + (".zip" if self.os == "win32" else ".tar.gz")

    @property
    def package(self):
        """The name of the npm package that carries the binary."""
        abi = {"glibc": "-gnu", "musl": "-musl", "": ""}[self.libc]
        return f"@straykey/{self.os}-{self.cpu}{abi}"


PLATFORMS = [
    Platform("x86_64-unknown-linux-gnu", "linux", "x64", "glibc"),
    Platform("aarch64-unknown-linux-gnu", "linux", "arm64", "glibc"),
    Platform("x86_64-unknown-linux-musl", "linux", "x64", "musl"),
    Platform("aarch64-unknown-linux-musl", "linux", "arm64", "musl"),
    Platform("x86_64-apple-darwin", "darwin", "x64"),
    Platform("aarch64-apple-darwin", "darwin", "arm64"),
    Platform("x86_64-pc-windows-msvc", "win32", "x64"),
    Platform("aarch64-pc-windows-msvc", "win32", "arm64"),
]


def manifest():
    """The `[package]` of Cargo.toml."""
    return tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))["package"]


# --- Archives: a list of name, mode and bytes is written as either kind ---------------------------


def write_tar(path, entries):
    # Written in one go by `gzip`, because tarfile's own compression puts the time of day into the header.
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, mode, data in sorted(entries):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), mode, EPOCH
            tar.addfile(entry, io.BytesIO(data))
    path.write_bytes(gzip.compress(plain.getvalue(), mtime=EPOCH))


def write_zip(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode, data in sorted(entries):
            entry = zipfile.ZipInfo(name, time.gmtime(EPOCH)[:6])
            entry.create_system, entry.external_attr = 3, mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def read_binary(directory, platform):
    """The binary in the archive of `platform`."""
    name = f"{platform.top}/{platform.binary}"
    path = directory / platform.archive
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    with tarfile.open(path) as tar:
        return tar.extractfile(name).read()


def archive(platform, binary, directory):
    """Writes the archive of `platform`: the binary, what it prints about itself, and the texts."""

    def printed(*args):
        return subprocess.run([binary, *args], check=True, stdout=subprocess.PIPE).stdout

    binary = binary.resolve()
    said = printed("--version").decode().strip()
    if said != f"straykey {manifest()['version']}":
        sys.exit(f"`{binary}` says that it is `{said}`, but Cargo.toml has {manifest()['version']}")
    files = [(platform.binary, 0o755, binary.read_bytes()), ("straykey.1", 0o644, printed("man"))]
    files += [(f"completions/{name}", 0o644, printed("completions", shell)) for shell, name in COMPLETIONS.items()]
    files += [(name, 0o644, (ROOT / name).read_bytes()) for name in TEXTS]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / platform.archive
    write = write_zip if path.suffix == ".zip" else write_tar
    write(path, [(f"{platform.top}/{name}", mode, data) for name, mode, data in files])
    return path


# --- What is made of the archives -----------------------------------------------------------------


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def npm_manifest():
    """What all npm packages say of themselves."""
    package = manifest()
    return {
        "version": package["version"],
        "description": package["description"],
        "license": package["license"],
        "homepage": package["homepage"],
        "repository": {"type": "git", "url": f"git+{package['repository']}.git"},
    }


def write_npm(directory, name, package, files):
    """Packs `files` as `npm pack` would."""
    text = json.dumps(package, indent=2, ensure_ascii=False) + "\n"
    files = [*files, ("package.json", 0o644, text.encode())]
    files += [(text, 0o644, (ROOT / text).read_bytes()) for text in TEXTS if text.startswith("LICENSE-")]
    write_tar(directory / f"{name}.tgz", [(f"package/{path}", mode, data) for path, mode, data in files])


def npm(directory):
    """Writes the package `straykey`, and one for each platform, of which npm installs the one that fits."""
    out = directory / "npm"
    out.mkdir(exist_ok=True)
    version = manifest()["version"]
    for platform in PLATFORMS:
        package = {"name": platform.package, **npm_manifest(), "os": [platform.os], "cpu": [platform.cpu]}
        package |= {"libc": [platform.libc]} if platform.libc else {}
        # Yarn would leave it zipped, and a zipped program does not start.
        package["preferUnplugged"] = True
        name = platform.package.replace("@", "").replace("/", "-")
        readme = f"The binary of [straykey](https://www.npmjs.com/package/straykey) for `{platform.triple}`.\n"
        files = [(platform.binary, 0o755, read_binary(directory, platform)), ("README.md", 0o644, readme.encode())]
        write_npm(out, f"{name}-{version}", package, files)
    package = json.loads((ROOT / "npm/package.json").read_text("utf-8")) | npm_manifest()
    package["optionalDependencies"] = {platform.package: version for platform in PLATFORMS}
    files = [("straykey.js", 0o755), ("README.md", 0o644)]
    files = [(name, mode, (ROOT / "npm" / name).read_bytes()) for name, mode in files]
    write_npm(out, f"straykey-{version}", package, files)


def formula(directory):
    """Homebrew's formula, with each `@NAME@` of the template filled in."""
    package = manifest()
    known = {key.upper(): package[key] for key in ["version", "description", "license", "homepage", "repository"]}
    known |= {f"SHA256 {p.triple}": sha256(directory / p.archive) for p in PLATFORMS}
    template = (ROOT / "packaging/straykey.rb.in").read_text("utf-8")
    return re.sub("@([^@\n]+)@", lambda mark: known[mark[1]], template)


def release(directory):
    """Adds to the archives in `directory` whatever is made of them."""
    missing = [p.archive for p in PLATFORMS if not (directory / p.archive).is_file()]
    if missing:
        sys.exit(f"`{directory}` lacks " + ", ".join(missing))
    npm(directory)
    (directory / "straykey.rb").write_text(formula(directory), "utf-8", newline="\n")
    sums = directory / "SHA256SUMS"
    files = sorted(path for path in directory.iterdir() if path.is_file() and path != sums)
    sums.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files), "utf-8", newline="\n")


def platform(triple):
    """The released platform of that name."""
    found = [p for p in PLATFORMS if p.triple == triple]
    if not found:
        raise argparse.ArgumentTypeError(f"`{triple}` is none of " + ", ".join(p.triple for p in PLATFORMS))
    return found[0]


def notes(tag, changelog):
    """What `changelog` says of the version that `tag` names."""
    version = manifest()["version"]
    if tag != f"v{version}":
        sys.exit(f"the tag is `{tag}`, but Cargo.toml has {version}")
    for section in changelog.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        if heading.split()[0] == version:
            return text.strip()
    sys.exit(f"CHANGELOG.md has no heading `## {version}`")


def main(args):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version")
    commands.add_parser("notes").add_argument("tag")
    one = commands.add_parser("archive")
    one.add_argument("triple", type=platform)
    one.add_argument("binary", type=pathlib.Path)
    one.add_argument("directory", type=pathlib.Path)
    commands.add_parser("release").add_argument("directory", type=pathlib.Path)
    given = parser.parse_args(args)
    if given.command == "version":
        print(manifest()["version"])
    elif given.command == "notes":
        print(notes(given.tag, (ROOT / "CHANGELOG.md").read_text("utf-8")))
    elif given.command == "archive":
        print(archive(given.triple, given.binary, given.directory))
    else:
        release(given.directory)


if __name__ == "__main__":
    main(sys.argv[1:])
