//! Streams as they were before filters packed them (ISO 32000-1, section 7.4). All are read piece by piece:
//! who reads says when it is enough.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::ZlibDecoder;

use super::{
    file::{File, Stream},
    filter::{Ascii85, Expand, Expanded, Hex, Lzw, Plain, RunLength, Zeros},
    predictor::{Predictor, Row},
    value::{Dict, Value, items, whole},
};
use crate::content::container::Trouble;

/// Nobody packs a stream more often than that.
const MAX_FILTERS: usize = 8;

/// The content of `stream`.
///
/// # Errors
///
/// If one of its filters is for images, or is not known.
pub(super) fn reader<'f>(
    file: &'f File<'_>,
    stream: Stream<'f>,
) -> Result<Box<dyn BufRead + 'f>, Trouble> {
    let Stream { dict, data } = stream;
    let filters = list(file, dict, [b"Filter", b"F"]);
    let parameters = list(file, dict, [b"DecodeParms", b"DP"]);
    if filters.len() > MAX_FILTERS {
        return Err(Trouble::Unsupported);
    }
    let mut content: Box<dyn BufRead + 'f> = Box::new(data);
    for (n, filter) in filters.into_iter().enumerate() {
        let parameters = match parameters.get(n) {
            Some(Value::Dict(dict)) => *dict,
            Some(_) | None => Dict::default(),
        };
        let Value::Name(filter) = filter else { return Err(Trouble::Damaged) };
        content = filtered(content, &super::lexer::name(filter), parameters)?;
    }
    Ok(content)
}

/// What the first of `keys` that is there leads to: one thing or several.
fn list<'f>(file: &'f File<'_>, dict: Dict<'f>, keys: [&[u8]; 2]) -> Vec<Value<'f>> {
    match keys.iter().find_map(|key| file.get(dict, key)) {
        Some(Value::Array(array)) => {
            items(array).take(MAX_FILTERS + 1).map(|value| file.resolve(value)).collect()
        }
        Some(value @ (Value::Name(_) | Value::Dict(_))) => vec![value],
        Some(_) | None => Vec::new(),
    }
}

fn filtered<'f>(
    packed: Box<dyn BufRead + 'f>,
    filter: &[u8],
    parameters: Dict<'f>,
) -> Result<Box<dyn BufRead + 'f>, Trouble> {
    Ok(match filter {
        b"FlateDecode" | b"Fl" => predicted(BufReader::new(ZlibDecoder::new(packed)), parameters)?,
        b"LZWDecode" | b"LZW" => {
            let lzw = match parameters.number(b"EarlyChange") {
                Some(0.0) => Lzw::late(),
                Some(_) | None => Lzw::early(),
            };
            predicted(expanded(packed, lzw), parameters)?
        }
        b"ASCIIHexDecode" | b"AHx" => expanded(packed, Hex::default()),
        b"ASCII85Decode" | b"A85" => expanded(packed, Ascii85::default()),
        b"RunLengthDecode" | b"RL" => expanded(packed, RunLength::default()),
        b"Crypt" if parameters.get(b"Name").is_none() || parameters.is(b"Name", b"Identity") => {
            expanded(packed, Plain)
        }
        b"Crypt" => return Err(Trouble::Encrypted),
        _ => return Err(Trouble::Unsupported),
    })
}

fn expanded<'f>(packed: impl BufRead + 'f, expand: impl Expand + 'f) -> Box<dyn BufRead + 'f> {
    Box::new(BufReader::new(Expanded::new(packed, expand)))
}

/// `content` without the differences between its rows.
fn predicted<'f>(
    content: impl BufRead + 'f,
    parameters: Dict<'f>,
) -> Result<Box<dyn BufRead + 'f>, Trouble> {
    let number = |key: &[u8], usual: u32| match parameters.number(key) {
        Some(number) => whole(number).ok_or(Trouble::Damaged),
        None => Ok(usual),
    };
    let row = Row {
        colors: number(b"Colors", 1)?,
        bits: number(b"BitsPerComponent", 8)?,
        columns: number(b"Columns", 1)?,
    };
    match number(b"Predictor", 1)? {
        0 | 1 => Ok(Box::new(content)),
        kind => Ok(expanded(content, Predictor::new(kind, row)?)),
    }
}

/// Whether `stream` is packed as only images are.
pub(super) fn is_image(file: &File<'_>, stream: Stream<'_>) -> bool {
    const CODECS: [&[u8]; 7] = [
        b"DCTDecode",
        b"DCT",
        b"JPXDecode",
        b"CCITTFaxDecode",
        b"CCF",
        b"JBIG2Decode",
        b"JBIG2Globals",
    ];
    stream.dict.is(b"Subtype", b"Image")
        || list(file, stream.dict, [b"Filter", b"F"])
            .iter()
            .any(|filter| matches!(filter, Value::Name(name) if CODECS.contains(name)))
}

/// As far as it goes, the beginning of `content`.
pub(super) fn head(content: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    content.take(most).read_to_end(&mut head).map(|_| head)
}

/// `content` with spaces for zeros: a few of them would make it no text.
pub(super) fn without_zeros(content: impl BufRead) -> impl Read {
    Expanded::new(content, Zeros)
}
