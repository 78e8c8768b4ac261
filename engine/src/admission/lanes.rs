//! Bounded queues, one per sale and kind of request, drained by a bounded pool of workers.
//!
//! A lane is worked on by one worker at a time: while its batch is in flight the next one forms, so
//! that batches grow with the load and nothing waits for a timer when there is none.

use crossbeam::queue::ArrayQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;

/// One bounded queue.
pub struct Lane<T> {
    queue: ArrayQueue<T>,
    scheduled: AtomicBool,
}

impl<T> Lane<T> {
    /// A lane that holds at most `depth` requests.
    pub fn new(depth: usize) -> Self {
        Self { queue: ArrayQueue::new(depth), scheduled: AtomicBool::new(false) }
    }

    /// Requests waiting.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Takes up to `max` requests, oldest first.
    pub fn take(&self, max: usize) -> Vec<T> {
        let mut taken = Vec::with_capacity(self.queue.len().min(max));
        while taken.len() < max {
            match self.queue.pop() {
                Some(request) => taken.push(request),
                None => break,
            }
        }
        taken
    }
}

/// What waits for a worker: lanes with requests, each at most once.
pub struct Ready<K> {
    lanes: ArrayQueue<K>,
    signal: Semaphore,
}

impl<K> Ready<K> {
    /// Room for `lanes_max` lanes; more than that never exist, which the sale table sees to.
    pub fn new(lanes_max: usize) -> Arc<Self> {
        Arc::new(Self { lanes: ArrayQueue::new(lanes_max), signal: Semaphore::new(0) })
    }

    /// Puts a request into its lane and wakes a worker if the lane has none. A full lane gives the
    /// request back: the caller sheds it.
    pub fn offer<T>(&self, lane: &Lane<T>, request: T, key: impl FnOnce() -> K) -> Result<(), T> {
        lane.queue.push(request)?;
        self.wake(lane, key);
        Ok(())
    }

    /// The next lane that has requests.
    pub async fn next(&self) -> K {
        self.signal.acquire().await.expect("the semaphore is never closed").forget();
        self.lanes.pop().expect("every permit stands for one lane")
    }

    /// Ends a worker's turn with a lane; it is queued again if requests came meanwhile.
    pub fn done<T>(&self, lane: &Lane<T>, key: impl FnOnce() -> K) {
        lane.scheduled.store(false, Ordering::SeqCst);
        // A request pushed before the store saw the lane scheduled and woke nobody.
        if !lane.queue.is_empty() {
            self.wake(lane, key);
        }
    }

    fn wake<T>(&self, lane: &Lane<T>, key: impl FnOnce() -> K) {
        if !lane.scheduled.swap(true, Ordering::SeqCst) {
            assert!(self.lanes.push(key()).is_ok(), "there are no more lanes than places");
            self.signal.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lane_is_queued_once_and_again_when_requests_came_meanwhile() {
        let ready = Ready::new(1);
        let lane = Lane::new(2);
        assert_eq!(ready.offer(&lane, 1, || "a"), Ok(()));
        assert_eq!(ready.offer(&lane, 2, || "a"), Ok(()));
        assert_eq!(ready.offer(&lane, 3, || "a"), Err(3));
        assert_eq!(ready.next().await, "a");
        assert_eq!(lane.take(1), [1]);
        ready.done(&lane, || "a");
        assert_eq!(ready.next().await, "a");
        assert_eq!(lane.take(10), [2]);
        ready.done(&lane, || "a");
        assert_eq!(ready.signal.available_permits(), 0);
    }
}
