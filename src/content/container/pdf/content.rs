//! What a page shows: the operators of its content, as far as they say which text stands where (ISO 32000-1,
//! sections 8.4, 9.3 and 9.4).

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::{
    file::{File, Stream},
    font::{Font, Fonts, Shown},
    layout::{Matrix, Piece, Point},
    lexer::{Token, name},
    sheet::Sheet,
    stream,
    value::{Dict, Value, items},
    window::Window,
};
use crate::{
    content::container::{Members, Trouble},
    coverage::Limit,
};

/// Forms in each other.
const MAX_DEPTH: usize = 16;
/// States that were put aside.
const MAX_STATES: usize = 256;
/// Names of fonts that one content may have without looking them up anew.
const MAX_FONTS: usize = 1000;
/// Operands of one operator, but for those in brackets.
const MAX_OPERANDS: usize = 8;
/// What stands in brackets is shown at the latest when it is so much: operands, and bytes of them.
const MAX_LISTED: usize = 4096;
const MAX_LISTED_BYTES: usize = 1 << 20;

/// What reads the contents of one file.
pub(super) struct Contents<'f, 'd> {
    pub(super) file: &'f File<'d>,
    pub(super) fonts: Fonts,
    /// Objects that have been read; each is read once.
    pub(super) seen: HashSet<u32>,
    /// By the objects that state them: pages share them.
    resources: HashMap<u32, Resources<'f>>,
}

/// What is in force while text is shown.
#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Rc<Font>,
    size: f64,
    between_glyphs: f64,
    between_words: f64,
    stretch: f64,
    leading: f64,
}

/// An operand.
#[derive(Debug)]
enum Operand {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Other,
}

/// Reads one stream.
struct Run<'r, 'f> {
    state: State,
    saved: Vec<State>,
    /// Where the next glyph stands, and the line that it stands on.
    text: Matrix,
    line: Matrix,
    operands: Vec<Operand>,
    listed: Option<Vec<Operand>>,
    listed_bytes: usize,
    in_image: bool,
    resources: Resources<'f>,
    /// Those that were chosen, by their names.
    fonts: HashMap<Vec<u8>, Rc<Font>>,
    sheet: &'r mut Sheet,
}

/// What the names in a content mean.
#[derive(Clone, Copy, Default)]
pub(super) struct Resources<'f> {
    fonts: Dict<'f>,
    forms: Dict<'f>,
}

impl<'f, 'd> Contents<'f, 'd> {
    pub(super) fn new(file: &'f File<'d>) -> Self {
        Self { file, fonts: Fonts::default(), seen: HashSet::new(), resources: HashMap::new() }
    }

    /// Adds to `sheet` what `streams` show, one after the other.
    pub(super) fn show(
        &mut self,
        streams: &[Stream<'f>],
        resources: Resources<'f>,
        sheet: &mut Sheet,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let state = State {
            matrix: Matrix::SAME,
            font: Rc::new(Font::plain()),
            size: 1.0,
            between_glyphs: 0.0,
            between_words: 0.0,
            stretch: 1.0,
            leading: 0.0,
        };
        self.run(streams, resources, state, 0, sheet, members)
    }

    fn run(
        &mut self,
        streams: &[Stream<'f>],
        resources: Resources<'f>,
        state: State,
        depth: usize,
        sheet: &mut Sheet,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let mut run = Run::new(state, resources, sheet);
        for &stream in streams {
            let mut window = match stream::reader(self.file, stream) {
                Ok(input) => Window::new(input),
                Err(trouble) => {
                    run.sheet.troubles.note(trouble);
                    continue;
                }
            };
            while window.advance(members)? {
                members.spend(self.file.take_work())?;
                self.read(&mut window, &mut run, depth, members)?;
                run.sheet.give_lines(members)?;
            }
            if window.is_damaged {
                run.sheet.troubles.note(Trouble::Damaged);
            }
        }
        Ok(())
    }

    /// Reads what is in the window.
    fn read(
        &mut self,
        window: &mut Window<'_>,
        run: &mut Run<'_, 'f>,
        depth: usize,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let mut lexer = window.lexer();
        loop {
            if run.in_image && !lexer.skip_image() {
                break;
            }
            run.in_image = false;
            let Some(token) = lexer.next() else { break };
            if let Some(operator) = run.take(token) {
                self.operate(operator, run, depth, members)?;
                run.operands.clear();
            }
        }
        let end = lexer.at;
        window.drop_first(end);
        Ok(())
    }

    /// Does what needs to know the file, and leaves the rest to `run`.
    fn operate(
        &mut self,
        operator: &[u8],
        run: &mut Run<'_, 'f>,
        depth: usize,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        match (operator, &*run.operands) {
            (b"Tf", [.., Operand::Name(name), Operand::Number(size)]) => {
                let name = name.clone();
                run.state.size = *size;
                self.choose_font(&name, run, members)?;
            }
            (b"Do", [.., Operand::Name(name)]) => {
                let name = name.clone();
                self.show_form(&name, run, depth, members)?;
            }
            _ => run.operate(operator),
        }
        Ok(())
    }

    /// Chooses the font `wanted`.
    fn choose_font(
        &mut self,
        wanted: &[u8],
        run: &mut Run<'_, 'f>,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        if let Some(font) = run.fonts.get(wanted) {
            run.state.font = font.clone();
            return Ok(());
        }
        let dict = run.resources.fonts;
        let font = self.file.dict_at(dict, wanted);
        members.spend(self.file.take_work() + dict.0.len() as u64)?;
        run.state.font = match font.map(|font| self.fonts.font(self.file, font, members)) {
            Some(Ok(font)) => font,
            Some(Err(Trouble::Stopped(limit))) => return Err(limit),
            Some(Err(trouble)) => {
                run.sheet.troubles.note(trouble);
                Rc::new(Font::plain())
            }
            None => Rc::new(Font::plain()),
        };
        if run.fonts.len() < MAX_FONTS {
            run.fonts.insert(wanted.to_vec(), run.state.font.clone());
        }
        Ok(())
    }

    /// Shows the form `wanted`, if it was not shown before.
    fn show_form(
        &mut self,
        wanted: &[u8],
        run: &mut Run<'_, 'f>,
        depth: usize,
        members: &mut dyn Members,
    ) -> Result<(), Limit> {
        let dict = run.resources.forms;
        members.spend(dict.0.len() as u64)?;
        let Some(Value::Reference(number)) = dict.get(wanted) else { return Ok(()) };
        let Some(form) = self.file.stream(number) else { return Ok(()) };
        if !form.dict.is(b"Subtype", b"Form") || !self.seen.insert(number) {
            return Ok(());
        }
        if depth == MAX_DEPTH {
            // It is read as what no page shows.
            self.seen.remove(&number);
            return Ok(());
        }
        let matrix = self.matrix_of(form.dict).then(run.state.matrix);
        let state = State { matrix, ..run.state.clone() };
        let resources = self.resources(form.dict.get(b"Resources"), run.resources);
        self.run(&[form], resources, state, depth + 1, run.sheet, members)
    }

    /// The resources that `value` leads to, or those `around` it.
    pub(super) fn resources(
        &mut self,
        value: Option<Value<'f>>,
        around: Resources<'f>,
    ) -> Resources<'f> {
        let number = match value {
            Some(Value::Reference(number)) => Some(number),
            Some(_) | None => None,
        };
        if let Some(known) = number.and_then(|number| self.resources.get(&number)) {
            return *known;
        }
        let Some(Value::Dict(dict)) = value.map(|value| self.file.resolve(value)) else {
            return around;
        };
        let named = |key: &[u8]| self.file.dict_at(dict, key).unwrap_or_default();
        let resources = Resources { fonts: named(b"Font"), forms: named(b"XObject") };
        self.resources.extend(number.map(|number| (number, resources)));
        resources
    }

    fn matrix_of(&self, dict: Dict<'f>) -> Matrix {
        let mut numbers = Vec::new();
        if let Some(Value::Array(array)) = self.file.get(dict, b"Matrix") {
            numbers.extend(items(array).take(6).map_while(|value| match value {
                Value::Number(number) => Some(number),
                _ => None,
            }));
        }
        numbers.try_into().map_or(Matrix::SAME, Matrix)
    }
}

impl<'r, 'f> Run<'r, 'f> {
    fn new(state: State, resources: Resources<'f>, sheet: &'r mut Sheet) -> Self {
        Self {
            state,
            saved: Vec::new(),
            text: Matrix::SAME,
            line: Matrix::SAME,
            operands: Vec::new(),
            listed: None,
            listed_bytes: 0,
            in_image: false,
            resources,
            fonts: HashMap::new(),
            sheet,
        }
    }

    /// Takes a token; gives the operator, if it is one that matters.
    fn take<'t>(&mut self, token: Token<'t>) -> Option<&'t [u8]> {
        let operand = match token {
            Token::Word(b"ID") => {
                self.in_image = true;
                self.operands.clear();
                return None;
            }
            Token::Word(word) => return Some(word),
            Token::OpenArray => {
                self.listed = Some(Vec::new());
                return None;
            }
            Token::CloseArray | Token::OpenDict | Token::CloseDict => return None,
            Token::Number(number) => Operand::Number(number),
            Token::Name(written) if self.listed.is_none() => {
                Operand::Name(name(written).into_owned())
            }
            Token::Name(_) => Operand::Other,
            Token::String(written) => Operand::Text(written.bytes()),
        };
        match &mut self.listed {
            Some(listed) => {
                if let Operand::Text(bytes) = &operand {
                    self.listed_bytes += bytes.len();
                }
                listed.push(operand);
                if listed.len() >= MAX_LISTED || self.listed_bytes >= MAX_LISTED_BYTES {
                    self.show_listed();
                    self.listed = Some(Vec::new());
                }
            }
            None if self.operands.len() < MAX_OPERANDS => self.operands.push(operand),
            None => {
                self.operands.remove(0);
                self.operands.push(operand);
            }
        }
        None
    }

    fn numbers<const N: usize>(&self) -> Option<[f64; N]> {
        let from = self.operands.len().checked_sub(N)?;
        let mut numbers = [0.0; N];
        for (number, operand) in numbers.iter_mut().zip(&self.operands[from..]) {
            let Operand::Number(n) = operand else { return None };
            *number = *n;
        }
        Some(numbers)
    }

    fn operate(&mut self, operator: &[u8]) {
        match operator {
            b"q" if self.saved.len() < MAX_STATES => self.saved.push(self.state.clone()),
            b"Q" => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            b"cm" => {
                if let Some(numbers) = self.numbers() {
                    self.state.matrix = Matrix(numbers).then(self.state.matrix);
                }
            }
            b"BT" => (self.text, self.line) = (Matrix::SAME, Matrix::SAME),
            b"Tm" => {
                if let Some(numbers) = self.numbers() {
                    (self.text, self.line) = (Matrix(numbers), Matrix(numbers));
                }
            }
            b"Td" | b"TD" => {
                if let Some([x, y]) = self.numbers() {
                    if operator == b"TD" {
                        self.state.leading = -y;
                    }
                    self.move_line(x, y);
                }
            }
            b"T*" => self.move_line(0.0, -self.state.leading),
            b"Tc" | b"Tw" | b"Tz" | b"TL" => self.set(operator),
            b"Tj" => self.show_last(),
            b"'" => {
                self.move_line(0.0, -self.state.leading);
                self.show_last();
            }
            b"\"" => {
                if let [.., Operand::Number(words), Operand::Number(glyphs), _] = self.operands[..]
                {
                    (self.state.between_words, self.state.between_glyphs) = (words, glyphs);
                }
                self.move_line(0.0, -self.state.leading);
                self.show_last();
            }
            b"TJ" => self.show_listed(),
            _ => {}
        }
        (self.listed, self.listed_bytes) = (None, 0);
    }

    fn set(&mut self, operator: &[u8]) {
        let Some([number]) = self.numbers() else { return };
        match operator {
            b"Tc" => self.state.between_glyphs = number,
            b"Tw" => self.state.between_words = number,
            b"Tz" => self.state.stretch = number / 100.0,
            _ => self.state.leading = number,
        }
    }

    fn move_line(&mut self, x: f64, y: f64) {
        self.line = self.line.moved(x, y);
        self.text = self.line;
    }

    fn show_last(&mut self) {
        if let Some(Operand::Text(bytes)) = self.operands.pop() {
            self.show(&bytes);
        }
    }

    fn show_listed(&mut self) {
        self.listed_bytes = 0;
        for operand in self.listed.take().unwrap_or_default() {
            match operand {
                Operand::Text(bytes) => self.show(&bytes),
                Operand::Number(back) => {
                    let x = -back / 1000.0 * self.state.size * self.state.stretch;
                    self.text = self.text.moved(x, 0.0);
                }
                Operand::Name(_) | Operand::Other => {}
            }
        }
    }

    fn show(&mut self, bytes: &[u8]) {
        let mut text = String::new();
        let State { font, size, between_glyphs, between_words, stretch, matrix, .. } = &self.state;
        let Shown { width, glyphs, spaces, unknown } = font.show(bytes, &mut text);
        let added = between_glyphs * glyphs as f64 + between_words * spaces as f64;
        let on_page = self.text.then(*matrix);
        let start = on_page.apply(Point::default());
        let end = on_page.apply(Point { x: (width * size + added) * stretch, y: 0.0 });
        let em = on_page.apply(Point { x: size * stretch, y: 0.0 });
        let em = Point { x: em.x - start.x, y: em.y - start.y };
        let piece = Piece { start, end, em, is_exact: font.is_exact };
        self.text = self.text.moved((width * size + added) * stretch, 0.0);
        self.sheet.unknown += unknown;
        self.sheet.layout.add(&text, piece);
    }
}
