//! Places for requests that were let in and are not answered yet. How many there are follows what is measured
//! (`pressure`); who finds none is refused by two reads of memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The places of one kind of request.
pub struct Places {
    limit: AtomicUsize,
    taken: AtomicUsize,
    /// Most that were taken since somebody looked.
    peak: AtomicUsize,
}

impl Places {
    /// So many places, all free.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: AtomicUsize::new(limit),
            taken: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        })
    }

    /// Takes a place, if there is one. Requests that ask in the same moment may all get the last one: the lanes
    /// are bounded by themselves.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        if self.taken.load(Relaxed) >= self.limit.load(Relaxed) {
            return None;
        }
        let taken = self.taken.fetch_add(1, Relaxed) + 1;
        if taken > self.peak.load(Relaxed) {
            self.peak.fetch_max(taken, Relaxed);
        }
        Some(Place(self.clone()))
    }

    /// How many there are.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// How many there are from now on. Who is inside stays.
    pub(super) fn resize(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// Most that were taken at once since this was asked last.
    pub(super) fn peak(&self) -> usize {
        self.peak.swap(self.taken(), Relaxed).max(self.taken())
    }
}

/// A place; dropping it makes it free.
pub struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_it_is_dropped() {
        let places = Places::new(2);
        let (one, two) = (places.enter(), places.enter());
        assert!(one.is_some() && two.is_some() && places.enter().is_none());
        drop(one);
        assert_eq!((places.taken(), places.peak()), (1, 2));
        assert_eq!(places.peak(), 1, "what was told is forgotten");
        assert!(places.enter().is_some());
    }

    #[test]
    fn who_is_inside_when_there_are_fewer_places_stays_and_nobody_else_comes_in() {
        let places = Places::new(3);
        let inside: Vec<_> = (0..3).map(|_| places.enter()).collect();
        places.resize(1);
        assert_eq!(places.taken(), 3);
        drop(inside);
        assert!(places.enter().is_some());
        assert_eq!(places.limit(), 1);
    }
}
