//! What a regex's syntax tree tells: its longest match, the run of letters and digits that every
//! match has, the literals its secret starts with, and whether a keyword is in every match. Also
//! how a name and the shape of its value become one regex that knows the syntaxes of assignment.
//!
//! The prefilter is sound only because these numbers are; nothing here looks at a text.

use regex_syntax::{
    ParserBuilder,
    hir::{Class, Hir, HirKind, Look, literal::Extractor},
};

use super::{lead::Lead, spec::Quoting};

/// No match may be longer. A longer secret (a PEM block) is matched by its head and read to its
/// end by its `structure`.
pub const MAX_MATCH_BYTES: usize = 4096;

/// Runs of so many letters and digits are what the prefilter searches for.
pub const SEARCHED_RUN: usize = 12;

/// Runs of so many are rare: words of any sort can be searched around them.
pub const LONG_RUN: usize = 32;

/// The length of the runs that are searched for a pattern that guarantees one of `run`, which is less if
/// none are.
pub fn searched_run(run: usize) -> usize {
    if run >= LONG_RUN { LONG_RUN } else { run.min(SEARCHED_RUN) }
}

/// What was read off a regex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The longest match, in bytes.
    pub max_bytes: usize,
    /// Where every match has a keyword.
    pub lead: Lead,
    /// Every match has a run of at least this many ASCII letters and digits.
    pub run: usize,
    /// The first bytes of a run of `searched_run(run)` end within so many bytes.
    pub run_end: usize,
    /// What every secret starts with, if that is one of a few literals of three bytes or more.
    pub prefixes: Vec<String>,
    /// A keyword stands before that run: in what precedes it, or in the literals that the secret begins with.
    pub keyword_first: bool,
}

/// Why a regex can't be used in a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message is the documentation of its variant")]
pub enum ShapeError {
    #[error("{0}")]
    Syntax(String),
    #[error("has no group `(?<secret>…)`")]
    NoSecret,
    #[error(
        "matches text of any length: bound every repetition, or match the head and set `structure`"
    )]
    Unbounded,
    #[error("matches up to {0} bytes; at most {MAX_MATCH_BYTES} are allowed")]
    TooLong(usize),
    #[error("can match without any of the keywords `{}`", .0.join("`, `"))]
    NoKeyword(Vec<String>),
    #[error(
        "needs at least one word that is in every match, or a `regex` for whole files, from `\\A` to `\\z`"
    )]
    NotWhole,
    #[error("can match the empty string")]
    Empty,
    #[error("takes more than {} MiB once compiled: repetitions inside each other multiply", .0 >> 20)]
    Explosive(usize),
}

/// Reads `regex`, which must contain one of `keywords` (lower case) in every match. There may be none if it
/// matches whole texts only.
///
/// # Errors
///
/// If it does not parse as an ASCII regex, has no group `secret`, has no bound, or can match
/// without a keyword.
pub fn read_shape(regex: &str, keywords: &[String]) -> Result<Shape, ShapeError> {
    let hir = parse(regex)?;
    let secret = find_group(&hir, "secret").ok_or(ShapeError::NoSecret)?;
    let max_bytes = hir.properties().maximum_len().ok_or(ShapeError::Unbounded)?;
    if max_bytes > MAX_MATCH_BYTES {
        return Err(ShapeError::TooLong(max_bytes));
    }
    if secret.properties().minimum_len().unwrap_or(0) == 0 {
        return Err(ShapeError::Empty);
    }
    let lead = match keywords {
        [] if is_whole(&hir) => Lead::default(),
        [] => return Err(ShapeError::NotWhole),
        _ => Lead::of(&hir, keywords).ok_or_else(|| ShapeError::NoKeyword(keywords.to_vec()))?,
    };
    let run = runs(&hir).best;
    let literals = literals(secret);
    let run_end = run_end(&hir, searched_run(run)).ok_or(ShapeError::Unbounded)?;
    let in_literals = || {
        let has = |literal: &String| {
            let lower = literal.to_ascii_lowercase();
            keywords.iter().any(|k| lower.contains(k.as_str()))
                && longest_run(literal.as_bytes()) < SEARCHED_RUN
        };
        begins_with_secret(&hir) && !literals.is_empty() && literals.iter().all(has)
    };
    let keyword_first = in_literals() || stands_before_run(&hir, keywords, searched_run(run));
    let prefixes = if literals.iter().all(|l| l.len() >= 3) { literals } else { Vec::new() };
    Ok(Shape { max_bytes, lead, run, run_end, prefixes, keyword_first })
}

/// Whether every match begins where the text does and ends where it ends.
fn is_whole(hir: &Hir) -> bool {
    let properties = hir.properties();
    properties.look_set_prefix().contains(Look::Start)
        && properties.look_set_suffix().contains(Look::End)
}

/// Those of `keywords` that no match of `regex` needs, because each has another of them. One at a time: two
/// that stand for each other are both named.
///
/// # Errors
///
/// If the regex does not parse.
pub fn idle_keywords<'k>(regex: &str, keywords: &'k [String]) -> Result<Vec<&'k str>, ShapeError> {
    let hir = parse(regex)?;
    let is_idle = |n: usize| {
        let mut others = keywords.to_vec();
        others.remove(n);
        !others.is_empty() && Lead::of(&hir, &others).is_some()
    };
    Ok((0..keywords.len()).filter(|&n| is_idle(n)).map(|n| keywords[n].as_str()).collect())
}

/// Checks the part of a rule that is composed later, so that an error names it and not the whole.
///
/// # Errors
///
/// If it does not parse.
pub fn check_part(regex: &str) -> Result<(), ShapeError> {
    parse(regex).map(drop)
}

/// What is known of the runs in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueRun {
    /// Every value has a run of at least this many letters and digits.
    pub run: usize,
    /// The first `searched_run(run)` of them end within so many bytes from the value's start.
    pub end_within: usize,
}

/// Reads the shape of a value that a name will stand before.
///
/// # Errors
///
/// If it does not parse or has no bound.
pub fn read_value(regex: &str) -> Result<ValueRun, ShapeError> {
    let hir = parse(regex)?;
    let run = runs(&hir).best;
    Ok(ValueRun { run, end_within: run_end(&hir, searched_run(run)).ok_or(ShapeError::Unbounded)? })
}

/// Within how many bytes the first `run` bytes of a run end that every match of `hir` has.
fn run_end(hir: &Hir, run: usize) -> Option<usize> {
    let max = hir.properties().maximum_len()?;
    match hir.kind() {
        HirKind::Capture(c) => run_end(&c.sub, run),
        HirKind::Repetition(r)
            if r.min as usize >= run && runs(&r.sub).pure && runs(&r.sub).best == 1 =>
        {
            Some(run)
        }
        HirKind::Concat(parts) => {
            let mut before = 0;
            for part in parts {
                if runs(part).best >= run {
                    return Some(before + run_end(part, run)?);
                }
                before += part.properties().maximum_len()?;
            }
            // Several parts make the run together.
            Some(max)
        }
        HirKind::Alternation(parts) => {
            parts.iter().map(|p| run_end(p, run)).reduce(|a, b| a.max(b)).flatten()
        }
        _ => Some(max),
    }
}

/// Whether every match of `hir` has one of `keywords` before the part that has its run of `run`.
fn stands_before_run(hir: &Hir, keywords: &[String], run: usize) -> bool {
    let HirKind::Concat(parts) = hir.kind() else { return false };
    let with_run = parts.iter().position(|part| runs(part).best >= run);
    with_run.is_some_and(|n| Lead::of(&Hir::concat(parts[..n].to_vec()), keywords).is_some())
}

/// Whether a match begins with its secret, but for a character that tells where words begin.
fn begins_with_secret(hir: &Hir) -> bool {
    const LEADING_BYTES: usize = 1;
    match hir.kind() {
        HirKind::Capture(c) => c.name.as_deref() == Some("secret"),
        HirKind::Concat(parts) => {
            let mut leading = 0;
            for part in parts {
                if begins_with_secret(part) {
                    return true;
                }
                leading += part.properties().maximum_len().unwrap_or(usize::MAX);
                if leading > LEADING_BYTES {
                    return false;
                }
            }
            false
        }
        _ => false,
    }
}

pub(super) fn parse(regex: &str) -> Result<Hir, ShapeError> {
    ParserBuilder::new().unicode(false).utf8(false).build().parse(regex).map_err(|e| {
        // The library's message repeats the whole regex with a marker; its first line is `regex
        // parse error:` and its last says what is wrong.
        let text = e.to_string();
        ShapeError::Syntax(
            text.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned(),
        )
    })
}

/// A regex made from a name and the shape of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// With the group `secret`.
    pub regex: String,
    /// The most bytes between the first of the name and the first of the value.
    pub value_at: usize,
    /// Whether an expression of a programming language would match as well.
    pub quoting: Quoting,
    /// What to search for instead of the words of the name.
    pub keywords: &'static [&'static str],
}

/// `name`, anything that assigns, and then `value` as the secret: for names that belong to one
/// provider, beside which even a bare word on the next line is worth a look.
///
/// The name is matched without regard to case. Known are: assignment in every common language, with
/// or without a type, quotes or wrappers (`Some("…")`); map entries, YAML, TOML, JSON, also
/// escaped; calls with name and value as arguments (`Header.Set("name", "value")`, `getenv` with a
/// default), of a setter, and of what is used instead (`.orElse("…")`); `name` and `value` as sibling
/// fields (Postman, Kubernetes); XML attributes and elements; Dockerfile and command-line words; a
/// value on the next line, also behind the leader of a comment or a diff; and an authorization scheme
/// before the value.
pub fn assignment(name: &str, value: &str) -> Assignment {
    let sibling = sibling();
    // `<add name="X">…`, `<X>…`, `<key>X</key><string>…`
    let element =
        format!(r"{ATTRIBUTE}[ \t]{{0,2}}(?:</\w{{1,8}}|/)?>{BREAK}(?:<\w{{1,16}}>|<!\[CDATA\[)?");
    let glue = format!(
        "{NAME_END}(?:{sibling}|(?:{TYPED}|{OPERATOR}|{LOOSE_WORD}|{WORD}){BLOCK}{BREAK}{WRAPPER}|{element}{BREAK})(?:{OPEN})?{SCHEME}"
    );
    joined_parts(name, &glue, value, VALUE_END)
}

/// What counts as a value on the line below a name that belongs to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Below {
    /// Also a bare word: the value must look random, which no next line does by chance.
    Bare,
    /// Only what has quotes: below `Password:` stands anything.
    Quoted,
}

/// How far a value may stand from such a name, and how far it may go on. One that must look random may stand
/// where prose would stand behind the word `password`.
struct Latitude {
    word: String,
    said: String,
    space: &'static str,
    next_line: String,
    longer: String,
}

impl Latitude {
    fn of(below: Below) -> Self {
        match below {
            Below::Bare => Self {
                word: format!("{LOOSE_WORD}|{WORD}"),
                said: format!("|{SAID}"),
                space: "[ ]?",
                next_line: format!("(?:[>|][+-]?)?{BREAK}"),
                longer: format!("|{LONGER}"),
            },
            Below::Quoted => Self {
                word: WORD.to_owned(),
                said: String::new(),
                space: "",
                next_line: String::new(),
                longer: String::new(),
            },
        }
    }
}

/// The same for names that belong to nobody, which are everywhere: a value in quotes, a bare value
/// that a line or a query gives to the name, the content of an element, and the word behind an option
/// or behind a command that sets something.
pub fn general_assignments(name: &str, value: &str, below: Below) -> Vec<Assignment> {
    let sibling = sibling();
    // The sibling first: its own name, `value`, would pass for the value of a list.
    let Latitude { word, said, space, next_line, longer } = Latitude::of(below);
    let quoted = format!(
        "{NAME_END}(?:{sibling}|(?:{TYPED}|{OPERATOR}|{word}){BLOCK}{BREAK}{WRAPPER}){OPEN}{space}{SCHEME}"
    );
    let quoted_end = format!("(?:{space}{QUOTE_END}{longer})");
    let bare = format!(
        r#"(?:\\{{0,3}}["'`]|``|\*\*)?[\])]?(?:[ \t]{{0,8}}(?::-|[:?]?=|:|=>){said})(?:\*\*)?[ \t]{{0,8}}{next_line}\[?{SCHEME}"#
    );
    let bare_end = format!("(?:{BARE_END}{longer})");
    // `name: X` above `value: …`
    let bare_sibling = format!(r#"["']?{BREAK}(?i:value):[ ]{{1,4}}"#);
    let element = format!(
        r#"(?:\\{{0,3}}["'])?{ATTRIBUTE}[ \t]{{0,2}}(?:</key)?>{BREAK}(?:<(?:value|string)>|<!\[CDATA\[)?"#
    );
    let element_end = format!(r"{BREAK}(?:\]\]>)?</");
    let told = format!("(?:--?|{COMMAND})[a-z0-9_-]{{0,24}}(?:{name})");
    let told_end = r#"(?:=|[ \t]{1,2})(?:\\{0,3}["'])?"#;
    vec![
        joined_parts(name, &quoted, value, &quoted_end),
        Assignment { quoting: Quoting::Bare, ..joined_parts(name, &bare, value, &bare_end) },
        joined_parts(name, &bare_sibling, value, &bare_end),
        joined_parts(name, &element, value, &element_end),
        joined_parts(&told, told_end, value, &bare_end),
        Assignment { keywords: &["variable \"", "variable \\"], ..variable_default(name, value) },
    ]
}

/// Terraform's `variable "X" {` with a `default` among its arguments. The two stand far apart, so a
/// name that is everywhere needs other keywords here, or every search for it would look as far.
pub fn variable_default(name: &str, value: &str) -> Assignment {
    let name = format!(r#"variable[ ]\\{{0,3}}"[a-z0-9_-]{{0,32}}(?:{name})"#);
    let glue = format!(
        r#"[A-Za-z0-9_-]{{0,16}}\\{{0,3}}"[ ]\{{[^{{}}]{{0,300}}\bdefault[ \t]{{0,12}}=[ \t]{{0,12}}{OPEN}"#
    );
    joined_parts(&name, &glue, value, QUOTE_END)
}

fn joined_parts(name: &str, glue: &str, value: &str, end: &str) -> Assignment {
    let max =
        |regex: &str| parse(regex).ok().and_then(|h| h.properties().maximum_len()).unwrap_or(0);
    Assignment {
        regex: format!("(?i:{name}){glue}(?<secret>{value}){end}"),
        value_at: max(&format!("(?:{name})")) + max(glue),
        quoting: Quoting::Quoted,
        keywords: &[],
    }
}

/// Sibling fields: `"key": "X", "value": "…"`, `name = X` above `value = …`, `--name X --value …`; and the
/// field of an object that has the name, `"X": {"value": "…"}`. One short field may stand between them.
fn sibling() -> String {
    let between = format!(
        r#"(?:\\{{0,3}}["']?\w{{2,12}}\\{{0,3}}["']?[ ]?[:=][ ]?\\{{0,3}}["']\w{{1,16}}\\{{0,3}}["'],?[ ]?{BREAK})?"#
    );
    format!(
        r#"[ \t]{{0,4}}(?:,|:[ ]?\{{)?[ \t]{{0,4}}{BREAK}{between}(?:\\{{0,3}}["']?(?i:value|default|content|defaultvalue|stringvalue)\\{{0,3}}["']?[ \t]{{0,4}}[:=]|--(?:value|body|secret-string)[ =])[ \t]{{0,4}}"#
    )
}

/// The name ends: closing quote, possibly escaped, or emphasis, and bracket.
const NAME_END: &str = r#"(?:\\{0,3}["'`]|``|\*\*|&quot;|&\#3[49];|%22)?[\])}]{0,2}"#;
/// `: Option<String> =`, `string =`, `As String =`, `[] =`, `["x"] =`, `{ get; set; } =`
const TYPED: &str = r#"(?:[ \t]{0,2}(?::[ \t]{0,2}[&A-Za-z_][\w.,'\[\]<>?*&:| ]{0,31}|(?i:as[ ])?(?i:str|string|char|byte|bytes|text|any|securestring)\b[\[\]?*]{0,3}|\[["']?[\w.-]{0,16}["']?\]|[ ]\{[ a-z;]{4,24}\})[ \t]{0,4}=)"#;
/// `,` stands between the arguments of a call, `:-` before a shell default, `(` and `{` before what a
/// setter takes, `.or(` before what is used instead, `.to.equal(` and `to eq` before what a test expects,
/// `;s:32:` before what PHP serialized.
const OPERATOR: &str = r"[ \t]{0,20}(?:[:=!?+]={1,2}|=>|->|<-|<<|:-|:{1,2}|=|,|[|]{1,2}=?|\?[?:]=?|\b(?i:or|to)\b|\.to[ ]eq\b|[({]|(?:\.to)?\.\w{2,20}\((?:\|_?\|)?|;s:[0-9]{1,4}:)";
const LOOSE_WORD: &str = r"[ \t]{0,20}\b(?i:is|as)\b";
/// ` for staging:`, ` is`, ` - '`
const SAID: &str =
    r#"[ ](?:(?i:for|of|to)[ ][\w-]{1,16}:|(?:is|was):?|(?:-|\xe2\x80\x93)(?:[ ]["'`])?)"#;
/// ` serializeAs="String"`
const ATTRIBUTE: &str = r#"(?:[ ]\w{1,16}=\\{0,3}"\w{1,16}\\{0,3}")?"#;
/// `#define X …`, `ENV X …`, `--x …`
const WORD: &str = r"[ \t]{1,4}";
/// A bracket, the sign of a YAML block before the line ends, or the end of an emphasis.
const BLOCK: &str = r"[ \t]{0,8}(?:[\[({]{1,2}|[>|][+-]?|\*\*)?";
/// A line ends, as such or inside a notebook's or log's string, and the next has the indentation and
/// the leader of a comment, a diff or a quoted block.
const BREAK: &str = r#"(?:(?:\\{1,3}(?:r\\{1,3})?n"?,?(?:\r?\n)?|\\{0,3}(?:\r?\n){1,2})[ \t]{0,8}(?:[+\#/*>;,|-]{1,3}[ \t]{1,24}|[ \t]{1,24})?(?:"[ \t]{0,16})?(?:\\{1,3}t){0,4})?[ \t]{0,2}"#;
/// `Some(`, `aws.String(`, `[]byte(`, `new X(`, `["`, `string{`, `Field(default=`, `!!str`
const WRAPPER: &str = r"(?:[&!][\w!]{1,12}[ ]){0,2}(?:(?:new[ ])?\)?[A-Za-z_.&*\[\]][\w.:&*\[\]]{0,28}!?[ ]?[({][ ]?(?:\w{1,12}=)?){0,2}[\[({]{0,2}[ \t]{0,2}";
/// The value opens.
const OPEN: &str = r#"[bBrRfFuUL@$<]{0,2}\#{0,2}(?:\\{0,3}["'`]|&quot;|&\#3[49];|%22){1,3}"#;
const SCHEME: &str = r#"(?:(?i:bearer|basic|token|apikey|api-key|key|private-token)(?:(?:[ ]|%20|\+|=)[ ]?(?:\\{0,3}["'`][ ]?[+.,]?[ ]?\\{0,3}["'`])?|\\{0,3}["'`][ ]?[+.,][ ]?\\{0,3}["'`]))?"#;
/// A value goes on that is longer than a regex cares to count: the filters read it to its end.
const LONGER: &str = "[0-9A-Za-z_+/=.~-]{24}";
/// A command that gives its second argument to its first.
const COMMAND: &str = r"(?:\b|\\n)(?:env|arg|setenv|setx|set(?:[ ]-[a-z]{1,3})?|proxy_set_header|header_up|requestheader[ ]set)[ \t]{1,2}";
/// A value ends where no letter, digit or base64 character follows.
const VALUE_END: &str = r"(?:[^0-9A-Za-z_+/=-]|\z)";
const QUOTE_END: &str = r#"\\{0,3}["'`]"#;
/// A bare value ends.
const BARE_END: &str = r#"[\s"'`&,;<>)\]}|\\#]|\z"#;

pub(super) fn find_group<'h>(hir: &'h Hir, name: &str) -> Option<&'h Hir> {
    match hir.kind() {
        HirKind::Capture(c) if c.name.as_deref() == Some(name) => Some(&c.sub),
        HirKind::Capture(c) => find_group(&c.sub, name),
        HirKind::Repetition(r) => find_group(&r.sub, name),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().find_map(|p| find_group(p, name))
        }
        _ => None,
    }
}

/// Lower bounds that hold for every string of a language, counted in letters and digits.
#[derive(Debug, Clone, Copy)]
struct Runs {
    /// The string has nothing else; then all four are its least length.
    pure: bool,
    /// The run it starts with, ends with, and its longest.
    head: usize,
    tail: usize,
    best: usize,
}

impl Runs {
    const NONE: Self = Self { pure: false, head: 0, tail: 0, best: 0 };
    /// The empty string.
    const EMPTY: Self = Self { pure: true, head: 0, tail: 0, best: 0 };

    fn pure(n: usize) -> Self {
        Self { pure: true, head: n, tail: n, best: n }
    }

    fn then(self, next: Self) -> Self {
        Self {
            pure: self.pure && next.pure,
            head: if self.pure { self.head + next.head } else { self.head },
            tail: if next.pure { self.tail + next.tail } else { next.tail },
            best: self.best.max(next.best).max(self.tail + next.head),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            pure: self.pure && other.pure,
            head: self.head.min(other.head),
            tail: self.tail.min(other.tail),
            best: self.best.min(other.best),
        }
    }
}

fn runs(hir: &Hir) -> Runs {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Runs::EMPTY,
        HirKind::Literal(l) => {
            l.0.iter()
                .map(|b| if b.is_ascii_alphanumeric() { Runs::pure(1) } else { Runs::NONE })
                .fold(Runs::EMPTY, Runs::then)
        }
        HirKind::Class(class) => {
            if class_bytes(class).is_some_and(|mut b| b.all(|b| b.is_ascii_alphanumeric())) {
                Runs::pure(1)
            } else {
                Runs::NONE
            }
        }
        HirKind::Repetition(r) => {
            let one = runs(&r.sub);
            match (one.pure, r.min) {
                (true, min) => Runs::pure(one.best * min as usize),
                (false, 0) => Runs::NONE,
                (false, 1) => one,
                (false, _) => one.then(one),
            }
        }
        HirKind::Capture(c) => runs(&c.sub),
        HirKind::Concat(parts) => parts.iter().map(runs).fold(Runs::EMPTY, Runs::then),
        HirKind::Alternation(parts) => {
            parts.iter().map(runs).reduce(Runs::or).expect("an alternation has branches")
        }
    }
}

pub(super) fn class_bytes(class: &Class) -> Option<Box<dyn Iterator<Item = u8> + '_>> {
    match class {
        Class::Bytes(c) => Some(Box::new(c.ranges().iter().flat_map(|r| r.start()..=r.end()))),
        Class::Unicode(c) => c.is_ascii().then(|| {
            Box::new(c.ranges().iter().flat_map(|r| r.start() as u8..=r.end() as u8)) as _
        }),
    }
}

/// The literals that a secret starts with, if they are few.
fn literals(secret: &Hir) -> Vec<String> {
    let mut extractor = Extractor::new();
    extractor.limit_class(4).limit_total(64);
    let seq = extractor.extract(secret);
    let literals = seq.literals().unwrap_or_default();
    literals.iter().map(|l| String::from_utf8_lossy(l.as_bytes()).into_owned()).collect()
}

fn longest_run(literal: &[u8]) -> usize {
    literal.split(|b| !b.is_ascii_alphanumeric()).map(<[u8]>::len).max().unwrap_or(0)
}

/// How many spellings of one part are looked at before it counts as anything at all.
const MAX_SPELLINGS: usize = 512;

/// Neighbouring parts of a concatenation with few spellings, joined.
pub(super) struct SpelledRun {
    /// The most bytes that can stand before it.
    pub(super) start: usize,
    /// The part behind its last: index into the concatenation.
    pub(super) end: usize,
    pub(super) spellings: Vec<String>,
}

/// All of `parts`.
pub(super) fn spelled_runs(parts: &[Hir]) -> Vec<SpelledRun> {
    let nothing = || vec![String::new()];
    let mut runs = vec![SpelledRun { start: 0, end: 0, spellings: nothing() }];
    let mut at = 0_usize;
    for (n, part) in parts.iter().enumerate() {
        let after = at.saturating_add(part.properties().maximum_len().unwrap_or(usize::MAX));
        let last = runs.last_mut().expect("starts with one");
        let end = n + 1;
        match spellings(part) {
            Some(s) if s.len() * last.spellings.len() <= MAX_SPELLINGS => {
                (last.end, last.spellings) = (end, joined(&last.spellings, &s));
            }
            Some(spellings) => runs.push(SpelledRun { start: at, end, spellings }),
            None => runs.push(SpelledRun { start: after, end, spellings: nothing() }),
        }
        at = after;
    }
    runs
}

fn joined(heads: &[String], tails: &[String]) -> Vec<String> {
    heads.iter().flat_map(|h| tails.iter().map(move |t| format!("{h}{t}"))).collect()
}

/// Sets of words, in lower case, of which every match of `regex` has one; the longest words first. None
/// is shorter than `min_bytes`.
pub fn words_in_every_match(regex: &str, min_bytes: usize) -> Vec<Vec<String>> {
    let Ok(hir) = parse(regex) else { return Vec::new() };
    let mut sets = Vec::new();
    word_sets(&hir, &mut sets);
    let shortest = |set: &[String]| set.iter().map(String::len).min().unwrap_or(0);
    sets.retain(|set| set.len() <= MAX_WORDS && shortest(set) >= min_bytes);
    sets.sort_by_key(|set| std::cmp::Reverse(shortest(set)));
    sets.dedup();
    sets
}

/// A rule with more keywords than this costs every scan.
const MAX_WORDS: usize = 32;

fn word_sets(hir: &Hir, sets: &mut Vec<Vec<String>>) {
    match hir.kind() {
        HirKind::Capture(c) => word_sets(&c.sub, sets),
        HirKind::Repetition(r) if r.min > 0 => word_sets(&r.sub, sets),
        HirKind::Repetition(_) => {}
        HirKind::Concat(parts) => {
            sets.extend(spelled_runs(parts).into_iter().map(|run| unique(run.spellings)));
            parts.iter().for_each(|part| word_sets(part, sets));
        }
        HirKind::Alternation(parts) => {
            // One word of each branch, the longest that it has.
            let words = parts.iter().try_fold(Vec::new(), |mut all, part| {
                let mut own = Vec::new();
                word_sets(part, &mut own);
                let shortest = |set: &&Vec<String>| set.iter().map(String::len).min();
                all.extend(own.iter().max_by_key(shortest)?.iter().cloned());
                Some(all)
            });
            sets.extend(words.map(unique));
        }
        _ => sets.extend(spellings(hir).map(unique)),
    }
}

fn unique(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    words
}

/// Every string that `hir` matches, in lower case, if there are few.
pub(super) fn spellings(hir: &Hir) -> Option<Vec<String>> {
    let all = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(l) => vec![std::str::from_utf8(&l.0).ok()?.to_ascii_lowercase()],
        HirKind::Class(class) => {
            let mut s: Vec<String> = class_bytes(class)?
                .take(128)
                .map(|b| char::from(b).to_ascii_lowercase().to_string())
                .collect();
            s.sort();
            s.dedup();
            (s.len() <= 16).then_some(s)?
        }
        HirKind::Capture(c) => spellings(&c.sub)?,
        HirKind::Repetition(r) => {
            let max = r.max.filter(|&m| m <= 8)?;
            let one = spellings(&r.sub)?;
            let mut all = Vec::new();
            let mut power = vec![String::new()];
            for n in 0..=max {
                if n >= r.min {
                    all.extend(power.iter().cloned());
                }
                if all.len() + power.len() * one.len() > MAX_SPELLINGS {
                    return None;
                }
                power = joined(&power, &one);
            }
            all
        }
        HirKind::Concat(parts) => {
            let mut all = vec![String::new()];
            for part in parts {
                let next = spellings(part)?;
                if all.len() * next.len() > MAX_SPELLINGS {
                    return None;
                }
                all = joined(&all, &next);
            }
            all
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(spellings(part)?);
            }
            all
        }
    };
    (all.len() <= MAX_SPELLINGS).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(regex: &str, keyword: &str) -> Result<Shape, ShapeError> {
        read_shape(regex, &[keyword.to_owned()])
    }

    #[test]
    fn a_run_grows_over_parts_and_shrinks_to_the_weakest_branch() {
        let run = |regex| shape(regex, "k").map(|s| s.run);
        assert_eq!(run("(?<secret>k[0-9a-f]{31})"), Ok(32));
        assert_eq!(run("k_(?<secret>[0-9a-f]{8}-[0-9a-f]{12})"), Ok(12));
        assert_eq!(run("k(?<secret>[0-9]{20}|[a-z]{16}|[A-Z]{12,40})x"), Ok(14));
        assert_eq!(run("k=(?<secret>[0-9a-z_-]{40})"), Ok(1));
        assert_eq!(run("k(?:ab)?(?<secret>[0-9]{4}){3}"), Ok(13));
    }

    #[test]
    fn a_run_ends_where_its_own_part_does() {
        let value = |regex| read_value(regex).map(|v| (v.run, v.end_within));
        assert_eq!(value("[0-9a-z_]{0,64}[0-9a-z]{12}[0-9a-z_]{0,160}"), Ok((12, 76)));
        assert_eq!(value("k_[0-9a-z]{12,40}"), Ok((12, 14)));
        assert_eq!(value("[0-9]{4}[a-z]{8,20}"), Ok((12, 24)), "two parts make it");
        assert_eq!(value("(?:[0-9]{12}|[a-z]{16}x{0,4})"), Ok((12, 12)));
        assert_eq!(value("(?:[0-9]{12}|_[a-z]{16}x{0,4})"), Ok((12, 13)));
    }

    #[test]
    fn the_place_of_a_run_is_known() {
        let place = |regex| shape(regex, "k_").map(|s| (s.run_end, s.keyword_first));
        assert_eq!(place(r"\b(?<secret>k_a[0-9a-f]{20,90})"), Ok((15, true)));
        assert_eq!(place(r"\b(?<secret>k_a[0-9a-f]{32,90})"), Ok((35, true)), "a long one");
        assert_eq!(place("(?<secret>k_a[0-9a-z_]{0,9}[0-9a-f]{12})"), Ok((24, true)));
        assert_eq!(place("k_(?<secret>abc[0-9a-f]{20})"), Ok((17, true)));
        assert_eq!(place("(?<secret>[0-9a-f]{20})k_"), Ok((12, false)), "the keyword is behind it");
        assert_eq!(place("(?<secret>k_a[0-9_]{8})"), Ok((3, true)));
        assert_eq!(
            place("(?<secret>aaaaaaaaaaaaaaak_[0-9]{8})"),
            Ok((17, false)),
            "the run is before the keyword"
        );
    }

    #[test]
    fn a_regex_without_a_bound_a_group_or_its_keyword_is_refused() {
        assert_eq!(shape("k(?<secret>[0-9]+)", "k"), Err(ShapeError::Unbounded));
        assert_eq!(shape("k[0-9]{4}", "k"), Err(ShapeError::NoSecret));
        assert_eq!(
            shape("(?:k|j)(?<secret>[0-9]{4})", "k"),
            Err(ShapeError::NoKeyword(vec!["k".into()]))
        );
        assert_eq!(shape("k(?<secret>[0-9]{0,4})", "k"), Err(ShapeError::Empty));
        assert_eq!(shape("k(?<secret>[0-9]{5000})", "k"), Err(ShapeError::TooLong(5001)));
        assert!(matches!(shape("k(?<secret>[0-9]", "k"), Err(ShapeError::Syntax(_))));
    }

    #[test]
    fn only_a_regex_for_whole_texts_needs_no_keyword() {
        let wordless = |regex| read_shape(regex, &[]).map(|s| (s.lead.bytes, s.max_bytes));
        assert_eq!(wordless(r"\A(?<secret>[0-9a-f]{32})\n?\z"), Ok((0, 33)));
        assert_eq!(wordless(r"(?<secret>[0-9a-f]{32})\z"), Err(ShapeError::NotWhole));
        assert_eq!(wordless(r"\A(?<secret>[0-9a-f]{32})(?:\z|;)"), Err(ShapeError::NotWhole));
    }

    #[test]
    fn a_keyword_is_seen_through_case_and_optional_parts() {
        assert!(shape("(?i:api[_-]?key)=(?<secret>[0-9]{4})", "api").is_ok());
        let all = ["apikey", "api_key", "api-key"].map(str::to_owned);
        assert!(read_shape("(?i:api[_-]?key)=(?<secret>[0-9]{4})", &all).is_ok());
        assert!(read_shape("(?i:api[_-]?key)=(?<secret>[0-9]{4})", &all[..2]).is_err());
    }

    #[test]
    fn a_keyword_that_no_match_needs_is_idle() {
        let words = ["acme", "acme_key", "corp"].map(str::to_owned);
        assert_eq!(idle_keywords("(?:acme|corp)_key", &words), Ok(vec!["acme", "acme_key"]));
        assert_eq!(idle_keywords("(?:acme|corp)_key", &words[..1]), Ok(vec![]));
    }

    #[test]
    fn a_keyword_begins_within_a_known_part_of_the_match() {
        let lead = |regex| shape(regex, "key").map(|s| s.lead.bytes);
        assert_eq!(lead("(?i:key)=(?<secret>[0-9]{4})"), Ok(0));
        assert_eq!(lead("(?:^|[^a-z])(?i:(?:api|private)[_-]?key)=(?<secret>[0-9]{4})"), Ok(9));
        assert_eq!(lead("[a-z]{0,9}(?:apikey|key)(?<secret>[0-9]{4})key"), Ok(12));
        assert_eq!(lead("(?:akey|b)?(?<secret>[0-9]{1,4})k(?:ey|eykey)"), Ok(8));
    }

    #[test]
    fn a_word_that_every_match_has_is_found() {
        let words = |regex| words_in_every_match(regex, 3).into_iter().next().unwrap_or_default();
        assert_eq!(
            words("(?i)acme[_-]?key(?<secret>[0-9]{4})"),
            ["acme-key", "acme_key", "acmekey"]
        );
        assert_eq!(words("(?:alpha|beta)=(?<secret>[0-9]{4})"), ["alpha=", "beta="]);
        assert_eq!(words("(?:alpha)?x(?<secret>[0-9]{4})"), [""; 0]);
    }

    #[test]
    fn the_public_prefix_is_read_off_the_secret() {
        let prefixes = |regex| shape(regex, "_").map(|s| s.prefixes);
        assert_eq!(
            prefixes("(?<secret>gh[pso]_[0-9A-Za-z]{4})"),
            Ok(vec!["gho_".into(), "ghp_".into(), "ghs_".into()])
        );
        assert_eq!(prefixes("x_(?<secret>[0-9A-Za-z]{4})"), Ok(vec![]));
    }
}
