//! Packs hold a file as edits of another one. A key that no edit holds whole is found all the same.

use std::fmt::Write as _;

use crate::{
    fakes,
    repository::{Known, Repository, key, settings},
};

/// Enough other text that git stores the next version as an edit of this one.
fn filler(lines: usize) -> String {
    (0..lines).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "line {n} of a file that is long enough, {}", n * n);
        text
    })
}

/// Packs everything, with chains of edits as long as git likes.
fn pack(repo: &Repository) {
    repo.git(&["repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50"]);
    let pack = repo.git(&["rev-parse", "--git-path", "objects/pack"]);
    let index = std::fs::read_dir(repo.path(&pack)).unwrap().map(|f| f.unwrap().path());
    let index = index.filter(|p| p.extension().is_some_and(|e| e == "idx")).last().unwrap();
    let said = repo.git(&["verify-pack", "-v", index.to_str().unwrap()]);
    assert!(said.contains("chain length = 1"), "nothing is stored as an edit:\n{said}");
}

/// Both ways of scanning say the same, byte by byte.
fn assert_twins_agree(repo: &Repository) {
    let fast = repo.scan(&["-f", "json"]);
    let slow = repo.scan(&["-f", "json", "--whole-blobs"]);
    assert_eq!((fast.code, fast.stderr.as_str()), (slow.code, slow.stderr.as_str()));
    assert!(fast.stdout == slow.stdout, "{}\n{}", fast.stdout, slow.stdout);
}

/// The versions of a file, each with whether it holds key 0.
fn assert_versions(versions: &[(String, bool)]) {
    for (n, (text, has)) in versions.iter().enumerate() {
        let keys: Vec<String> = fakes::all_in(text).into_iter().map(|(_, key)| key).collect();
        assert_eq!(keys, vec![key(0); usize::from(*has)], "version {n}");
    }
    let repo = Repository::new();
    let commits: Vec<_> = versions.iter().map(|(t, _)| repo.commit_file("a.txt", t)).collect();
    let has: Vec<usize> = (0..versions.len()).filter(|n| versions[*n].1).collect();
    let line = |n: usize| {
        let before = versions[n].0.find(key(0)).unwrap();
        1 + versions[n].0[..before].matches('\n').count() as u64
    };
    let (first, last) = (has[0], has[has.len() - 1]);
    let now = if last + 1 == versions.len() { last } else { first };
    let mut known = Known::new("a.txt", 0, line(now), "commit")
        .introduced_in_line(&commits[first], line(first))
        .commits(has.len())
        .on_main();
    known = match commits.get(last + 1) {
        Some(removed) => known.removed(removed),
        None => known.alive(),
    };
    repo.assert_known(std::slice::from_ref(&known));
    pack(&repo);
    repo.assert_known(&[known]);
    assert_twins_agree(&repo);
}

#[test]
fn a_key_that_two_edits_put_together() {
    let (head, tail) = key(0).split_at(20);
    let with = |k: &str| format!("{}x = {k}\n{}", filler(50), filler(80));
    let whole = with(key(0));
    assert_versions(&[(with(head), false), (whole.clone(), true), (with(tail), false)]);
    assert_versions(&[(with(tail), false), (whole.clone(), true)]);
    assert_versions(&[(whole, true), (with(&format!("{head}!{tail}")), false)]);
}

#[test]
fn a_key_whose_halves_were_apart() {
    let (head, tail) = key(0).split_at(20);
    let apart = format!("{}x = {head}\n{}{tail}\n", filler(50), filler(60));
    let together = format!("{}x = {head}{tail}\n{}", filler(50), filler(60));
    assert_versions(&[(apart.clone(), false), (together.clone(), true), (apart, false)]);
}

#[test]
fn a_key_that_ends_where_another_letter_came() {
    let with = |end: &str| format!("{}x = {}{end}\n{}", filler(50), key(0), filler(60));
    // The key of another length is no key of that service.
    let longer = "AbCdEfGh1234567".repeat(20);
    assert_versions(&[(with(""), true), (with(&longer), false)]);
    assert_versions(&[(with(&longer), false), (with(""), true), (with(" # old"), true)]);
}

#[test]
fn a_key_that_moves_with_each_of_sixty_edits() {
    let version = |n: usize| {
        let key = if (10..50).contains(&n) { settings(0) } else { String::new() };
        (format!("{}{key}{}version {n}\n", filler(n + 20), filler(40)), (10..50).contains(&n))
    };
    assert_versions(&(0..60).map(version).collect::<Vec<_>>());
}

#[test]
fn a_key_that_comes_and_goes_in_a_file_of_a_megabyte() {
    let long = filler(20_000);
    let version = |n: usize| {
        let has = n % 2 == 1 && n < 8;
        let key = if has { settings(0) } else { String::new() };
        (format!("{long}{key}{}{long}", filler(n)), has)
    };
    assert_versions(&(0..10).map(version).collect::<Vec<_>>());
}

#[test]
fn a_name_and_a_value_that_were_written_by_different_edits() {
    let mut repo = Repository::new();
    let text = repo.project.expand("a.txt", "@@hirepanda-api-key@@");
    let with = |name: &str, value: &str| {
        format!("{}[{name}]\napi_key = \"{value}\"\n{}", filler(50), filler(60))
    };
    repo.commit_file("a.txt", &with("hirepanda", "none"));
    repo.commit_file("a.txt", &with("else", "none"));
    repo.commit_file("a.txt", &with("else", &text));
    repo.commit_file("a.txt", &with("hirepanda", &text));
    repo.commit_file("a.txt", &with("hirepanda", "none"));
    let loose = repo.scan(&["-f", "json", "--rule", "hirepanda-api-key"]);
    assert_eq!(loose.code, 1, "{}", loose.stderr);
    let history = &loose.json()["findings"][0]["history"];
    assert_eq!(history["introduced"]["commit"], repo.id("HEAD^"));
    assert_eq!(history["removed"]["commit"], repo.id("HEAD"));
    pack(&repo);
    let packed = repo.scan(&["-f", "json", "--rule", "hirepanda-api-key"]);
    assert_eq!(packed.json()["findings"], loose.json()["findings"]);
    assert_twins_agree(&repo);
}

#[test]
fn a_key_that_only_a_version_in_the_middle_of_a_chain_has() {
    let with = |text: &str| format!("{}{text}{}", filler(40), filler(90));
    let plain = |n: usize| (with(&format!("version {n}\n")), false);
    assert_versions(&[plain(0), plain(1), (with(&settings(0)), true), plain(3), plain(4)]);
}

#[test]
fn a_file_that_is_an_edit_of_another_file_has_its_own_findings() {
    let repo = Repository::new();
    let with = |n: usize, end: &str| format!("{}{}{}{end}", filler(70), settings(n), filler(70));
    let commits: Vec<_> = (0..6)
        .map(|n| repo.commit_file(&format!("{n}.txt"), &with(n % 2, &n.to_string())))
        .collect();
    let expected: Vec<_> = (0..6)
        .map(|n| {
            let known = Known::new(&format!("{n}.txt"), n % 2, 72, "commit");
            known.introduced(&commits[n]).alive().commits(6 - n).on_main()
        })
        .collect();
    repo.assert_known(&expected);
    pack(&repo);
    repo.assert_known(&expected);
    assert_twins_agree(&repo);
}
