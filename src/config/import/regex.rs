//! Regexes of other scanners (RE2, Hyperscan) as ours: the same language in another spelling, one group
//! called `secret`, and every repetition with a bound.

/// How a regex is rewritten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rewriting {
    /// Which capture group is the secret, from 1; 0 = the first, or all of it if there is none.
    pub(super) secret: usize,
    /// What takes the place of a repetition's missing bound.
    pub(super) bound: usize,
}

/// `regex` as a rule of ours has it.
pub(super) fn for_rule(regex: &str, how: Rewriting) -> String {
    let mut pieces = Pieces::new(regex);
    let wanted = match how.secret {
        // Kingfisher and betterleaks call the secret by name.
        0 => named_secret(regex).unwrap_or(1),
        n => n,
    };
    let mut groups = 0;
    let mut out = String::new();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Group => {
                groups += 1;
                out.push_str(if groups == wanted { "(?<secret>" } else { "(?:" });
            }
            Piece::AtLeast(least) => {
                out.push_str(&format!("{{{least},{}}}", how.bound.max(least)));
            }
            Piece::Text(text) => out.push_str(&text),
        }
    }
    if groups < wanted { format!("(?<secret>{out})") } else { out }
}

/// `regex` with nothing changed but its spelling.
pub(super) fn for_values(regex: &str) -> String {
    let mut pieces = Pieces::new(regex);
    let mut out = String::new();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Group => out.push_str("(?:"),
            Piece::AtLeast(0) => out.push('*'),
            Piece::AtLeast(1) => out.push('+'),
            Piece::AtLeast(n) => out.push_str(&format!("{{{n},}}")),
            Piece::Text(text) => out.push_str(&text),
        }
    }
    out
}

/// The number of the group that is called `TOKEN` or `secret`, in any case.
fn named_secret(regex: &str) -> Option<usize> {
    let mut count = 0;
    let mut pieces = Pieces::new(regex);
    while let Some(piece) = pieces.next() {
        if matches!(piece, Piece::Group) {
            count += 1;
            if pieces.name.eq_ignore_ascii_case("token")
                || pieces.name.eq_ignore_ascii_case("secret")
            {
                return Some(count);
            }
        }
    }
    None
}

enum Piece {
    /// A capture group opens.
    Group,
    /// A repetition without an end.
    AtLeast(usize),
    /// Anything else, in our spelling.
    Text(String),
}

/// Cuts a regex where its meaning is at stake.
struct Pieces<'r> {
    rest: &'r str,
    /// The last group's name.
    name: String,
    in_class: bool,
    verbose: bool,
}

impl<'r> Pieces<'r> {
    fn new(regex: &'r str) -> Self {
        let flags = regex.strip_prefix("(?").and_then(|r| r.split([')', ':']).next());
        let verbose =
            flags.is_some_and(|f| f.bytes().all(|b| b.is_ascii_lowercase()) && f.contains('x'));
        Self { rest: regex, name: String::new(), in_class: false, verbose }
    }

    fn next(&mut self) -> Option<Piece> {
        let first = self.rest.chars().next()?;
        if first == '\\' {
            let end = self.rest.char_indices().nth(2).map_or(self.rest.len(), |(at, _)| at);
            return Some(Piece::Text(self.take(end)));
        }
        if self.in_class {
            return Some(Piece::Text(self.class_part(first)));
        }
        match first {
            '[' => {
                self.in_class = true;
                // `]` and `^` in first place are part of the opening.
                let open = ["[^]", "[]", "[^"].into_iter().find(|o| self.rest.starts_with(o));
                let text = self.take(open.map_or(1, str::len));
                Some(Piece::Text(text.replace(']', "\\]")))
            }
            '(' => Some(self.group()),
            '*' => Some(self.repeated(0, 1)),
            '+' => Some(self.repeated(1, 1)),
            '{' => Some(self.braces()),
            '#' if self.verbose => {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                let _ = self.take(end);
                Some(Piece::Text(String::new()))
            }
            c => Some(Piece::Text(self.take(c.len_utf8()))),
        }
    }

    fn take(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken.to_owned()
    }

    /// In a class, what RE2 reads as itself and we do not.
    fn class_part(&mut self, first: char) -> String {
        let posix = self.rest.starts_with("[:").then(|| self.rest.find(":]")).flatten();
        match first {
            ']' => self.in_class = false,
            '[' if posix.is_some() => return self.take(posix.unwrap_or(0) + 2),
            '[' | '&' | '~' => return format!("\\{}", self.take(1)),
            '-' if self.rest.starts_with("--") => return format!("\\{}", self.take(1)),
            ' ' | '#' if self.verbose => return format!("\\{}", self.take(1)),
            _ => {}
        }
        self.take(first.len_utf8())
    }

    fn group(&mut self) -> Piece {
        self.name.clear();
        for open in ["(?P<", "(?<"] {
            let Some(rest) = self.rest.strip_prefix(open) else { continue };
            if rest.starts_with(['=', '!']) {
                break;
            }
            let end = rest.find('>').unwrap_or(rest.len());
            self.name = rest[..end].to_owned();
            let _ = self.take((open.len() + end + 1).min(self.rest.len()));
            return Piece::Group;
        }
        if self.rest.starts_with("(?") {
            return Piece::Text(self.take(2));
        }
        let _ = self.take(1);
        Piece::Group
    }

    fn repeated(&mut self, least: usize, bytes: usize) -> Piece {
        let _ = self.take(bytes);
        Piece::AtLeast(least)
    }

    /// `{2,}`, `{2,5}`, or a brace that stands for itself, as in `${NAME}`.
    fn braces(&mut self) -> Piece {
        let inner = self.rest[1..].split('}').next().unwrap_or_default();
        let closed = self.rest.len() > 1 + inner.len();
        let mut numbers = inner.splitn(2, ',');
        let least = numbers.next().and_then(|n| n.parse().ok());
        let most = numbers.next();
        let bytes = inner.len() + 2;
        match (closed, least, most) {
            (true, Some(least), Some("")) => self.repeated(least, bytes),
            (true, Some(_), None) => Piece::Text(self.take(bytes)),
            (true, Some(_), Some(most)) if most.parse::<usize>().is_ok() => {
                Piece::Text(self.take(bytes))
            }
            _ => {
                let _ = self.take(1);
                Piece::Text("\\{".into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(regex: &str, secret: usize) -> String {
        for_rule(regex, Rewriting { secret, bound: 64 })
    }

    #[test]
    fn the_secret_is_the_group_that_was_meant() {
        assert_eq!(rule("acme_[0-9]{4}", 0), "(?<secret>acme_[0-9]{4})");
        assert_eq!(rule("(k|key)=([0-9]{4})", 2), "(?:k|key)=(?<secret>[0-9]{4})");
        assert_eq!(rule("(k|key)=(?P<TOKEN>[0-9]{4})", 0), "(?:k|key)=(?<secret>[0-9]{4})");
        assert_eq!(rule(r"\(([0-9]{4})[(]", 0), r"\((?<secret>[0-9]{4})[(]");
        assert_eq!(rule("(?i)(?:k)=([0-9]{4})", 0), "(?i)(?:k)=(?<secret>[0-9]{4})");
    }

    #[test]
    fn every_repetition_has_a_bound() {
        assert_eq!(rule("a*b+c{3,}d{90,}e{2}", 0), "(?<secret>a{0,64}b{1,64}c{3,64}d{90,90}e{2})");
        assert_eq!(rule("a+?", 0), "(?<secret>a{1,64}?)");
        assert_eq!(rule("[*+]", 0), "(?<secret>[*+])");
    }

    #[test]
    fn what_is_a_letter_there_is_a_letter_here() {
        assert_eq!(for_values(r"^\$\{[A-Z]+\}$"), r"^\$\{[A-Z]+\}$");
        assert_eq!(for_values("${[A-Z_]+}"), r"$\{[A-Z_]+}");
        assert_eq!(for_values("[[]a&&b~~c]"), r"[\[]a&&b~~c]");
        assert_eq!(for_values("[a&&b[:alpha:]--z]"), r"[a\&\&b[:alpha:]\--z]");
        assert_eq!(for_values("[]a]x[^]b]"), r"[\]a]x[^\]b]");
    }

    #[test]
    fn a_comment_in_a_verbose_regex_is_dropped() {
        assert_eq!(rule("(?x)\n a # (one\n (b)", 0), "(?x)\n a \n (?<secret>b)");
    }
}
