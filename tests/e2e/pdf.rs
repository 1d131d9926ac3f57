//! Keys in PDF: whole, wherever they stand, and with the page.

use serde_json::json;

use crate::{
    containers::{Place, ledger, places},
    pack,
    pdf_writer::{self, Pdf, literal, shown},
    project::{Project, Run},
    repository::{key, settings},
};

/// What is found in the file `a.pdf`.
fn found(pdf: &[u8]) -> (Vec<(String, u64)>, serde_json::Value, Run) {
    let project = Project::empty();
    project.write("a.pdf", pdf);
    let (run, report) = project.scan_json(&[]);
    let way = |(path, way, line): Place| {
        assert_eq!(path, "a.pdf");
        (way, line)
    };
    (places(&report).into_iter().map(way).collect(), report, run)
}

/// Expects keys at these ways and lines, and nothing in the ledger.
fn expect(pdf: &[u8], expected: &[(&str, u64)]) {
    let (found, report, run) = found(pdf);
    let expected: Vec<_> = expected.iter().map(|(way, line)| ((*way).to_owned(), *line)).collect();
    assert_eq!(found, expected);
    assert_eq!(report["coverage"]["skipped"], json!({}));
    assert_eq!((run.code, run.stderr.as_str()), (i32::from(!expected.is_empty()), ""));
}

/// A page with this content, and the key for `@`.
fn page(content: &str) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let font = pdf.object("<</Type/Font/Subtype/Type1/BaseFont/Courier>>");
    let content = pdf.packed("", content.replace('@', key(1)).as_bytes());
    pdf.page(&format!("/Contents {content} 0 R/Resources<</Font<</F1 {font} 0 R>>>>"));
    pdf.finish()
}

/// `key(1)` in pieces of three letters.
fn pieces() -> Vec<String> {
    let key: Vec<char> = key(1).chars().collect();
    key.chunks(3).map(|piece| piece.iter().collect()).collect()
}

#[test]
fn pages_are_numbered_in_their_order() {
    let mut pdf = Pdf::new();
    pdf.page_of("first");
    let second = pdf.page_of(&settings(2));
    pdf.page_of(&settings(3));
    assert_eq!(second, 6);
    let mut turned = Pdf::new();
    let (last, first) = (turned.page_of(&settings(1)), turned.page_of(&settings(2)));
    let inner = turned.object(format!("<</Type/Pages/Kids[{first} 0 R {last} 0 R]>>"));
    let root = turned.object(format!("<</Pages {inner} 0 R/Type/Catalog>>"));
    let mut bytes = turned.finish();
    bytes.extend(format!("trailer\n<</Root {root} 0 R>>\n%%EOF\n").bytes());
    expect(&pdf.finish(), &[("page 2", 2), ("page 3", 2)]);
    expect(&bytes, &[("page 1", 2), ("page 2", 2)]);
}

#[test]
fn a_key_is_whole_however_it_was_cut() {
    let kerned: String = pieces().iter().map(|piece| format!("({piece})-40 ")).collect();
    expect(&page(&format!("BT /F1 9 Tf [(TOKEN=){kerned}] TJ ET")), &[("page 1", 1)]);
    let moved: String = pieces().iter().map(|piece| format!("({piece}) Tj 16.2 0 Td ")).collect();
    expect(&page(&format!("BT /F1 9 Tf 1 0 0 1 50 50 Tm {moved} ET")), &[("page 1", 1)]);
    let placed: String = pieces()
        .iter()
        .zip(0..)
        .map(|(piece, n)| {
            format!("q 1 0 0 1 {} 70.1 cm BT /F1 9 Tf ({piece}) Tj ET Q\n", 16.2 * f64::from(n))
        })
        .collect();
    expect(&page(&placed), &[("page 1", 1)]);
    let turned = format!("0 1 -1 0 9 9 cm BT /F1 9 Tf {moved} ET");
    expect(&page(&turned), &[("page 1", 1)]);
}

#[test]
fn words_and_lines_stay_apart() {
    expect(&page("BT /F1 9 Tf [(word)-300(@)-300(word)] TJ ET"), &[("page 1", 1)]);
    expect(&page("BT /F1 9 Tf (word) Tj 60 0 Td (@) Tj 300 0 Td (word) Tj ET"), &[("page 1", 1)]);
    expect(&page("BT /F1 9 Tf 10 TL (word) Tj (@) ' 1 2 (word) \" ET"), &[("page 1", 2)]);
    expect(&page("BT /F1 9 Tf (word) Tj 0 -10 TD (@) Tj T* (word) Tj ET"), &[("page 1", 2)]);
    expect(&page("BT /F1 9 Tf (word) Tj ET BT 0 40 Td (@) Tj ET"), &[("page 1", 2)]);
}

#[test]
fn fonts_say_what_codes_mean() {
    expect(&pdf_writer::page_of_glyphs(&settings(1)), &[("page 1", 2)]);
    // Each letter has the code of another.
    let shifted: Vec<u8> = key(1).bytes().map(|byte| byte + 1).collect();
    let names: String = (33..127_u8)
        .map(|code| match code {
            b'0'..=b'9' => {
                let names = "zero one two three four five six seven eight nine";
                format!("/{} ", names.split(' ').nth(usize::from(code - b'0')).unwrap())
            }
            b'_' => "/underscore ".to_owned(),
            b'.' => "/period ".to_owned(),
            b'-' => "/hyphen ".to_owned(),
            _ if code.is_ascii_alphabetic() => format!("/{} ", char::from(code)),
            _ => "/space ".to_owned(),
        })
        .collect();
    let mut pdf = Pdf::new();
    let encoding = format!("<</Type/Encoding/Differences[34 {names}]>>");
    let font = pdf.object(format!("<</Subtype/Type1/Encoding{encoding}>>"));
    let shifted = literal(&String::from_utf8(shifted).unwrap());
    let content = [b"/F1 9 Tf ", &*shifted, b" Tj"].concat();
    let content = pdf.packed("", &content);
    pdf.page(&format!("/Contents {content} 0 R/Resources<</Font<</F1 {font} 0 R>>>>"));
    expect(&pdf.finish(), &[("page 1", 1)]);
}

#[test]
fn forms_belong_to_the_page_that_shows_them() {
    let mut pdf = Pdf::new();
    let inner = pdf.packed("/Subtype/Form", &shown(&settings(1)));
    let resources = format!("/Resources<</XObject<</X {inner} 0 R>>>>");
    let outer = pdf.packed(&format!("/Subtype/Form{resources}"), b"/X Do");
    let content = pdf.stream("", b"/A Do");
    let hidden = pdf.packed("/Subtype/Form", &shown(&settings(2)));
    pdf.page("");
    pdf.page(&format!("/Contents[{content} 0 R]/Resources<</XObject<</A {outer} 0 R>>>>"));
    expect(&pdf.finish(), &[(&format!("object {hidden}"), 2), ("page 2", 2)]);
}

#[test]
fn notes_links_and_fields_belong_to_their_page() {
    let mut pdf = Pdf::new();
    let link = pdf.object(format!("<</A<</S/URI/URI(https://a.test/?k={})>>>>", key(1)));
    let utf16: String = key(2).bytes().map(|byte| format!("00{byte:02X}")).collect();
    let note = pdf.object(format!("<</Subtype/Text/Contents<FEFF{utf16}>>>"));
    let parent = pdf.object(format!("<</FT/Tx/T(api)/V({})/Kids[]>>", key(3)));
    let looks = pdf.packed("/Subtype/Form", &shown(key(3)));
    let field = format!("<</Subtype/Widget/Parent {parent} 0 R/AP<</N {looks} 0 R>>>>");
    let field = pdf.object(field);
    pdf.page(&format!("/Annots[{link} 0 R {note} 0 R {field} 0 R]"));
    expect(&pdf.finish(), &[("page 1", 1), ("page 1", 2), ("page 1", 3), ("page 1", 4)]);
}

#[test]
fn a_field_gives_its_name_to_its_value() {
    let mut pdf = Pdf::new();
    let value = ["correct", "horse", "7731", "staple"].concat();
    let field = pdf.object(format!("<</FT/Tx/T(db_password)/V({value})/DV({value})>>"));
    pdf.page(&format!("/Annots[{field} 0 R]"));
    expect(&pdf.finish(), &[("page 1", 1)]);
}

#[test]
fn what_is_on_no_page_has_its_object() {
    let mut pdf = Pdf::new();
    pdf.page("");
    let properties = pdf.object(format!("<</Title(x)/Keywords({})>>", key(1)));
    pdf.trailer = format!("/Info {properties} 0 R");
    let script = pdf.object(format!("<</S/JavaScript/JS(var t = '{}';)>>", key(2)));
    let metadata = format!("<rdf>\n{}</rdf>", settings(3));
    let metadata = pdf.packed("/Type/Metadata/Subtype/XML", metadata.as_bytes());
    let content = pdf.packed("", &shown(&settings(4)));
    let object = |number: usize| format!("object {number}");
    let (script, metadata, content) = (object(script), object(metadata), object(content));
    expect(
        &pdf.finish_in_streams(),
        &[("document information", 1), (&script, 1), (&metadata, 3), (&content, 2)],
    );
}

#[test]
fn attached_files_are_opened() {
    let mut pdf = Pdf::new();
    pdf.page("");
    pdf.attach("settings.env", settings(1).as_bytes());
    pdf.attach("a.zip", &pack::deflated(&[("app/.env", settings(2).into_bytes())]));
    pdf.attach("b.pdf", &pdf_writer::page(&settings(3)));
    // A file that is not packed has objects of its own, which are none of the document.
    let stored = pdf.stream("/Type/EmbeddedFile", &pdf_writer::page(&settings(4)));
    let stored = format!("object {stored} › page 1");
    let ways =
        [("a.zip › app/.env", 2), ("b.pdf › page 1", 2), (stored.as_str(), 2), ("settings.env", 2)];
    expect(&pdf.finish(), &ways);
}

#[test]
fn filters_follow_each_other() {
    let text = shown(&settings(1));
    let hex: String = pack::zlib(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    let lengths = text.chunks(128).flat_map(|c| [&[c.len() as u8 - 1], c].concat());
    let rows = text.chunks(16).flat_map(|row| {
        let mut above = 0;
        let differences =
            row.iter().map(|&byte| byte.wrapping_sub(std::mem::replace(&mut above, byte)));
        [1].into_iter().chain(differences).collect::<Vec<u8>>()
    });
    let rows = pack::zlib(&rows.collect::<Vec<_>>());
    let all: [(&str, Vec<u8>); 4] = [
        ("/Filter[/ASCIIHexDecode/FlateDecode]", format!("{hex}>").into_bytes()),
        ("/Filter/RunLengthDecode", lengths.chain([128]).collect()),
        ("/F[/Fl]/DP[<</Predictor 15/Columns 16>>]", rows),
        ("/Filter/A85", ascii85(&text)),
    ];
    for (filter, data) in all {
        let mut pdf = Pdf::new();
        let content = pdf.stream(filter, &data);
        pdf.page(&format!("/Contents {content} 0 R"));
        expect(&pdf.finish(), &[("page 1", 2)]);
    }
}

fn ascii85(bytes: &[u8]) -> Vec<u8> {
    let mut signs = Vec::new();
    for group in bytes.chunks(4) {
        let mut four = [0; 4];
        four[..group.len()].copy_from_slice(group);
        let number = u32::from_be_bytes(four);
        let digits = (0..5).rev().map(|n| (number / 85_u32.pow(n) % 85) as u8 + b'!');
        signs.extend(digits.take(group.len() + 1));
    }
    signs.extend_from_slice(b"~>");
    signs
}

#[test]
fn the_last_of_several_versions_counts() {
    let mut pdf = Pdf::new();
    pdf.page_of("first");
    let mut file = pdf.finish();
    let content = shown(&settings(1));
    file.extend(format!("2 0 obj\n<</Length {}>>\nstream\n", content.len()).bytes());
    file.extend_from_slice(&content);
    file.extend_from_slice(b"\nendstream\nendobj\nstartxref\n0\n%%EOF\n");
    expect(&file, &[("page 1", 2)]);
}

#[test]
fn what_an_update_replaced_is_still_in_the_file() {
    let mut pdf = Pdf::new();
    pdf.page_of(&settings(1));
    let mut file = pdf.finish();
    let content = shown("nothing");
    file.extend(format!("2 0 obj\n<</Length {}>>\nstream\n", content.len()).bytes());
    file.extend_from_slice(&content);
    file.extend_from_slice(b"\nendstream\nendobj\nstartxref\n0\n%%EOF\n");
    expect(&file, &[("object 2 before an update", 2)]);
}

#[test]
fn tables_and_lengths_may_be_wrong() {
    let file = String::from_utf8_lossy(&pdf_writer::page(&settings(1))).into_owned();
    assert!(file.contains("startxref"));
    let mut pdf = Pdf::new();
    let length = pdf.object("17");
    let content = format!("<</Length {length} 0 R>>stream\n");
    let content = [content.as_bytes(), &shown(&settings(1)), b"endstream"].concat();
    let content = pdf.object(content);
    pdf.page(&format!("/Contents {content} 0 R"));
    let file = pdf.finish();
    let table = file.windows(6).rposition(|w| w == b"xref\n0").unwrap();
    expect(&[&file[..table], b"trailer<<>>startxref 1 %%EOF"].concat(), &[("page 1", 2)]);
    for before in [&b"\r\n\n  "[..], b"\x1b%-12345X@PJL\n", &[0; 900]] {
        expect(&[before, &file].concat(), &[("page 1", 2)]);
    }
}

#[test]
fn what_stands_between_objects_is_read() {
    let mut file = pdf_writer::page("nothing");
    file.extend(format!("% {}\n", key(1)).bytes());
    let (found, report, _) = found(&file);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "between objects");
    assert_eq!(report["coverage"]["skipped"], json!({}));
}

#[test]
fn a_text_that_only_speaks_of_pdf_is_text() {
    let text = format!("MAGIC = '%PDF-1.4'\n1 0 obj\n{}", settings(1));
    expect(text.as_bytes(), &[("", 0)]);
    expect(format!("%PDF-1.4 is what\n{}", settings(1)).as_bytes(), &[("", 0)]);
}

#[test]
fn a_pdf_without_a_key_holds_nothing() {
    let mut pdf = Pdf::new();
    pdf.page_of("nothing to see: lin_api_ is how keys of it begin\n\0\x01 (a) \\");
    pdf.attach("a.txt", b"nothing");
    let image = "/Subtype/Image/Width 1/Height 1/Filter/DCTDecode";
    pdf.stream(image, b"\xff\xd8\xff\xe0");
    pdf.packed("/Length1 900", &[0; 900]);
    expect(&pdf.finish(), &[]);
    expect(&Pdf::new().finish(), &[]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut pdf = Pdf::new();
    let content = pdf.stream("/Filter/BrotliDecode", b"abc");
    pdf.page(&format!("/Contents {content} 0 R"));
    let font = pdf.object("<</Subtype/Type0/Encoding/Identity-H>>");
    let content = pdf.stream("", b"BT /F1 9 Tf (0123456789012345678901234567890123456789) Tj ET");
    pdf.page(&format!("/Contents {content} 0 R/Resources<</Font<</F1 {font} 0 R>>>>"));
    let (_, report, run) = found(&pdf.finish());
    assert_eq!(ledger(&report, "unopened"), ["a.pdf"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let mut pdf = Pdf::new();
    pdf.page_of(&settings(1));
    pdf.trailer = "/Encrypt<</Filter/Standard/V 2>>".into();
    let (places, report, run) = found(&pdf.finish());
    assert_eq!((places, run.code), (vec![], 0));
    assert_eq!(ledger(&report, "encrypted"), ["a.pdf"]);
}
