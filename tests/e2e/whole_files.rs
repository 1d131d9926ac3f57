//! Secrets that are all that their file holds: no name stands beside them, so the path has to speak.

use serde_json::Value;

use crate::{
    project::{Project, findings},
    repository::Repository,
};

/// Sixteen bytes in hex, as `bin/rails credentials:edit` makes them.
fn key() -> String {
    ["9e1f7c30b4a86d25", "c0d3f8e7216a94b5"].concat()
}

/// Path and rule of each finding.
fn found(report: &Value) -> Vec<(&str, &str)> {
    findings(report)
        .iter()
        .map(|f| (f["path"].as_str().unwrap(), f["rule"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_rails_key_is_found_by_the_path_of_its_file() {
    let project = Project::empty();
    let line = format!("{}\n", key());
    for path in ["config/master.key", "shop/config/credentials/production.key", "docs/sum.txt"] {
        project.write(path, line.as_bytes());
    }
    project.write("api/config/master.key", format!("# {line}").as_bytes());
    let (run, report) = project.scan_json(&[]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(
        found(&report),
        [
            ("config/master.key", "rails-key-file"),
            ("shop/config/credentials/production.key", "rails-key-file"),
        ]
    );
}

#[test]
fn in_a_history_a_blob_is_a_key_only_under_the_path_that_says_so() {
    let repo = Repository::new();
    repo.commit_file("docs/sum.txt", &key());
    repo.commit_file("config/master.key", &key());
    repo.commit_file("config/master.key", &format!("see the vault; was {}", key()));
    let (run, report) = repo.report(&[]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(found(&report), [("config/master.key", "rails-key-file")]);
}

#[test]
fn a_binary_file_may_be_one_secret() {
    let project = Project::empty();
    let noise = (1..=160_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    let noise: Vec<u8> = noise.collect();
    for path in [".dbeaver/credentials-config.json", "data/credentials.bin"] {
        project.write(path, &noise);
    }
    let (run, report) = project.scan_json(&[]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(found(&report), [(".dbeaver/credentials-config.json", "dbeaver-credentials")]);
}
