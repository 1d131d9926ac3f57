//! Where a finding stands, and what that does to its severity.

use std::{fmt, ops::Range};

use crate::filter;

/// A place that makes a leak worse or milder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// Shipped to browsers: everyone who opens the page has it.
    BrowserCode,
    /// In an address: it ends up in access logs, histories and referrers.
    UrlQuery,
    /// In a log or the output of a command.
    Log,
    /// In the configuration of a build service.
    CiFile,
    /// In a recipe for a container image: it stays in a layer.
    ContainerFile,
    /// In an `.env` file.
    EnvFile,
    /// In a notebook.
    Notebook,
    /// In a test or a fixture.
    Test,
    /// In documentation.
    Documentation,
}

/// What an exposure does to a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// One step worse.
    Up,
    /// One step milder.
    Down,
    /// Said, without consequence.
    None,
}

impl Exposure {
    /// What it does to the severity.
    pub fn shift(self) -> Shift {
        match self {
            Self::BrowserCode | Self::UrlQuery | Self::Log => Shift::Up,
            Self::Test | Self::Documentation => Shift::Down,
            Self::CiFile | Self::ContainerFile | Self::EnvFile | Self::Notebook => Shift::None,
        }
    }

    /// The word in JSON and SARIF.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrowserCode => "browser-code",
            Self::UrlQuery => "url-query",
            Self::Log => "log",
            Self::CiFile => "ci-file",
            Self::ContainerFile => "container-file",
            Self::EnvFile => "env-file",
            Self::Notebook => "notebook",
            Self::Test => "test",
            Self::Documentation => "documentation",
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BrowserCode => "it is shipped to browsers, where anyone can read it",
            Self::UrlQuery => "it stands in a URL, which logs and histories keep",
            Self::Log => "it stands in a log or in printed output",
            Self::CiFile => "it stands in a CI configuration",
            Self::ContainerFile => {
                "it stands in a container recipe and stays in the image's layers"
            }
            Self::EnvFile => "it stands in an env file",
            Self::Notebook => "it stands in a notebook",
            Self::Test => "it stands in a test or a fixture",
            Self::Documentation => "it stands in documentation",
        })
    }
}

/// Where the secret at `span` of `text` stands, by its line, which speaks before the path does.
pub fn of_line(text: &[u8], span: &Range<usize>) -> Option<Exposure> {
    let line = filter::line_of(text, span);
    by_line(&text[line.start..span.start.max(line.start)])
}

/// Prefixes of environment variables that build tools copy into browser bundles.
const BUNDLED: [&[u8]; 8] = [
    b"NEXT_PUBLIC_",
    b"REACT_APP_",
    b"VITE_",
    b"NUXT_PUBLIC_",
    b"GATSBY_",
    b"EXPO_PUBLIC_",
    b"VUE_APP_",
    b"PUBLIC_",
];

fn by_line(before: &[u8]) -> Option<Exposure> {
    if BUNDLED.iter().any(|p| names_with_prefix(before, p)) {
        return Some(Exposure::BrowserCode);
    }
    let word = before
        .rsplit(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'<'))
        .next()
        .unwrap_or_default();
    let in_query = memchr::memmem::find(word, b"://")
        .is_some_and(|at| word[at..].contains(&b'?') && word.ends_with(b"="))
        || (word.first().is_some_and(|b| matches!(b, b'/' | b'?'))
            && word.contains(&b'?')
            && word.ends_with(b"="));
    if in_query {
        return Some(Exposure::UrlQuery);
    }
    const PRINTS: [&[u8]; 12] = [
        b"console.log(",
        b"console.error(",
        b"print(",
        b"println!(",
        b"logger.",
        b"log.info",
        b"log.debug",
        b"logging.",
        b"System.out.print",
        b"fmt.Print",
        b"puts ",
        b"NSLog(",
    ];
    PRINTS.iter().any(|p| memchr::memmem::find(before, p).is_some()).then_some(Exposure::Log)
}

fn names_with_prefix(line: &[u8], prefix: &[u8]) -> bool {
    memchr::memmem::find_iter(line, prefix)
        .any(|at| at == 0 || !(line[at - 1].is_ascii_alphanumeric() || line[at - 1] == b'_'))
}

/// Where a secret in the file at `path` stands.
pub fn of_path(path: &str) -> Option<Exposure> {
    let lower = path.to_ascii_lowercase();
    let (dirs, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let stem = name.split('.').next().unwrap_or_default();
    let ends = |list: &[&str]| list.iter().any(|e| name.ends_with(e));
    let dir_is = |list: &[&str]| dirs.split('/').any(|d| list.contains(&d));
    if dir_is(&[
        "test",
        "tests",
        "spec",
        "specs",
        "__tests__",
        "testdata",
        "test-data",
        "fixtures",
        "fixture",
        "mocks",
        "__mocks__",
        "e2e",
    ]) || ends(&[
        "_test.go",
        ".test.js",
        ".test.ts",
        ".test.tsx",
        ".spec.js",
        ".spec.ts",
        ".spec.tsx",
        "_test.py",
        "_spec.rb",
        "test.java",
        "tests.cs",
    ]) || name.starts_with("test_")
    {
        return Some(Exposure::Test);
    }
    if ends(&[".log"]) || dir_is(&["logs", "log"]) {
        return Some(Exposure::Log);
    }
    if lower.starts_with(".github/workflows/")
        || lower.contains("/.github/workflows/")
        || dir_is(&[".circleci", ".buildkite"])
        || matches!(
            name,
            ".gitlab-ci.yml"
                | ".travis.yml"
                | "jenkinsfile"
                | "azure-pipelines.yml"
                | "bitbucket-pipelines.yml"
                | "appveyor.yml"
                | ".drone.yml"
                | "cloudbuild.yaml"
        )
    {
        return Some(Exposure::CiFile);
    }
    if stem == "dockerfile"
        || ends(&[".dockerfile"])
        || stem == "containerfile"
        || name.starts_with("docker-compose")
        || name.starts_with("compose.y")
    {
        return Some(Exposure::ContainerFile);
    }
    if name == ".env" || name.starts_with(".env.") || ends(&[".env"]) {
        return Some(Exposure::EnvFile);
    }
    if ends(&[".ipynb"]) {
        return Some(Exposure::Notebook);
    }
    if ends(&[".min.js", ".bundle.js", ".js.map"])
        || (dir_is(&["public", "static", "dist", "wwwroot"])
            && ends(&[".js", ".html", ".htm", ".mjs"]))
    {
        return Some(Exposure::BrowserCode);
    }
    (ends(&[".md", ".rst", ".adoc", ".mdx"]) || dir_is(&["doc", "docs"]))
        .then_some(Exposure::Documentation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, line: &str) -> Option<Exposure> {
        let start = line.find('@').unwrap();
        of_line(line.as_bytes(), &(start..start + 1)).or_else(|| of_path(path))
    }

    #[test]
    fn the_line_speaks_before_the_path() {
        assert_eq!(at("tests/x.js", "NEXT_PUBLIC_KEY=@"), Some(Exposure::BrowserCode));
        assert_eq!(at("a.py", "get('https://x.example/?key=@')"), Some(Exposure::UrlQuery));
        assert_eq!(at("a.js", "console.log('key', '@')"), Some(Exposure::Log));
        assert_eq!(at("a.js", "const key = '@'"), None);
    }

    #[test]
    fn paths_tell_the_rest() {
        assert_eq!(at("src/__tests__/a.ts", "@"), Some(Exposure::Test));
        assert_eq!(at(".github/workflows/ci.yml", "@"), Some(Exposure::CiFile));
        assert_eq!(at("deploy/Dockerfile.prod", "@"), Some(Exposure::ContainerFile));
        assert_eq!(at("app/.env.local", "@"), Some(Exposure::EnvFile));
        assert_eq!(at("static/app.js", "@"), Some(Exposure::BrowserCode));
        assert_eq!(at("README.md", "@"), Some(Exposure::Documentation));
    }
}
