"""Tests of npm/: the packages of `package.py` served by a registry on this machine, installed with the real npm."""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import package
from test_package import VERSION, fake_archives, packed


class Registry(http.server.ThreadingHTTPServer):
    """Has one version of each package in a directory of tarballs."""

    def __init__(self, directory):
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.tarballs = {path.name: path.read_bytes() for path in directory.glob("*.tgz")}
        self.packages = {}
        for path in directory.glob("*.tgz"):
            says = json.loads(packed(path)["package.json"])
            digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
            says["dist"] = {"tarball": f"{self.url}/{path.name}", "integrity": f"sha512-{digest}"}
            self.packages[says["name"]] = {
                "name": says["name"], "dist-tags": {"latest": VERSION}, "versions": {VERSION: says},
            }
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.lstrip("/").replace("%2f", "/").replace("%2F", "/")
        found = self.server.packages.get(path)
        body = json.dumps(found).encode() if found else self.server.tarballs.get(path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


@unittest.skipUnless(shutil.which("npm") and sys.platform == "linux", "needs npm, and Linux for the fake binary")
class Npm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        top = tempfile.TemporaryDirectory()
        cls.addClassCleanup(top.cleanup)
        cls.top = pathlib.Path(top.name)
        dist = fake_archives(cls.top)
        package.release(dist)
        cls.registry = Registry(dist / "npm")
        cls.addClassCleanup(cls.registry.server_close)
        cls.addClassCleanup(cls.registry.shutdown)
        cls.project = cls.install("here")
        cls.cpu = os.uname().machine

    @classmethod
    def run_in(cls, directory, *command):
        env = {
            "PATH": os.environ["PATH"], "HOME": str(cls.top), "npm_config_registry": cls.registry.url,
            "npm_config_update_notifier": "false",
        }
        return subprocess.run(
            command, cwd=directory, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    @classmethod
    def install(cls, name, *flags):
        """An empty project with the package installed."""
        project = cls.top / name
        project.mkdir()
        (project / "package.json").write_text("{}")
        done = cls.run_in(project, "npm", "install", "--no-audit", "--no-fund", *flags, "straykey")
        assert done.returncode == 0, done.stderr
        return project

    def straykey(self, project, *args):
        done = self.run_in(project, project / "node_modules/.bin/straykey", *args)
        return done.returncode, done.stdout, done.stderr

    def test_npx_runs_the_binary_for_this_machine_with_its_arguments(self):
        done = self.run_in(self.project, "npx", "straykey", "scan", "a b", "--format=json")
        said = f"{self.cpu}-unknown-linux-gnu scan a b --format=json\n"
        self.assertEqual((done.returncode, done.stdout), (0, said), done.stderr)

    def test_npx_needs_no_installation(self):
        empty = self.top / "empty"
        empty.mkdir()
        done = self.run_in(empty, "npx", "--yes", "straykey", "--version")
        self.assertEqual((done.returncode, done.stdout), (0, f"straykey {VERSION}\n"), done.stderr)

    def test_the_exit_code_is_that_of_the_binary(self):
        for code in [0, 1, 2]:
            self.assertEqual(self.straykey(self.project, "exit", str(code)), (code, "", ""))

    def test_a_signal_reaches_the_binary_and_ends_both(self):
        for sent in [signal.SIGTERM, signal.SIGINT]:
            command = [self.project / "node_modules/.bin/straykey", "sleep"]
            running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.assertEqual(running.stdout.readline(), "started\n")
            running.send_signal(sent)
            # The binary holds the other end of the pipe: this returns only when it is gone too.
            self.assertEqual(running.stdout.read(), "")
            self.assertEqual(running.wait(timeout=10), -sent)
            running.stdout.close()

    def test_npm_installs_the_package_of_one_platform_only(self):
        chosen = {
            "darwin-arm64": ["--os=darwin", "--cpu=arm64"],
            "win32-x64": ["--os=win32", "--cpu=x64"],
            "linux-x64-musl": ["--os=linux", "--cpu=x64", "--libc=musl"],
            "linux-arm64-gnu": ["--os=linux", "--cpu=arm64", "--libc=glibc"],
        }
        for name, flags in chosen.items():
            project = self.install(name, *flags)
            self.assertEqual(os.listdir(project / "node_modules/@straykey"), [name])

    def test_with_both_c_libraries_installed_that_of_the_machine_is_taken(self):
        project = self.install("both")
        musl = next(p for p in package.PLATFORMS if p.libc == "musl" and p.triple.startswith(self.cpu))
        other = project / "node_modules" / musl.package
        other.mkdir()
        (other / "package.json").write_text(json.dumps({"name": musl.package, "version": VERSION}))
        shutil.copy(self.project / "node_modules" / musl.package.replace("-musl", "-gnu") / "straykey", other)
        (other / "straykey").write_text("#!/bin/sh\necho musl\n")
        self.assertEqual(self.straykey(project, "scan")[1], f"{self.cpu}-unknown-linux-gnu scan\n")
        shutil.rmtree(project / "node_modules" / musl.package.replace("-musl", "-gnu"))
        self.assertEqual(self.straykey(project, "scan")[1], "musl\n")

    def test_a_package_that_is_missing_is_named(self):
        project = self.install("without", "--omit=optional")
        code, out, said = self.straykey(project, "scan")
        self.assertEqual((code, out), (2, ""))
        platform = next(p for p in package.PLATFORMS if p.libc == "glibc" and p.triple.startswith(self.cpu))
        self.assertIn(f"straykey: the package {platform.package} or ", said)
        self.assertIn("`--omit=optional`", said)

    def test_a_machine_without_a_binary_is_told_so(self):
        script = self.project / "node_modules/straykey/straykey.js"
        fake = f"Object.defineProperty(process, 'arch', {{ value: 's390x' }}); require({json.dumps(str(script))})"
        done = self.run_in(self.project, "node", "-e", fake)
        said = "straykey: there is no binary for linux on s390x; build it with `cargo install straykey`\n"
        self.assertEqual((done.returncode, done.stderr), (2, said))


if __name__ == "__main__":
    unittest.main()
