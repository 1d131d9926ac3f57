"""Tests of package.py: `python3 -m unittest discover scripts`."""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import package

VERSION = package.manifest()["version"]
# Stands for the binary: ends with the number it is told, or tells what it was called with.
FAKE = f"""#!/bin/sh
case $1 in
  --version) echo straykey {VERSION} ;;
  exit) exit "$2" ;;
  sleep) echo started; exec sleep 60 ;;
  *) echo "PLATFORM $*" ;;
esac
"""


def fake_archives(directory):
    """Archives of all platforms; in each, the binary knows for which one it was built."""
    for platform in package.PLATFORMS:
        binary = directory / "built"
        binary.write_text(FAKE.replace("PLATFORM", platform.triple))
        binary.chmod(0o755)
        package.archive(platform, binary, directory / "dist")
    return directory / "dist"


class Released(unittest.TestCase):
    """A release of fake binaries, made once."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.top.cleanup)
        cls.dist = fake_archives(pathlib.Path(cls.top.name))
        package.release(cls.dist)


def run(*args):
    """The exit code and the standard error of package.py."""
    command = [sys.executable, pathlib.Path(package.__file__), *args]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stderr.strip()


class Archives(Released):
    def test_an_archive_has_one_directory_with_the_binary_and_what_belongs_to_it(self):
        top = f"straykey-{VERSION}-x86_64-unknown-linux-musl"
        with tarfile.open(self.dist / f"{top}.tar.gz") as tar:
            modes = {entry.name: entry.mode for entry in tar}
        files = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "straykey.1"]
        files += [f"completions/{name}" for name in ["_straykey", "_straykey.ps1", "straykey.bash", "straykey.fish"]]
        self.assertEqual(modes, {f"{top}/{f}": 0o644 for f in files} | {f"{top}/straykey": 0o755})

    def test_windows_gets_a_zip_file_with_an_exe(self):
        top = f"straykey-{VERSION}-aarch64-pc-windows-msvc"
        with zipfile.ZipFile(self.dist / f"{top}.zip") as archive:
            self.assertIn(f"{top}/straykey.exe", archive.namelist())

    def test_the_same_input_gives_the_same_bytes(self):
        for triple in ["x86_64-apple-darwin", "x86_64-pc-windows-msvc"]:
            platform = package.platform(triple)
            again = pathlib.Path(self.top.name) / "again"
            binary = again / "built"
            again.mkdir(exist_ok=True)
            binary.write_bytes(package.read_binary(self.dist, platform))
            binary.chmod(0o755)
            written = package.archive(platform, binary, again)
            self.assertEqual(written.read_bytes(), (self.dist / platform.archive).read_bytes())

    def test_a_binary_of_another_version_is_refused(self):
        binary = pathlib.Path(self.top.name) / "old"
        binary.write_text("#!/bin/sh\necho straykey 0.0.1\n")
        binary.chmod(0o755)
        code, said = run("archive", "x86_64-apple-darwin", binary, self.top.name)
        self.assertEqual((code, said), (1, f"`{binary.resolve()}` says that it is `straykey 0.0.1`, but Cargo.toml has {VERSION}"))

    def test_the_action_knows_the_same_names(self):
        script = (package.ROOT / "action/install.sh").read_text()
        for name in ["unknown-linux-gnu", "unknown-linux-musl", "apple-darwin", "pc-windows-msvc"]:
            self.assertIn(f"$machine-{name}", script)
        self.assertIn('"straykey-$1-$2.tar.gz"', script)
        self.assertIn('"straykey-$1-$2.zip"', script)


class Release(Released):
    def test_the_sums_are_of_every_file(self):
        sums = dict(line.split("  ")[::-1] for line in (self.dist / "SHA256SUMS").read_text().splitlines())
        files = {p.name for p in self.dist.iterdir() if p.is_file()} - {"SHA256SUMS"}
        self.assertEqual(set(sums), files)
        self.assertEqual(files, {p.archive for p in package.PLATFORMS} | {"straykey.rb"})
        for name, digest in sums.items():
            self.assertEqual(digest, hashlib.sha256((self.dist / name).read_bytes()).hexdigest())

    def test_the_formula_names_each_archive_beside_its_sum(self):
        formula = (self.dist / "straykey.rb").read_text()
        self.assertNotIn("@", formula)
        for platform in package.PLATFORMS:
            if platform.os == "win32" or platform.libc == "musl":
                continue
            digest = package.sha256(self.dist / platform.archive)
            url = f"{package.manifest()['repository']}/releases/download/v{VERSION}/{platform.archive}"
            self.assertIn(f'url "{url}"\n      sha256 "{digest}"\n', formula)

    @unittest.skipUnless(shutil.which("ruby"), "no ruby here")
    def test_the_formula_is_ruby(self):
        done = subprocess.run(["ruby", "-c", self.dist / "straykey.rb"], text=True, stdout=subprocess.PIPE)
        self.assertEqual(done.stdout, "Syntax OK\n")

    def test_a_platform_that_is_missing_stops_it(self):
        with tempfile.TemporaryDirectory() as directory:
            dist = pathlib.Path(directory)
            for path in self.dist.glob("straykey-*"):
                if "darwin" not in path.name:
                    shutil.copy(path, dist)
            code, said = run("release", dist)
        names = [p.archive for p in package.PLATFORMS if p.os == "darwin"]
        self.assertEqual((code, said), (1, f"`{dist}` lacks " + ", ".join(names)))

    def test_a_tag_of_another_version_stops_it(self):
        self.assertEqual(run("notes", "v9.9.9"), (1, f"the tag is `v9.9.9`, but Cargo.toml has {VERSION}"))

    def test_the_notes_are_what_the_changelog_says_of_the_version(self):
        changelog = f"# Changelog\n\n## Unreleased\n\n- c\n\n## {VERSION} (2026-01-01)\n\n### Added\n\n- b\n\n## 0.0.1\n\n- a\n"
        self.assertEqual(package.notes(f"v{VERSION}", changelog), "### Added\n\n- b")
        with self.assertRaisesRegex(SystemExit, f"CHANGELOG.md has no heading `## {VERSION}`"):
            package.notes(f"v{VERSION}", "# Changelog\n\n## Unreleased\n")

    def test_an_unknown_platform_is_refused(self):
        code, said = run("archive", "mips-unknown-none", "b", "d")
        self.assertEqual(code, 2)
        self.assertIn("`mips-unknown-none` is none of x86_64-unknown-linux-gnu, ", said)


def packed(path):
    """The files of an npm package."""
    with tarfile.open(path) as tar:
        return {entry.name.removeprefix("package/"): tar.extractfile(entry).read() for entry in tar}


class Npm(Released):
    def test_the_package_of_a_platform_carries_the_binary_of_the_archive(self):
        platform = package.platform("aarch64-unknown-linux-musl")
        files = packed(self.dist / f"npm/straykey-linux-arm64-musl-{VERSION}.tgz")
        self.assertEqual(files["straykey"], package.read_binary(self.dist, platform))
        says = json.loads(files["package.json"])
        self.assertEqual(says["name"], "@straykey/linux-arm64-musl")
        self.assertEqual((says["os"], says["cpu"], says["libc"]), (["linux"], ["arm64"], ["musl"]))

    def test_windows_and_macos_have_no_libc(self):
        for name, os_ in [("win32-x64", "win32"), ("darwin-arm64", "darwin")]:
            says = json.loads(packed(self.dist / f"npm/straykey-{name}-{VERSION}.tgz")["package.json"])
            self.assertEqual((says["os"], "libc" in says), ([os_], False))

    def test_the_package_depends_on_the_same_version_of_each_platform(self):
        files = packed(self.dist / f"npm/straykey-{VERSION}.tgz")
        says = json.loads(files["package.json"])
        self.assertEqual(says["optionalDependencies"], {p.package: VERSION for p in package.PLATFORMS})
        self.assertEqual(set(files), {"package.json", "straykey.js", "README.md", "LICENSE-APACHE", "LICENSE-MIT"})
        self.assertNotIn("scripts", says)


if __name__ == "__main__":
    unittest.main()
