//! Configuration: where it is found, what counts more, what is wrong with it, and what a policy holds.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::project::{Project, Run, count, findings, places};

/// A repository with two keys, one of them below `sub/`, and this configuration.
fn repository(config: &str) -> Project {
    let mut project = Project::with("a.env", "@@rocketpunch-app-key@@\n");
    project.plant("sub/b.env", "@@rocketpunch-app-key@@\n@@github-personal-access-token@@\n");
    project.make_repository();
    project.write("straykey.toml", config.as_bytes());
    project
}

fn reported(project: &Project, args: &[&str]) -> BTreeSet<(String, String)> {
    let (run, report) = project.scan_json(args);
    assert_eq!(run.stderr, "");
    places(&report).into_iter().map(|(path, _, rule)| (path, rule)).collect()
}

fn pairs(all: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    all.iter().map(|&(path, rule)| (path.into(), rule.into())).collect()
}

fn refused(project: &Project, args: &[&str]) -> String {
    let run = project.straykey(args);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    run.stderr
}

fn in_sub(project: &Project, args: &[&str]) -> Run {
    let mut command = project.command(args);
    command.current_dir(project.path("sub"));
    project.finish(command, b"")
}

const ALL: [(&str, &str); 3] = [
    ("a.env", "rocketpunch-app-key"),
    ("sub/b.env", "rocketpunch-app-key"),
    ("sub/b.env", "github-personal-access-token"),
];

#[test]
fn the_file_at_the_root_counts_wherever_one_stands() {
    let project = repository("disable = ['github-personal-access-token']\n");
    assert_eq!(reported(&project, &[]), pairs(&ALL[..2]));
    assert_eq!(reported(&project, &["sub"]), pairs(&ALL[1..2]));
    let run = in_sub(&project, &["scan", "-f", "json", "."]);
    assert_eq!(places(&run.json()).len(), 1, "{}", run.stdout);
    assert_eq!(reported(&project, &["--no-config"]), pairs(&ALL));
}

#[test]
fn another_file_counts_instead_and_a_flag_counts_more() {
    let project =
        repository("disable = ['github-personal-access-token']\nmin_severity = 'critical'\n");
    project.write("ci.toml", b"min_severity = 'critical'\n");
    assert_eq!(reported(&project, &["--config", "ci.toml"]), pairs(&ALL[2..]));
    let args = ["--config", "ci.toml", "--min-severity", "info"];
    assert_eq!(reported(&project, &args), pairs(&ALL));
    assert_eq!(reported(&project, &["--config", "ci.toml", "--no-config"]), pairs(&ALL));
    assert_eq!(reported(&project, &["--no-config", "--config", "ci.toml"]), pairs(&ALL[2..]));
}

#[test]
fn a_glob_is_relative_to_the_root_and_not_to_where_one_stands() {
    let project = repository("exclude = ['/sub/b.env']\n");
    assert_eq!(reported(&project, &[]), pairs(&ALL[..1]));
    assert_eq!(reported(&project, &["sub/b.env"]), pairs(&[]));
    assert_eq!(in_sub(&project, &["scan", "b.env"]).code, 0);
    let project = repository("exclude = ['sub/']\n");
    assert_eq!(reported(&project, &[]), pairs(&ALL[..1]));
}

#[test]
fn a_rule_is_added_and_another_is_changed() {
    let project = repository(
        "[[rule]]\nid = 'acme-key'\ntitle = 'Acme key'\nseverity = 'high'\nkeywords = ['acme_']\nregex = '(?<secret>acme_[0-9a-f]{20})'\n\n[[rule]]\nid = 'github-personal-access-token'\nseverity = 'low'\n",
    );
    project.write("c.env", ["KEY=acm", "e_9f3c0e1ba7d2468c5e07\n"].concat().as_bytes());
    let (_, report) = project.scan_json(&[]);
    let of = |rule: &str| findings(&report).iter().find(|f| f["rule"] == rule).unwrap();
    assert_eq!(count(&report), 4);
    assert_eq!(of("acme-key")["severity"], "high");
    assert_eq!(of("github-personal-access-token")["severity"], "low");
    let list = project.straykey(&["rules", "list"]);
    assert!(list.stdout.contains("\nacme-key "), "{}", list.stdout);
    let explained = project.straykey(&["explain", "c.env:1"]).stdout;
    assert!(explained.contains("`acme-key`"), "{explained}");
}

#[test]
fn rule_files_are_used() {
    let project = repository("rules = ['ours']\n");
    let (_, text) = straykey::rule::load::BUILTIN_FILES
        .iter()
        .find(|(name, _)| name.ends_with("/hirepanda.toml"))
        .unwrap();
    project.write("ours/h.toml", text.replace("hirepanda-", "ourpanda-").as_bytes());
    let list = project.straykey(&["rules", "list"]);
    assert!(list.stdout.contains("\nourpanda-"), "{}{}", list.stdout, list.stderr);
}

#[test]
fn severity_moves_by_rule_and_path_and_says_why() {
    let project = repository(
        "[[severity]]\npaths = ['sub/']\nlevel = 'medium'\n\n[[severity]]\nrules = ['rocketpunch-*']\npaths = ['sub/']\nlevel = 'info'\nreason = 'a sandbox.'\n",
    );
    let (_, report) = project.scan_json(&[]);
    let severities: Vec<_> = findings(&report).iter().map(|f| &f["severity"]).collect();
    assert_eq!(severities[1..], ["info", "medium"]);
    let reasons = findings(&report)[1]["reasons"].to_string();
    assert!(
        reasons.contains("the configuration sets its severity to info: a sandbox\""),
        "{reasons}"
    );
}

#[test]
fn what_is_below_fail_on_is_reported_and_does_not_fail() {
    let project = repository("fail_on = 'critical'\ndisable = ['github-personal-access-token']\n");
    let (run, report) = project.scan_json(&[]);
    assert_eq!((run.code, count(&report)), (0, 2));
    assert_eq!(project.scan(&["--fail-on", "low"]).code, 1);
}

#[test]
fn a_file_extends_another_and_says_more() {
    let project = repository(
        "extends = 'base/all.toml'\nmin_severity = 'info'\ndisable = ['github-personal-access-token']\n",
    );
    project.write(
        "base/all.toml",
        b"extends = '../more.toml'\nmin_severity = 'critical'\nexclude = ['a.env']\n",
    );
    project.write("more.toml", b"fail_on = 'critical'\n");
    assert_eq!(reported(&project, &[]), pairs(&ALL[1..2]));
    let shown = project.straykey(&["config", "show"]).stdout;
    for line in [
        "    \"github-personal-access-token\",  # straykey.toml:3\n",
        "    \"a.env\",  # ./base/all.toml:3\n",
        "min_severity = \"info\"  # straykey.toml:2\n",
        "min_confidence = \"low\"  # default\n",
        "fail_on = \"critical\"  # ./base/../more.toml:1\n",
    ] {
        let line = line.replace("./base", "base");
        assert!(shown.contains(&line), "`{line}` is not in:\n{shown}");
    }
}

#[test]
fn a_circle_is_an_error() {
    let project = repository("extends = 'b.toml'\n");
    project.write("b.toml", b"extends = 'straykey.toml'\n");
    assert_eq!(refused(&project, &["scan"]), "straykey: `straykey.toml` extends itself\n");
}

#[test]
fn a_chain_has_a_bound() {
    let project = repository("extends = '0.toml'\n");
    for n in 0..9 {
        project.write(format!("{n}.toml"), format!("extends = '{}.toml'\n", n + 1).as_bytes());
    }
    let said = refused(&project, &["scan"]);
    assert_eq!(said, "straykey: `7.toml` is extended over too many files; at most 8 are read\n");
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_would_be_right() {
    for (config, said) in [
        (
            "x = 1\n",
            "line 1, column 1: unknown field `x`, expected one of `extends`, `rules`, `disable`",
        ),
        (
            "\nmin_severity = 'sev-q8Zt1LmV'\n",
            "line 2, column 16: unknown value, expected one of `info`, `low`",
        ),
        (
            "exclude = 'sev-q8Zt1LmV'\n",
            "line 1, column 11: invalid type: string, expected a sequence",
        ),
        (
            "disable = ['github-personal-access-tokan']\n",
            "line 1: `disable` names no rule: `github-personal-access-tokan`; did you mean `github-personal-access-token`?",
        ),
        ("disable = ['github-*']\n", "line 1: `disable` names no rule: `github-*`"),
        ("exclude = ['!a']\n", "line 1: `exclude` can't hold `!a`"),
        ("exclude = ['a[']\n", "line 1: `exclude` holds `a[`, which is not a glob"),
        (
            "[[allow]]\nreason = 'x'\n",
            "line 1: `allow` needs one of `paths`, `path_regexes`, `values`, `rules`, `commits`, `fingerprints`",
        ),
        (
            "[[allow]]\nvalues = ['sev-q8Zt1LmV(']\n",
            "line 1: `allow` has an entry that is not a regex",
        ),
        (
            "[[allow]]\nvalues = ['sev-q8Zt1LmV|']\n",
            "line 1: `allow` has a regex that matches everything",
        ),
        (
            "[[allow]]\ncommits = ['HEAD']\n",
            "line 1: `allow.commits` takes hashes of 7 to 64 hex digits",
        ),
        ("[[allow]]\nrules = ['acme-key']\n", "line 1: `allow.rules` names no rule: `acme-key`"),
        ("[[severity]]\nlevel = 'low'\n", "line 1: `severity` needs `rules` or `paths`"),
        (
            "[[severity]]\nrules = ['acme-key']\nlevel = 'low'\n",
            "line 1: `severity.rules` names no rule: `acme-key`",
        ),
        ("[[rule]]\nid = 'a-b'\n", "line 1: missing field `title`"),
        ("[[rule]]\ntitle = 'a-b'\n", "line 1: a `[[rule]]` needs an `id`"),
        ("baseline = 'none.json'\n", "line 1: `baseline` names `none.json`, which can't be read"),
    ] {
        let said_of = refused(&repository(config), &["scan"]);
        assert!(said_of.contains("`straykey.toml`: "), "{said_of}");
        assert!(said_of.contains(said), "`{said}` is not in: {said_of}");
        assert!(!said_of.contains("q8Zt1LmV"), "a value is quoted: {said_of}");
    }
}

#[test]
fn a_repository_names_no_file_outside_it() {
    let secret = ["root:q8Zt1", "LmV0xWc5RbN"].concat();
    let outside = Project::empty();
    outside.write("passwd", secret.as_bytes());
    let path = outside.path("passwd");
    for key in ["extends = '{}'", "rules = ['{}']", "baseline = '{}'"] {
        for target in [path.to_str().unwrap(), "../../x.toml", "../nothing/here"] {
            let said = refused(&repository(&key.replace("{}", target)), &["scan"]);
            assert!(said.contains("must name a file in this repository"), "{said}");
        }
    }
    let project = repository("");
    fs::remove_file(project.path("straykey.toml")).unwrap();
    std::os::unix::fs::symlink(&path, project.path("straykey.toml")).unwrap();
    let said = refused(&project, &["scan"]);
    assert_eq!(said, "straykey: `straykey.toml` leads out of the repository\n");
    let said = refused(&project, &["scan", "--config", path.to_str().unwrap()]);
    assert!(said.contains("line 1, column ") && !said.contains("q8Zt1"), "{said}");
}

#[test]
fn a_configuration_that_is_no_file_is_refused_and_not_waited_for() {
    let project = repository("");
    fs::remove_file(project.path("straykey.toml")).unwrap();
    fs::create_dir(project.path("straykey.toml")).unwrap();
    assert_eq!(refused(&project, &["scan"]), "straykey: `straykey.toml` is not a file\n");
    assert_eq!(
        refused(&project, &["scan", "--config", "/dev/zero"]),
        "straykey: `/dev/zero` is not a file\n"
    );
    let said = refused(&project, &["scan", "--config", "none.toml"]);
    assert!(said.starts_with("straykey: cannot read `none.toml`: "), "{said}");
}

#[test]
fn what_a_configuration_asks_of_every_finding_has_a_bound() {
    let project = repository(&"[[severity]]\nrules = ['jwt-*']\nlevel = 'low'\n".repeat(1_001));
    let said = refused(&project, &["scan"]);
    assert!(said.contains("`severity` has 1001 entries; at most 1000 are read"), "{said}");
    project.write("straykey.toml", &vec![b'#'; (1 << 20) + 1]);
    let said = refused(&project, &["scan"]);
    assert_eq!(said, "straykey: `straykey.toml` has 1048577 bytes; at most 1048576 are read\n");
}

#[test]
fn a_policy_overrules_what_undercuts_it_and_says_so() {
    let project = repository(
        "disable = ['github-personal-access-token', 'rocketpunch-app-key']\nexclude = ['sub/', 'vendor/']\nmin_severity = 'critical'\nfail_on = 'critical'\n\n[[severity]]\nrules = ['github-*']\nlevel = 'info'\n\n[[rule]]\nid = 'github-personal-access-token'\nregex = '(?<secret>ghp_never)'\nkeywords = ['ghp_']\n",
    );
    project.write(
        "policy.toml",
        b"required_rules = ['github-*']\nexclude = ['vendor/']\nmin_severity = 'low'\nfail_on = 'high'\n\n[[severity]]\nrules = ['github-*']\nlevel = 'high'\nreason = 'money'\n",
    );
    let run = project.scan(&["-f", "json", "--policy", "policy.toml"]);
    let report = run.json();
    assert_eq!(places(&report).len(), 1, "{report:#}");
    let finding = &findings(&report)[0];
    assert_eq!(
        (&finding["rule"], &finding["severity"]),
        (&"github-personal-access-token".into(), &"high".into())
    );
    assert!(
        finding["reasons"]
            .to_string()
            .contains("the policy asks for a severity of at least high: money")
    );
    assert_eq!(run.code, 1);
    let said: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(
        said,
        [
            "straykey: the policy `policy.toml` overrules `straykey.toml`: line 1: the rule `github-personal-access-token` stays on",
            "straykey: the policy `policy.toml` overrules `straykey.toml`: line 10: the rule `github-personal-access-token` is not added or changed",
            "straykey: the policy `policy.toml` overrules `straykey.toml`: line 2: `sub/` is not excluded",
            "straykey: the policy `policy.toml` overrules `straykey.toml`: line 3: `min_severity` is not raised above what the policy says",
            "straykey: the policy `policy.toml` overrules `straykey.toml`: line 4: `fail_on` is not raised above what the policy says",
        ]
    );
}

#[test]
fn a_policy_holds_against_flags_too() {
    let project = repository("");
    project.write(
        "policy.toml",
        b"required_rules = ['github-*']\nexclude = []\nmin_severity = 'info'\n",
    );
    let scan = |args: &[&str]| {
        let (_, report) = project.scan_json(&[&["--policy", "policy.toml"], args].concat());
        places(&report).into_iter().map(|(_, _, rule)| rule).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(scan(&["--rule", "rocketpunch-app-key"]), 2);
    assert_eq!(scan(&["--exclude-rule", "github-personal-access-token"]), 2);
    assert_eq!(scan(&["--exclude", "*.env"]), 2);
    assert_eq!(scan(&["--min-severity", "critical"]), 2);
    let said = refused(&project, &["scan", "--policy", "none.toml"]);
    assert!(said.starts_with("straykey: cannot read `none.toml`: "), "{said}");
    project.write("policy.toml", b"required_rules = ['github-personal-access-tokan']\n");
    let said = refused(&project, &["scan", "--policy", "policy.toml"]);
    assert!(said.contains("did you mean `github-personal-access-token`?"), "{said}");
}

#[test]
fn what_is_allowed_is_not_new() {
    for (allow, kept) in [
        ("paths = ['sub/']", &ALL[..1]),
        ("rules = ['github-*']", &ALL[..2]),
        ("rules = ['github-*']\npaths = ['a.env']", &ALL[..]),
        ("values = ['^rp_app_']", &ALL[2..]),
    ] {
        let project = repository(&format!("[[allow]]\n{allow}\nreason = 'x'\n"));
        assert_eq!(reported(&project, &[]), pairs(kept), "{allow}");
    }
}

#[test]
fn a_policy_never_allows_some_rules() {
    let project = repository("[[allow]]\npaths = ['*.env']\n");
    assert_eq!(reported(&project, &[]), pairs(&[]));
    project.write("policy.toml", b"never_allow = ['github-*']\n");
    let run = project.scan(&["-f", "json", "--policy", "policy.toml"]);
    let rules: Vec<_> = places(&run.json()).into_iter().map(|(_, _, rule)| rule).collect();
    assert_eq!((run.code, rules), (1, vec!["github-personal-access-token".to_owned()]));
    assert_eq!(
        run.stderr,
        "straykey: the policy overrules the configuration (straykey.toml:1): `github-personal-access-token` is never allowed\n"
    );
}

#[test]
fn the_configured_baseline_is_used_and_written() {
    let project = repository("baseline = 'known/accepted'\n");
    project.write("known/accepted", b"");
    assert_eq!(project.scan(&[]).code, 1);
    let written = project.straykey(&["baseline", "write"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert_eq!(project.scan(&[]).code, 0);
    assert!(project.read("known/accepted").contains("github-personal-access-token "));
    assert_eq!(project.scan(&["--no-baseline"]).code, 1);
}

#[test]
fn a_policy_can_forbid_own_rules() {
    let project = repository(
        "[[rule]]\nid = 'acme-key'\ntitle = 'Acme key'\nseverity = 'high'\nkeywords = ['acme_']\nregex = '(?<secret>acme_[0-9a-f]{20})'\n",
    );
    project.write("policy.toml", b"own_rules = false\n");
    let run = project.straykey(&["rules", "list", "--policy", "policy.toml"]);
    assert!(!run.stdout.contains("\nacme-key "));
    assert!(run.stderr.contains("the rule `acme-key` is not added or changed"), "{}", run.stderr);
}

#[test]
fn shown_settings_are_a_configuration_and_hide_values() {
    let project = repository(
        "disable = ['github-personal-access-token']\n\n[[allow]]\nvalues = ['^sev-q8Zt1LmV$']\npaths = ['sub/']\nreason = 'it is \"fake\"'\n\n[[severity]]\nrules = ['github-*']\nlevel = 'info'\n",
    );
    let shown = project.straykey(&["config", "show"]).stdout;
    assert!(!shown.contains("q8Zt1LmV"), "{shown}");
    let shown = project.straykey(&["config", "show", "--show-secrets"]).stdout;
    assert!(shown.contains("values = [\"^sev-q8Zt1LmV$\"]"), "{shown}");
    project.write("shown.toml", shown.as_bytes());
    let again = project.straykey(&["config", "show", "--show-secrets", "--config", "shown.toml"]);
    let plain = |text: &str| {
        text.lines().map(|l| l.split("  #").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(plain(&again.stdout), plain(&shown), "{}", again.stderr);
}

#[test]
fn without_a_repository_the_current_directory_counts() {
    let project = Project::with("x/a.env", "@@!rocketpunch-app-key@@\n");
    project.write("straykey.toml", b"disable = ['rocketpunch-app-key']\n");
    project.assert_marks_are_reported(&[]);
    project.assert_marks_are_reported(&["x"]);
}

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_schemas_are_those_of_the_binary_and_say_what_it_says() {
    let project = Project::empty();
    for (args, name) in [
        (&["config", "schema"][..], "straykey.schema.json"),
        (&["config", "schema", "policy"], "straykey-policy.schema.json"),
    ] {
        assert_eq!(
            project.straykey(args).json(),
            schema(name),
            "`straykey {}` prints it",
            args.join(" ")
        );
    }
    let config = jsonschema::validator_for(&schema("straykey.schema.json")).unwrap();
    let json = |toml: &str| serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap();
    for (toml, valid) in [
        ("extends = 'a'\nrules = ['b']\nfail_on = 'high'\n[[allow]]\nvalues = ['x']\n", true),
        ("[[rule]]\nid = 'a-b'\nseverity = 'low'\n", true),
        ("[[severity]]\nrules = ['a-b']\nlevel = 'low'\n", true),
        ("[[rule]]\nseverity = 'low'\n", false),
        ("fail_on = 'worst'\n", false),
        ("fail-on = 'high'\n", false),
        ("[[allow]]\nvalue = ['x']\n", false),
    ] {
        assert_eq!(config.is_valid(&json(toml)), valid, "{toml}");
    }
}
