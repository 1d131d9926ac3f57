//! The threads of one scan.

/// As many threads as the user asked for.
#[derive(Debug)]
pub(super) struct Threads(Option<rayon::ThreadPool>);

impl Threads {
    /// `count`: 0 = one per core. If the system gives none, those of the whole program are used.
    pub(super) fn new(count: usize) -> Self {
        Self(rayon::ThreadPoolBuilder::new().num_threads(count).build().ok())
    }

    /// Does `work`, whose parallel parts use these threads.
    pub(super) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}
