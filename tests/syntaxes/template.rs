//! Texts with marks in place of names and values.

use std::sync::LazyLock;

use crate::credentials::Credential;

pub(crate) static TEMPLATES: LazyLock<Vec<Template>> =
    LazyLock::new(|| read(include_str!("templates.txt")));

/// One section of a file of texts: `=== path | title | place`, then the text.
pub(crate) struct Template {
    pub(crate) path: String,
    pub(crate) title: String,
    /// What stands there: `name` a name and its value, `header` a request header, `query` a parameter,
    /// `alone` the value and nothing that names it, and narrower ones.
    pub(crate) place: String,
    pub(crate) text: String,
}

pub(crate) fn read(file: &str) -> Vec<Template> {
    let sections = file.strip_prefix("=== ").expect("a file starts with a section");
    sections
        .split("\n=== ")
        .map(|section| {
            let (head, text) = section.split_once('\n').expect("a section has a text");
            let mut head = head.splitn(3, " | ").map(str::to_owned);
            let mut next = || head.next().unwrap_or_default();
            let (path, title, place) = (next(), next(), next());
            Template { path, title, place, text: text.trim_end().to_owned() + "\n" }
        })
        .collect()
}

impl Template {
    /// The text with the names of `credential` and with `value`.
    pub(crate) fn filled(&self, credential: &Credential, value: &str) -> String {
        let words: Vec<&str> = credential.name.split(' ').collect();
        let title = |w: &str| w[..1].to_uppercase() + &w[1..];
        let pascal: String = words.iter().map(|w| title(w)).collect();
        let camel = words[0].to_owned() + &words[1..].iter().map(|w| title(w)).collect::<String>();
        let (header, scheme) = credential.header;
        [
            ("@NAME@", words.join("_").to_uppercase().as_str()),
            ("@name@", &words.join("_")),
            ("@camelName@", &camel),
            ("@PascalName@", &pascal),
            ("@kebab-name@", &words.join("-")),
            ("@dotted.name@", &format!("{}.{}", words[0], words[1..].join("-"))),
            ("@header@", header),
            ("@scheme@", scheme),
            ("@host@", credential.host),
            ("@param@", credential.param),
            ("@provider@", words[0]),
            ("@Provider@", &title(words[0])),
            ("@value@", value),
        ]
        .iter()
        .fold(self.text.clone(), |text, (mark, with)| text.replace(mark, with))
    }
}
