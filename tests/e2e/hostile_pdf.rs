//! PDFs made to hurt: limits stop them, nothing runs without an end, and what can be read is read.

use std::time::{Duration, Instant};

use crate::{
    containers::{ledger, places},
    pack,
    pdf_writer::{self, Pdf, shown},
    project::{Project, Run},
    repository::settings,
};

/// What is found in a PDF, and what the ledger says of it.
struct Scan {
    ways: Vec<String>,
    report: serde_json::Value,
    run: Run,
}

/// A scan of `pdf`, which takes seconds and not minutes.
fn scan(pdf: &[u8], args: &[&str]) -> Scan {
    let project = Project::empty();
    project.write("a.pdf", pdf);
    let begin = Instant::now();
    let (run, report) = project.scan_json(args);
    assert!(begin.elapsed() < Duration::from_secs(50), "{:?}", begin.elapsed());
    let ways = places(&report).into_iter().map(|(_, way, _)| way).collect();
    Scan { ways, report, run }
}

/// Expects that all is read in spite of it.
fn harmless(pdf: &[u8], ways: &[&str]) {
    let Scan { ways: found, report, run } = scan(pdf, &[]);
    assert_eq!(found, ways);
    assert_eq!(report["coverage"]["skipped"], serde_json::json!({}));
    assert_eq!(run.stderr, "");
}

fn stopped(pdf: &[u8], args: &[&str], kind: &str) {
    let Scan { report, run, .. } = scan(pdf, args);
    assert_eq!(ledger(&report, kind), ["a.pdf"], "{report}");
    assert_eq!(run.stderr, "");
}

#[test]
fn bombs_are_stopped_by_their_ratio() {
    let zeros = vec![b' '; 40 << 20];
    let mut content = Pdf::new();
    let bomb = content.packed("", &zeros);
    content.page(&format!("/Contents {bomb} 0 R"));
    stopped(&content.finish(), &[], "ratio-limit");
    let mut objects = Pdf::new();
    objects.packed("/Type/ObjStm/N 1/First 4", &zeros);
    stopped(&objects.finish(), &[], "ratio-limit");
    let mut map = Pdf::new();
    let bomb = map.packed("", &zeros);
    let font = map.object(format!("<</Subtype/Type1/ToUnicode {bomb} 0 R>>"));
    let content = map.stream("", b"/F1 1 Tf");
    map.page(&format!("/Contents {content} 0 R/Resources<</Font<</F1 {font} 0 R>>>>"));
    stopped(&map.finish(), &[], "ratio-limit");
    let mut twice = Pdf::new();
    let packed = pack::zlib(&pack::zlib(&zeros));
    let bomb = twice.stream("/Filter[/FlateDecode/FlateDecode]", &packed);
    twice.page(&format!("/Contents {bomb} 0 R"));
    stopped(&twice.finish(), &[], "ratio-limit");
    let mut file = Pdf::new();
    file.attach("zeros", &zeros);
    let Scan { report, .. } = scan(&file.finish(), &[]);
    assert_eq!(ledger(&report, "ratio-limit"), ["a.pdf › zeros"]);
}

#[test]
fn a_thousand_bombs_are_one() {
    let bomb = pack::zlib(&vec![b' '; 100 << 20]);
    let mut pdf = Pdf::new();
    for _ in 0..100 {
        pdf.stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &bomb);
    }
    stopped(&pdf.finish(), &["--max-ratio", "1000000"], "held-bytes-limit");
}

#[test]
fn streams_of_objects_are_held_within_limits() {
    let noise: Vec<u8> = (0..500_000_u32).flat_map(|n| (n.wrapping_mul(n)).to_le_bytes()).collect();
    let mut pdf = Pdf::new();
    pdf.packed("/Type/ObjStm/N 1/First 4", &noise);
    stopped(&pdf.finish(), &["--max-held-megabytes", "1"], "held-bytes-limit");
}

#[test]
fn filters_in_each_other_have_an_end() {
    let mut pdf = Pdf::new();
    let many = "/FlateDecode".repeat(1000);
    let content = pdf.stream(&format!("/Filter[{many}]"), b"x");
    pdf.page(&format!("/Contents {content} 0 R"));
    stopped(&pdf.finish(), &[], "unopened");
}

#[test]
fn circles_are_gone_round_once() {
    let mut pages = Pdf::new();
    let page = pages.page_of(&settings(1));
    let (next, root) = (page + 1, page + 2);
    pages.object(format!(
        "<</Kids[{next} 0 R {page} 0 R {page} 0 R {next} 0 R]/Parent {next} 0 R>>"
    ));
    pages.object(format!("<</Type/Catalog/Pages {next} 0 R>>"));
    let mut file = pages.finish();
    file.extend(format!("trailer<</Root {root} 0 R>>\n%%EOF\n").bytes());
    harmless(&file, &["page 1"]);
    let mut forms = Pdf::new();
    let text = [&shown(&settings(1))[..], b"/A Do /B Do"].concat();
    let resources = "/Resources<</XObject<</A 1 0 R/B 2 0 R>>/Font 3 0 R>>";
    forms.packed(&format!("/Subtype/Form{resources}"), &text);
    forms.packed(&format!("/Subtype/Form{resources}"), b"/A Do /B Do");
    forms.object("3 0 R");
    let content = forms.stream("", b"/B Do");
    forms.page(&format!("/Contents {content} 0 R{resources}"));
    harmless(&forms.finish(), &["page 1"]);
    let mut lengths = Pdf::new();
    let content = [b"<</Length 1 0 R/Filter 2 0 R>>stream\n", &*shown(&settings(1)), b"endstream"];
    lengths.object(content.concat());
    lengths.object("[2 0 R 2 0 R]");
    lengths.page("/Contents 1 0 R/Annots 2 0 R/Resources 3 0 R");
    let Scan { report, .. } = scan(&lengths.finish(), &[]);
    assert_eq!(ledger(&report, "damaged-container"), ["a.pdf"]);
}

#[test]
fn forms_that_show_many_forms_are_shown_once_each() {
    let mut pdf = Pdf::new();
    let names: String = (1..=60).map(|n| format!("/X{n} {n} 0 R")).collect();
    let shows: String = (1..=60).map(|n| format!("/X{n} Do ")).collect();
    for _ in 0..60 {
        pdf.packed(&format!("/Subtype/Form/Resources<</XObject<<{names}>>>>"), shows.as_bytes());
    }
    let last = pdf.packed("", &[shows.as_bytes(), &shown(&settings(1))].concat());
    pdf.page(&format!("/Contents {last} 0 R/Resources<</XObject<<{names}>>>>"));
    harmless(&pdf.finish(), &["page 1"]);
}

#[test]
fn pages_that_share_what_they_show_cost_no_more() {
    let mut pdf = Pdf::new();
    let text = "(a line of text that is long enough) Tj T*\n".repeat(50_000);
    let content = pdf.packed("", &[text.as_bytes(), &shown(&settings(1))].concat());
    let fonts: String = (0..20_000).map(|n| format!("/F{n} 1 0 R")).collect();
    let resources = pdf.object(format!("<</Font<<{fonts}>>>>"));
    for _ in 0..5000 {
        pdf.page(&format!("/Contents {content} 0 R/Resources {resources} 0 R"));
    }
    harmless(&pdf.finish(), &["page 1"]);
}

#[test]
fn a_million_objects_take_their_time_and_no_more() {
    let tiny: String = (1..1_000_000).map(|n| format!("{n} 0 obj 1 endobj ")).collect();
    harmless(
        &[&pdf_writer::page(&settings(1))[..], tiny.as_bytes(), b"%%EOF"].concat(),
        &["object 2 before an update"],
    );
    let strings: String = (100..300_000).map(|n| format!("{n} 0 obj(text)endobj ")).collect();
    let Scan { ways, report, .. } =
        scan(&[&pdf_writer::page(&settings(1))[..], strings.as_bytes()].concat(), &[]);
    assert_eq!(ways, ["page 1"]);
    assert_eq!(ledger(&report, "members-limit").len(), 1, "{report}");
}

#[test]
fn what_nests_without_end_is_read_without_a_stack() {
    let deep = 3_000_000;
    for (open, close) in [("[", "]"), ("<<", ">>"), ("<</A", ">>"), ("(", ")")] {
        let mut pdf = Pdf::new();
        pdf.object(format!("{}{}", open.repeat(deep), close.repeat(deep)));
        let nested = format!("{} {} TJ ", open.repeat(deep), close.repeat(deep));
        let content = pdf.packed("", &[nested.as_bytes(), b"ET ", &shown(&settings(1))].concat());
        pdf.page(&format!("/Contents {content} 0 R/Resources 1 0 R/Annots 1 0 R"));
        let Scan { ways, run, .. } = scan(&pdf.finish(), &[]);
        assert_eq!((ways, run.stderr.as_str()), (vec!["page 1".to_owned()], ""), "{open}");
    }
}

#[test]
fn what_is_never_closed_is_read_a_few_times_at_most() {
    for unit in [
        "1 0 obj(",
        "1 0 obj<<",
        "1 0 obj<</A<",
        "1 0 obj[",
        "1 0 obj<<>>stream\n",
        "7 0 obj %",
        "trailer<<(",
    ] {
        let start = b"%PDF-1.4\n9 0 obj 1 endobj\n".to_vec();
        let file = [start, unit.repeat(1_000_000).into_bytes()].concat();
        let Scan { run, .. } = scan(&file, &[]);
        assert!(run.code == 2 || run.code == 0, "{unit}: {}", run.stderr);
    }
    let mut pdf = Pdf::new();
    let content = pdf.packed("", "[(".repeat(2_000_000).as_bytes());
    pdf.page(&format!("/Contents {content} 0 R"));
    let Scan { run, .. } = scan(&pdf.finish(), &["--max-ratio", "100000"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn what_is_cut_off_is_damage_and_its_beginning_is_read() {
    let mut pdf = Pdf::new();
    let content = pdf.packed("", &shown(&settings(1)));
    pdf.page(&format!("/Contents {content} 0 R"));
    let noise: Vec<u8> = (0..50_000_u32).flat_map(|n| (n.wrapping_mul(n)).to_le_bytes()).collect();
    pdf.packed("/Subtype/Image", &noise);
    let file = pdf.finish();
    let Scan { ways, report, run } = scan(&file[..file.len() / 2], &[]);
    assert_eq!(ways, [format!("object {content}")]);
    assert_eq!(ledger(&report, "damaged-container"), ["a.pdf"]);
    assert_eq!(run.code, 2);
    let mut packed = pack::zlib(&shown(&settings(1)));
    let half = packed.len() - 6;
    packed[half] ^= 0x55;
    let mut pdf = Pdf::new();
    let content = pdf.stream("/Filter/FlateDecode", &packed);
    pdf.page(&format!("/Contents {content} 0 R"));
    let Scan { report, run, .. } = scan(&pdf.finish(), &[]);
    assert_eq!(ledger(&report, "damaged-container"), ["a.pdf"]);
    assert_eq!(run.code, 2);
}

#[test]
fn time_is_limited() {
    let mut pdf = Pdf::new();
    for n in 0..200 {
        pdf.page_of(&format!("page {n}"));
    }
    stopped(&pdf.finish(), &["--max-seconds", "0"], "time-limit");
}
