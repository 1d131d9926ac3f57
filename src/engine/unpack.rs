//! What containers hold: their members, and what is in these, as sightings of the one input.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io::{self, Read},
    ops::Range,
    sync::{MutexGuard, PoisonError},
};

use super::{Engine, Sightings};
use crate::{
    blob::{Before, Blob, Nature, Origin},
    content::{
        Budget,
        container::{self, Input, Kind, Members, Trouble},
        read::Buffer,
    },
    coverage::{Limit, Skip},
    route::{Route, Step},
    span::LineCol,
};

/// Held containers of more bytes wait for each other, whatever the number of threads.
const MAX_SHARED_BYTES: u64 = 4 << 20;
/// So much may come out of any input before its ratio counts: a small file of zeros is no bomb.
const FREE_BYTES: u64 = 16 << 20;

/// What the members of one input share.
struct Shared<'e> {
    engine: &'e Engine,
    budget: RefCell<Budget>,
    /// Bytes of the input.
    stored: u64,
    expanded: Cell<u64>,
    stopped: Cell<Option<Limit>>,
    buffers: RefCell<Vec<Buffer>>,
    held: Cell<u64>,
    turn: RefCell<Option<MutexGuard<'e, ()>>>,
}

impl Engine {
    /// What the container holds whose bytes are `input`; `stored` is their number.
    pub fn sight_container(&self, kind: Kind, input: Input<'_>, stored: u64) -> Sightings {
        let shared = Shared {
            engine: self,
            budget: RefCell::new(Budget::new(self.limits)),
            stored,
            expanded: Cell::default(),
            stopped: Cell::default(),
            buffers: RefCell::default(),
            held: Cell::default(),
            turn: RefCell::default(),
        };
        let mut level = Level::new(&shared, kind, 1);
        level.open(input);
        level.sightings
    }

    /// What sort of container begins with `head`, if such are opened at all.
    pub fn container(&self, head: &[u8]) -> Option<Kind> {
        container::kind(head).filter(|_| self.limits.max_archive_depth > 0)
    }
}

impl Shared<'_> {
    /// Spends `bytes` that came out of the input.
    fn spend(&self, bytes: u64) -> Result<(), Limit> {
        let expanded = self.expanded.get() + bytes;
        self.expanded.set(expanded);
        let mut budget = self.budget.borrow_mut();
        let ratio = budget.limits().max_ratio;
        let spent = budget.spend(usize::MAX, bytes);
        let is_bomb = expanded > FREE_BYTES.max(self.stored.saturating_mul(ratio));
        self.note(spent.and(if is_bomb { Err(Limit::Ratio) } else { Ok(()) }))
    }

    /// Remembers that a limit is reached.
    fn note(&self, spent: Result<(), Limit>) -> Result<(), Limit> {
        if let Err(limit) = spent {
            self.stopped.set(self.stopped.get().or(Some(limit)));
        }
        spent
    }

    /// What `error` of a member means.
    fn trouble(&self) -> Trouble {
        self.stopped.get().map_or(Trouble::Damaged, Trouble::Stopped)
    }
}

/// Bytes that come out of the input, at the expense of its budget.
struct Metered<'m, 'e> {
    content: &'m mut dyn Read,
    shared: &'m Shared<'e>,
}

impl Read for Metered<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(out)?;
        self.shared
            .spend(read as u64)
            .map_err(|_| io::Error::from(io::ErrorKind::QuotaExceeded))?;
        Ok(read)
    }
}

/// One container.
struct Level<'s, 'e> {
    shared: &'s Shared<'e>,
    kind: Kind,
    /// Containers opened to get here, with this one.
    depth: usize,
    sightings: Sightings,
}

impl<'s, 'e> Level<'s, 'e> {
    fn new(shared: &'s Shared<'e>, kind: Kind, depth: usize) -> Self {
        Self { shared, kind, depth, sightings: Sightings::none(0..0) }
    }

    fn open(&mut self, input: Input<'_>) {
        let held = self.shared.held.get();
        if let Err(trouble) = container::open(self.kind, input, self) {
            // Whoever stopped has said where.
            if !matches!(trouble, Trouble::Stopped(_)) || self.sightings.gaps().is_empty() {
                self.note(&[], trouble);
            }
        }
        self.shared.held.set(held);
        if self.kind == Kind::Bundle {
            self.sightings.keep_first();
        }
    }

    /// Notes what of a member, or of the container itself, was not searched.
    fn note(&mut self, way: &[Step], trouble: Trouble) {
        self.sightings.skipped(trouble.skip(), Route(way.to_vec()));
    }

    /// Whether a container of `kind` in this one is this one, unpacked: `.tar.gz` is one container, and
    /// so is a package with its payload.
    fn is_unpacked_by(&self, kind: Kind) -> bool {
        let is_payload = self.kind == Kind::Rpm || self.kind.is_packed() && !kind.is_packed();
        is_payload && !kind.is_text()
    }

    /// What the member holds that begins with the head in `buffer`.
    fn look(
        &mut self,
        place: &Place<'_>,
        buffer: &mut Buffer,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        let name = match place.way.last() {
            Some(Step::Member(name)) => name.as_str(),
            Some(Step::Part { .. } | Step::Named(_) | Step::Original(_) | Step::Decoded { .. })
            | None => "",
        };
        let head = buffer.head(&mut *content);
        let kind = container::kind(head);
        if self.kind == Kind::Zip && container::is_markup(name, head) {
            let mut plain = container::Plain::new(buffer.take_head().chain(content));
            return self.search(place, name, buffer, &mut plain);
        }
        if let Some(why) = kind.and_then(Kind::closed) {
            self.note(place.way, why);
        } else if let Some(kind) = kind {
            let depth = self.depth + usize::from(!self.is_unpacked_by(kind));
            if depth <= self.shared.engine.limits.max_archive_depth {
                let head = buffer.take_head();
                let mut level = Level::new(self.shared, kind, depth);
                level.open(Input::Stream(&mut head.chain(content)));
                self.add(place, kind, level.sightings);
                return Ok(());
            }
            self.note(place.way, Trouble::Stopped(Limit::ArchiveDepth));
        }
        self.search(place, name, buffer, content)
    }

    /// Searches the member's own text.
    fn search(
        &mut self,
        place: &Place<'_>,
        name: &str,
        buffer: &mut Buffer,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        let engine = self.shared.engine;
        let origin = Origin { path: name.to_owned(), ..Origin::nowhere() };
        let extent = buffer.read_all(&origin, content, |blob| {
            let found = engine.sight_within(blob, &mut self.shared.budget.borrow_mut());
            self.add_found(place, found);
        })?;
        if extent.nature == Nature::Binary {
            self.sightings.skipped(Skip::Binary, Route(place.way.to_vec()));
        }
        Ok(())
    }

    /// Adds what a container in this one holds.
    fn add(&mut self, place: &Place<'_>, kind: Kind, found: Sightings) {
        if self.is_unpacked_by(kind) {
            self.sightings.append(found);
        } else {
            self.add_found(place, found);
        }
    }

    /// Adds what a member holds.
    fn add_found(&mut self, place: &Place<'_>, mut found: Sightings) {
        for step in place.way.iter().rev() {
            let mut outer = Sightings::none(0..0);
            self.shared.engine.add_member(&mut outer, step, &found, |_| place.outer);
            found = outer;
        }
        self.sightings.append(found);
    }
}

/// Where a member is.
struct Place<'p> {
    way: &'p [Step],
    /// In the container's own text.
    outer: LineCol,
}

impl Members for Level<'_, '_> {
    fn member_at(
        &mut self,
        way: &[Step],
        outer: LineCol,
        content: &mut dyn Read,
    ) -> Result<(), Limit> {
        let shared = self.shared;
        let spent = shared.budget.borrow_mut().spend_member();
        let mut buffer = shared.buffers.borrow_mut().pop().unwrap_or_default();
        let read = match shared.note(spent) {
            Ok(()) => {
                let mut metered = Metered { content, shared };
                // What is only copied out of the container does not expand it.
                let content: &mut dyn Read =
                    if self.kind.copies() { metered.content } else { &mut metered };
                self.look(&Place { way, outer }, &mut buffer, content).map_err(|_| shared.trouble())
            }
            Err(limit) => Err(limit.into()),
        };
        shared.buffers.borrow_mut().push(buffer);
        if let Err(trouble) = read {
            self.note(way, trouble);
        }
        shared.stopped.get().map_or(Ok(()), Err)
    }

    fn rename(&mut self, steps: &HashMap<String, Step>) {
        self.sightings.rename(steps);
    }

    fn text(&mut self, text: &[u8], owned: Range<usize>, before: Before) {
        let origin = Origin::nowhere();
        let blob = Blob { before, owned, ..Blob::whole(&origin, text, Nature::Text) };
        let found = self.shared.engine.sight_within(&blob, &mut self.shared.budget.borrow_mut());
        // A limit that ends here does not mean that the container is not opened.
        let part = Step::Part { kind: "line", number: before.lines + 1 };
        self.sightings.go_on(found, &part);
    }

    fn gap_at(&mut self, way: &[Step], trouble: Trouble) -> Result<(), Limit> {
        self.note(way, trouble);
        let spent = self.shared.budget.borrow_mut().spend_member();
        self.shared.note(spent)
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Limit> {
        self.shared.spend(bytes)
    }

    fn hold(&mut self, content: &mut dyn Read) -> Result<Vec<u8>, Trouble> {
        let shared = self.shared;
        let room = shared.engine.limits.max_held_bytes.saturating_sub(shared.held.get());
        let mut held = Vec::new();
        let mut limited = content.take(room + 1);
        limited
            .by_ref()
            .take(MAX_SHARED_BYTES)
            .read_to_end(&mut held)
            .map_err(|_| shared.trouble())?;
        if held.len() as u64 == MAX_SHARED_BYTES && shared.turn.borrow().is_none() {
            let turn = shared.engine.turn.lock().unwrap_or_else(PoisonError::into_inner);
            *shared.turn.borrow_mut() = Some(turn);
        }
        limited.read_to_end(&mut held).map_err(|_| shared.trouble())?;
        if held.len() as u64 > room {
            return Err(Trouble::Stopped(Limit::Held));
        }
        shared.held.set(shared.held.get() + held.len() as u64);
        Ok(held)
    }
}
