//! Containers made to hurt: each limit stops what exceeds it, the ledger says so, nothing is written, and
//! what stands beside them is found all the same.

use std::{fs, path::Path};

use straykey::{
    content::{Limits, container::Input},
    engine::Engine,
    rule::{RuleSet, load},
};

use crate::{
    containers::{ledger, places},
    pack::{self, File},
    pdf_writer,
    project::{Project, Run},
    repository::{Repository, settings},
};

/// Scans a project of the file `name` beside a key; returns what ended there and what the ledger says.
fn scan(name: &str, bytes: &[u8], args: &[&str], kind: &str) -> (Run, Vec<String>) {
    let project = Project::empty();
    project.write(name, bytes);
    project.write("z.env", settings(0).as_bytes());
    let (run, report) = project.scan_json(args);
    let found = places(&report);
    assert!(found.contains(&("z.env".into(), String::new(), 0)), "{found:?}");
    let files: Vec<_> = fs::read_dir(project.path(".")).unwrap().collect();
    assert_eq!(files.len(), 2, "a scan writes nothing");
    let ledger = ledger(&report, kind).into_iter().map(str::to_owned).collect();
    (run, ledger)
}

fn stopped(name: &str, bytes: &[u8], args: &[&str], kind: &str) -> Vec<String> {
    let (run, ledger) = scan(name, bytes, args, kind);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    ledger
}

fn damaged(name: &str, bytes: &[u8]) -> Vec<String> {
    let (run, ledger) = scan(name, bytes, &[], "damaged-container");
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
    ledger
}

/// The zip `of` one member, whose directory lists that `times` times.
fn overlapping(of: &[u8], times: u16) -> Vec<u8> {
    let at = |magic: &[u8]| of.windows(4).rposition(|w| w == magic).unwrap();
    let (directory, end) = (at(b"PK\x01\x02"), at(b"PK\x05\x06"));
    let entries = of[directory..end].repeat(times.into());
    let mut tail = of[end..].to_vec();
    tail[8..10].copy_from_slice(&times.to_le_bytes());
    tail[10..12].copy_from_slice(&times.to_le_bytes());
    tail[12..16].copy_from_slice(&(entries.len() as u32).to_le_bytes());
    [&of[..directory], &entries, &tail].concat()
}

/// A container of each kind that holds a key.
fn seeds() -> Vec<Vec<u8>> {
    let one = || [("a.env", settings(1).into_bytes())];
    let tar = pack::tar(&one());
    let markup = b"<w:p><w:t>a &amp; b</w:t></w:p>".to_vec();
    vec![
        pack::deflated(&one()),
        pack::zip(&one(), zip::CompressionMethod::BZIP2),
        pack::deflated(&[("word/document.xml", markup)]),
        pack::sqlite("settings", &["TOKEN", "x"]),
        pack::sevenz(&one()),
        pack::class(&["TOKEN", &settings(1)]),
        pack::pyc(&[("TOKEN", &settings(1)), ("B", "c")]),
        pack::mail(
            "Hello",
            &[("a.env", settings(1).into_bytes()), ("a.zip", pack::deflated(&one()))],
        ),
        pack::mbox(&[pack::mail("=3D=\r\n", &[("", tar.clone())]), b"Subject: x\n\ny\n".to_vec()]),
        bundle(),
        pdf_writer::page(&settings(1)),
        pdf_writer::page_of_glyphs(&settings(1)),
        pdf(),
        pack::ar(&one()),
        pack::cpio(&one()),
        pack::rpm(&one()),
        pack::gzip(&tar),
        pack::bzip2(&tar),
        pack::xz(&tar),
        pack::lzma(&tar),
        pack::zstd(&tar),
        pack::lz4(&tar),
        tar,
    ]
}

/// A PDF with all that one can hold.
fn pdf() -> Vec<u8> {
    let mut pdf = pdf_writer::Pdf::new();
    pdf.attach("a.env", settings(1).as_bytes());
    let form = pdf.stream("/Subtype/Form/Matrix[1 0 0 1 2 3]", &pdf_writer::shown("a (b)"));
    let font =
        "<</Subtype/Type1/FirstChar 65/Widths[500 600]/Encoding<</Differences[65/a/uni0042]>>>>";
    let image = b"BI /W 1 /H 1 ID \x01\xff EI /X Do BT /F1 9 Tf [(A)-9<42>] TJ 1 2 (\\101) \" ET";
    let content = pdf.packed("/DecodeParms<</Predictor 1>>", image);
    let note = pdf.object("<</T(a)/V(b)/A<</URI(https://a.test)>>/AP<</N 3 0 R>>>>");
    let resources = format!("<</Font<</F1 {font}>>/XObject<</X {form} 0 R>>>>");
    pdf.page(&format!("/Contents[{content} 0 R]/Annots[{note} 0 R]/Resources{resources}"));
    pdf.trailer = format!("/Info {note} 0 R");
    pdf.finish()
}

/// Two versions of a file in a bundle, one of them stored as a delta.
fn bundle() -> Vec<u8> {
    let repository = Repository::new();
    let lines: String = (0..200).map(|n| format!("line {n} of it\n")).collect();
    repository.commit_file("a.txt", &lines);
    repository.commit_file("a.txt", &(lines + &settings(1)));
    repository.git(&["bundle", "create", "-q", "a.bundle", "--all"]);
    fs::read(repository.path("a.bundle")).unwrap()
}

#[test]
#[ignore = "it writes what fuzzing begins with, into the sources"]
fn write_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in ["containers", "pdf"] {
        fs::create_dir_all(corpus.join(target)).unwrap();
    }
    for (n, seed) in seeds().iter().enumerate() {
        fs::write(corpus.join("containers").join(n.to_string()), seed).unwrap();
        if seed.starts_with(b"%PDF-") {
            fs::write(corpus.join("pdf").join(n.to_string()), seed).unwrap();
        }
    }
}

/// `STRAYKEY_TEST_MUTATIONS` says how many to try of each.
#[test]
fn no_change_of_a_container_makes_a_reader_panic_or_hang() {
    let many = std::env::var("STRAYKEY_TEST_MUTATIONS").ok().and_then(|n| n.parse().ok());
    let limits = Limits { max_expanded_bytes: 1 << 20, ..Limits::default() };
    let engine = Engine::new(RuleSet::new(load::builtin()), 0).with_limits(limits);
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for seed in seeds() {
        for _ in 0..many.unwrap_or(60) {
            let mut bytes = seed.clone();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                match next(4) {
                    0 => bytes[at] = next(256) as u8,
                    1 => bytes[at] ^= 1 << next(8),
                    2 => bytes.truncate(at.max(1)),
                    _ => bytes[at] = 0xff,
                }
            }
            if let Some(kind) = engine.container(&bytes) {
                let stored = bytes.len() as u64;
                engine.sight_container(kind, Input::Stream(&mut &*bytes), stored);
                let input = Input::Seekable(&mut std::io::Cursor::new(bytes));
                engine.sight_container(kind, input, stored);
            }
        }
    }
}

#[test]
fn a_bomb_is_stopped_by_its_ratio() {
    let zeros = vec![0; 40 << 20];
    let bomb = pack::bzip2(&zeros);
    assert_eq!(stopped("a.bz2", &bomb, &[], "ratio-limit"), ["a.bz2 › content"]);
    let zip = pack::deflated(&[("zeros", zeros)]);
    assert_eq!(stopped("a.zip", &zip, &[], "ratio-limit"), ["a.zip › zeros"]);
    let high = ["--max-ratio", "10000000"];
    assert_eq!(stopped("a.bz2", &bomb, &high, "ratio-limit"), Vec::<String>::new());
}

#[test]
fn members_that_overlap_are_stopped_by_their_ratio() {
    let one = pack::deflated(&[("zeros", vec![0; 1 << 20])]);
    let zip = overlapping(&one, 1000);
    assert_eq!(stopped("a.zip", &zip, &[], "ratio-limit"), ["a.zip › zeros"]);
}

#[test]
fn what_holds_itself_is_stopped_by_its_depth() {
    let mut zip = pack::deflated(&[("end", b"x".to_vec())]);
    for n in (1..30).rev() {
        zip = pack::deflated(&[(&format!("{n}.zip"), zip)]);
    }
    let ledger = stopped("a.zip", &zip, &[], "archive-depth-limit");
    assert_eq!(ledger, ["a.zip › 1.zip › 2.zip › 3.zip › 4.zip"]);
    let gzip = (0..30).fold(b"x".to_vec(), |packed, _| pack::gzip(&packed));
    let ledger = stopped("a.gz", &gzip, &["--max-archive-depth", "1"], "archive-depth-limit");
    assert_eq!(ledger, ["a.gz › content"]);
}

#[test]
fn a_thousand_containers_in_each_other_end_at_the_limit() {
    type Packer = fn(Vec<u8>) -> Vec<u8>;
    let packers: [(&str, Packer, &str); 3] = [
        ("gz", |b| pack::gzip(&b), "content"),
        ("zip", |b| pack::deflated(&[("a", b)]), "a"),
        ("tar", |b| pack::tar(&[("a", b)]), "a"),
    ];
    for (name, packer, step) in packers {
        let deep = (0..1000).fold(settings(1).into_bytes(), |bytes, _| packer(bytes));
        let name = format!("a.{name}");
        let way = |steps| [vec![name.as_str()], vec![step; steps]].concat().join(" › ");
        // Each level takes its part of the stack: as many as may be asked for must fit.
        for (depth, args) in [(4, &[][..]), (100, &["--max-archive-depth", "100"])] {
            let args = [args, &["--max-ratio", "10000000"]].concat();
            let ledger = stopped(&name, &deep, &args, "archive-depth-limit");
            assert_eq!(ledger, [way(depth)], "{name}, {depth} levels");
        }
    }
}

/// A zip whose only member is itself: `r.zip` by Russ Cox, <https://research.swtch.com/zip>.
const QUINE: &str = "\
    504b03041400000008000803643cf9f4896448010000b801000007000000722f722e7a6970002500daff504b\
    03041400000008000803643cf9f4896448010000b801000007000000722f722e7a6970002f00d0ff002500da\
    ff504b03041400000008000803643cf9f4896448010000b801000007000000722f722e7a6970002f00d0ffc2\
    548e5739000500faffc2548e5739000500faff000500faff001400ebffc2548e5739000500faff000500faff\
    001400ebff428821c400001400ebff428821c400001400ebff428821c400001400ebff428821c400001400eb\
    ff428821c400000000ffff000000ffff003400cbff428821c400000000ffff000000ffff003400cbff42e821\
    5e0f000000ffff0af066641261c015dce8a048bf48af2ab320c09b950dc46704425306060640000600f9ff6d\
    010000000042e8215e0f000000ffff0af066641261c015dce8a048bf48af2ab320c09b950dc4670442530606\
    0640000600f9ff6d0100000000504b010214001400000008000803643cf9f4896448010000b8010000070000\
    000000000000000000000000000000722f722e7a6970504b05060000000001000100350000006d0100000000\
";

#[test]
fn what_holds_itself_for_ever_is_stopped_by_its_depth() {
    let quine: Vec<u8> = (0..QUINE.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&QUINE[at..at + 2], 16).unwrap())
        .collect();
    let way = |steps| [vec!["r.zip"], vec!["r/r.zip"; steps]].concat().join(" › ");
    assert_eq!(stopped("r.zip", &quine, &[], "archive-depth-limit"), [way(4)]);
    let deep = ["--max-archive-depth", "100"];
    assert_eq!(stopped("r.zip", &quine, &deep, "archive-depth-limit"), [way(100)]);
}

#[test]
fn expanded_bytes_and_time_are_limited() {
    let noise: Vec<u8> =
        (0..3_000_000_u32).flat_map(|n| (n.wrapping_mul(n)).to_le_bytes()).collect();
    let gzip = pack::gzip(&noise);
    let one = ["--max-expanded-megabytes", "1"];
    assert_eq!(stopped("a.gz", &gzip, &one, "expanded-bytes-limit"), ["a.gz › content"]);
    assert_eq!(stopped("a.gz", &gzip, &["--max-seconds", "0"], "time-limit"), ["a.gz › content"]);
}

#[test]
fn held_containers_are_limited() {
    let noise: Vec<u8> = (0..500_000_u32).flat_map(|n| (n.wrapping_mul(n)).to_le_bytes()).collect();
    let zip = pack::zip(&[("noise", noise)], zip::CompressionMethod::STORE);
    let tar = pack::tar(&[("b.zip", zip)]);
    let one = ["--max-held-megabytes", "1"];
    assert_eq!(stopped("a.tar", &tar, &one, "held-bytes-limit"), ["a.tar › b.zip"]);
}

#[test]
fn a_million_members_are_too_many() {
    let name = |n: usize| format!("{n}");
    let names: Vec<String> = (0..1000).map(name).collect();
    let files: Vec<File<'_>> = names.iter().map(|n| (n.as_str(), Vec::new())).collect();
    let few = ["--max-members", "10"];
    assert_eq!(stopped("a.tar", &pack::tar(&files), &few, "members-limit"), ["a.tar › 10"]);
    assert_eq!(stopped("a.zip", &pack::deflated(&files), &few, "members-limit"), ["a.zip › 10"]);
    let member = pack::tar(&[("m", Vec::new())])[..512].to_vec();
    let million = pack::gzip(&member.repeat(1_000_000));
    assert_eq!(
        stopped("a.tgz", &million, &["--max-ratio", "9999"], "members-limit"),
        ["a.tgz › m"]
    );
}

#[test]
fn names_lead_nowhere() {
    let tar = pack::tar(&[("passwd", settings(1).into_bytes())]);
    for name in ["../../escaped", "/tmp/straykey-escaped", "a\nb\x1b[2J"] {
        let mut tar = tar.clone();
        tar[..name.len()].copy_from_slice(name.as_bytes());
        let sum: u32 = tar[..148].iter().chain(&tar[156..512]).map(|&b| u32::from(b)).sum();
        tar[148..156].copy_from_slice(format!("{:06o}\0 ", sum + 8 * 32).as_bytes());
        let project = Project::empty();
        project.write("a.tar", &tar);
        let (run, report) = project.scan_json(&[]);
        let shown = name.replace(char::is_control, "\u{fffd}");
        let end = &places(&report)[0].1;
        assert!(end.starts_with(&shown), "{end:?}");
        assert_eq!(run.code, 1);
        assert!(!Path::new("/tmp/straykey-escaped").exists());
    }
}

#[test]
fn sizes_that_lie_are_damage() {
    let key = || settings(1).into_bytes();
    let mut tar = pack::tar(&[("a.env", key())]);
    tar[124..136].copy_from_slice(b"77777777777\0");
    let sum: u32 = tar[..148].iter().chain(&tar[156..512]).map(|&b| u32::from(b)).sum();
    tar[148..156].copy_from_slice(format!("{:06o}\0 ", sum + 8 * 32).as_bytes());
    assert_eq!(damaged("a.tar", &tar), ["a.tar", "a.tar › a.env"]);
    let mut cpio = pack::cpio(&[("a.env", key())]);
    cpio[54..62].copy_from_slice(b"ffffffff");
    assert_eq!(damaged("a.cpio", &cpio), ["a.cpio", "a.cpio › a.env"]);
    let mut ar = pack::ar(&[("a.env", key())]);
    let size = ar.windows(2).rposition(|w| w == b"`\n").unwrap() - 10;
    ar[size..size + 10].copy_from_slice(b"9999999999");
    assert_eq!(damaged("a.a", &ar), ["a.a", "a.a › a.env"]);
}

#[test]
fn what_is_cut_off_is_damage_and_its_beginning_is_read() {
    let noise: Vec<u8> = (0..50_000_u32).flat_map(|n| (n.wrapping_mul(n)).to_le_bytes()).collect();
    let tar = pack::tar(&[("a.env", settings(1).into_bytes()), ("noise", noise)]);
    let gzip = pack::gzip(&tar);
    let project = Project::empty();
    project.write("a.tar.gz", &gzip[..gzip.len() / 2]);
    let (run, report) = project.scan_json(&[]);
    assert_eq!(places(&report), [("a.tar.gz".into(), "a.env".into(), 2)]);
    assert_eq!(run.code, 2);
    let zip = pack::deflated(&[("a.env", settings(1).into_bytes())]);
    assert_eq!(damaged("a.zip", &zip[..zip.len() - 30]), ["a.zip"]);
}

#[test]
fn a_mail_that_is_cut_off_is_damage_and_its_text_is_read() {
    let noise: Vec<u8> = (0..3000_u32).flat_map(|n| (n.wrapping_mul(n)).to_le_bytes()).collect();
    let mail = pack::mail(&settings(1), &[("a.bin", noise)]);
    let project = Project::empty();
    project.write("a.eml", &mail[..mail.len() - 200]);
    let (run, report) = project.scan_json(&[]);
    assert_eq!(places(&report), [("a.eml".into(), String::new(), 0)]);
    assert_eq!(ledger(&report, "damaged-container"), ["a.eml › a.bin"]);
    assert_eq!(run.code, 2);
}

#[test]
fn parts_without_end_are_not_opened_and_what_they_hold_is_text() {
    let mut mail = b"MIME-Version: 1.0\n".to_vec();
    for n in 0..20_000 {
        mail.extend(format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n").bytes());
    }
    mail.extend(format!("\n{}", settings(1)).bytes());
    let project = Project::empty();
    project.write("a.eml", &mail);
    let (run, report) = project.scan_json(&[]);
    assert_eq!(places(&report), [("a.eml".into(), String::new(), 0)]);
    assert_eq!(ledger(&report, "unopened"), ["a.eml"]);
    assert_eq!(run.code, 1);
    let messages = b"Content-Type: message/rfc822\n\n".repeat(100_000);
    let messages = [b"MIME-Version: 1.0\n", &*messages].concat();
    assert_eq!(stopped("b.eml", &messages, &[], "unopened"), Vec::<String>::new());
}

#[test]
fn mails_in_each_other_are_stopped_by_their_depth() {
    let mail =
        (0..10).fold(b"x".to_vec(), |mail, n| pack::mail("", &[(&format!("{n}.eml"), mail)]));
    let ledger = stopped("a.eml", &mail, &[], "archive-depth-limit");
    assert_eq!(ledger, ["a.eml › 9.eml › 8.eml › 7.eml › 6.eml"]);
}

#[test]
fn the_text_of_a_mail_is_read_whatever_limit_its_parts_reach() {
    let part = |n: usize| (format!("{n}.txt"), b"x".to_vec());
    let parts: Vec<_> = (0..30).map(part).collect();
    let files: Vec<File<'_>> = parts.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    let mut mail = pack::mail("", &files);
    mail.extend(settings(1).bytes());
    let project = Project::empty();
    project.write("a.eml", &mail);
    let (_, report) = project.scan_json(&["--max-members", "10"]);
    assert_eq!(places(&report), [("a.eml".into(), String::new(), 0)]);
    assert_eq!(ledger(&report, "members-limit"), ["a.eml › 10.txt"]);
}

#[test]
fn a_bundle_that_is_cut_off_or_lies_is_damage() {
    let bundle = bundle();
    assert_eq!(damaged("a.bundle", &bundle[..bundle.len() - 60]), ["a.bundle"]);
    let header = b"# v2 git bundle\n\nPACK\0\0\0\x02\xff\xff\xff\xff";
    assert_eq!(damaged("a.bundle", header), ["a.bundle"]);
    assert_eq!(damaged("a.bundle", b"# v2 git bundle\n"), ["a.bundle"]);
    // Blobs that say they have 1000 bytes, and very many.
    let lie = [header, &b"\xb8\x3e"[..], &pack::zlib(b"x")].concat();
    assert_eq!(damaged("a.bundle", &lie), ["a.bundle"]);
    let lie = [header, &b"\xbf\xff\xff\xff\x7f"[..], &pack::zlib(b"x")].concat();
    assert_eq!(stopped("a.bundle", &lie, &[], "expanded-bytes-limit"), ["a.bundle"]);
}

#[test]
fn a_class_or_a_module_that_is_cut_off_is_damage() {
    let class = pack::class(&["a", &settings(1)]);
    assert_eq!(damaged("A.class", &class[..30]), ["A.class"]);
    let pyc = pack::pyc(&[("A", &settings(1))]);
    assert_eq!(damaged("a.pyc", &pyc[..pyc.len() - 20]), ["a.pyc"]);
    let deep = [&pyc[..16], b"c", &[0; 20], &b")\x01".repeat(1 << 20)].concat();
    assert_eq!(damaged("b.pyc", &deep), ["b.pyc"]);
}

#[test]
fn what_needs_a_password_is_said() {
    let mut zip = pack::deflated(&[("a.env", settings(1).into_bytes())]);
    let directory = zip.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    zip[6] |= 1;
    zip[directory + 8] |= 1;
    assert_eq!(stopped("a.zip", &zip, &[], "encrypted"), ["a.zip › a.env"]);
    let keystore = b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01";
    assert_eq!(stopped("a.jks", keystore, &[], "keystore"), ["a.jks"]);
}

#[test]
fn what_no_library_opens_is_said() {
    assert_eq!(stopped("a.rar", b"Rar!\x1a\x07\x01\0", &[], "unopened"), ["a.rar"]);
    assert_eq!(stopped("a.db-wal", b"\x37\x7f\x06\x82\0", &[], "unopened"), ["a.db-wal"]);
}

#[test]
fn containers_are_left_alone_on_demand() {
    let zip = pack::deflated(&[("a.env", settings(1).into_bytes())]);
    assert_eq!(stopped("a.zip", &zip, &["--max-archive-depth", "0"], "binary"), ["a.zip"]);
}
