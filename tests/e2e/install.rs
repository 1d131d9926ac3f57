//! How the action gets its binary: a released archive whose checksum it knows, or else a build.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::runner::{root, write_tool};

/// A copy of the action, a place for releases, and a `cargo` that only says that it was called.
struct Installation {
    dir: TempDir,
}

impl Installation {
    fn new() -> Self {
        let new = Self { dir: tempfile::tempdir().unwrap() };
        for dir in ["action/action", "tools", "temp", "releases/v0.1.0"] {
            fs::create_dir_all(new.path(dir)).unwrap();
        }
        for name in ["action/install.sh", "action/checksums.txt"] {
            fs::copy(root().join(name), new.path("action").join(name)).unwrap();
        }
        fs::write(new.path("action/Cargo.toml"), "[package]\nversion = \"0.1.0\"\n").unwrap();
        write_tool(&new.path("tools/cargo"), "#!/bin/sh\necho \"cargo $*\"\n");
        write_tool(
            &new.path("tools/uname"),
            "#!/bin/sh\ncase $1 in -m) echo x86_64;; *) echo Linux;; esac\n",
        );
        new.has_libc("gnu");
        new
    }

    /// Only glibc knows the variable that it is asked for.
    fn has_libc(&self, libc: &str) {
        let code = if libc == "gnu" { "0" } else { "1" };
        write_tool(&self.path("tools/getconf"), &format!("#!/bin/sh\nexit {code}\n"));
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Releases an archive, and returns its line for the list of checksums.
    fn release(&self) -> String {
        self.release_for("gnu")
    }

    fn release_for(&self, libc: &str) -> String {
        let name = &format!("straykey-0.1.0-x86_64-unknown-linux-{libc}");
        fs::create_dir_all(self.path(name)).unwrap();
        write_tool(
            &self.path(name).join("straykey"),
            &format!("#!/bin/sh\necho released for {libc}\n"),
        );
        let archive = self.path("releases/v0.1.0").join(format!("{name}.tar.gz"));
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(&archive).arg("-C").arg(self.path("")).arg(name);
        assert!(tar.status().unwrap().success());
        let sum = straykey::secret::sha256_hex(&fs::read(&archive).unwrap());
        format!("{sum}  {name}.tar.gz\n")
    }

    /// The exit code and what was printed.
    fn run(&self, checksums: &str, version: &str) -> (i32, String) {
        fs::write(self.path("action/action/checksums.txt"), checksums).unwrap();
        fs::write(self.path("paths"), "").unwrap();
        let system = std::env::var("PATH").unwrap();
        let output = Command::new("bash")
            .arg(self.path("action/action/install.sh"))
            .env_clear()
            .env("PATH", format!("{}:{system}", self.path("tools").display()))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_PATH", self.path("paths"))
            .env("STRAYKEY_DOWNLOAD", format!("file://{}", self.path("releases").display()))
            .env("INPUT_VERSION", version)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
    }

    fn is_on_the_path(&self) -> bool {
        let bin = self.path("temp/straykey/bin").display().to_string();
        fs::read_to_string(self.path("paths")).unwrap().lines().eq([bin])
    }
}

#[test]
fn a_released_archive_is_taken_if_its_checksum_is_known() {
    let installation = Installation::new();
    let line = installation.release();
    for version in ["", "0.1.0", "v0.1.0"] {
        let (code, said) = installation.run(&format!("# names\n{line}"), version);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("straykey 0.1.0: the released archive") && !said.contains("cargo"));
        assert!(installation.is_on_the_path());
        let run = Command::new(installation.path("temp/straykey/bin/straykey")).output().unwrap();
        assert_eq!(run.stdout, b"released for gnu\n");
    }
}

#[test]
fn the_archive_is_for_the_c_library_of_the_machine() {
    for libc in ["gnu", "musl"] {
        let installation = Installation::new();
        let lines = ["gnu", "musl"].map(|l| installation.release_for(l)).concat();
        installation.has_libc(libc);
        assert_eq!(installation.run(&lines, "").0, 0);
        let run = Command::new(installation.path("temp/straykey/bin/straykey")).output().unwrap();
        assert_eq!(String::from_utf8(run.stdout).unwrap(), format!("released for {libc}\n"));
    }
}

#[test]
fn an_archive_that_was_changed_is_refused() {
    let installation = Installation::new();
    let line = format!("{}{}", "7".repeat(64), &installation.release()[64..]);
    let (code, said) = installation.run(&line, "");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("its SHA-256 is another") && !said.contains("cargo"), "{said}");
    assert!(!installation.is_on_the_path());
    assert!(!installation.path("temp/straykey/bin/straykey").exists());
}

#[test]
fn without_an_archive_the_action_builds_itself() {
    let installation = Installation::new();
    let line = installation.release();
    fs::remove_dir_all(installation.path("releases")).unwrap();
    for checksums in ["", &line] {
        let (code, said) = installation.run(checksums, "");
        assert_eq!(code, 0, "{said}");
        let build = format!(
            "cargo install --locked --quiet --path {} ",
            installation.path("action").display()
        );
        assert!(said.contains(&build), "{said}");
        assert!(installation.is_on_the_path());
    }
}

#[test]
fn another_version_or_none_is_refused() {
    let installation = Installation::new();
    for version in ["0.2.0", "$(touch pwned)", "../x", "1", "0.1.0/../x"] {
        let (code, said) = installation.run("", version);
        assert_eq!(code, 2, "{version}: {said}");
        assert!(!said.contains("cargo install"), "{said}");
    }
    assert!(!installation.path("pwned").exists());
}
