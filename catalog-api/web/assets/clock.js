// The server's clock, measured. The computer's own clock is never asked what time it is: it may be an hour
// off, and it may be set while the page is open.

/** Measurements that count; older ones are forgotten, as clocks run apart. */
const KEPT = 30;

export class Clock {
  #lags = [];
  #roundTrips = [];

  /**
   * Something said what time it is at the server. It was written before it was heard, so the server's
   * clock is ahead of ours by at least the difference; the largest of several differences is the one that
   * was held up least, whatever lay in between: a slow network or a cache that is a second old.
   */
  hear(serverMs, heardAt, askedAt) {
    if (!Number.isFinite(serverMs)) return;
    this.#lags = [...this.#lags, serverMs - heardAt].slice(-KEPT);
    if (askedAt !== undefined) this.#roundTrips = [...this.#roundTrips, heardAt - askedAt].slice(-KEPT);
  }

  get known() {
    return this.#lags.length > 0;
  }

  /** Unix milliseconds at the server. */
  now() {
    // On its way to us the fastest answer took about half of its time.
    const way = this.#roundTrips.length > 0 ? Math.min(...this.#roundTrips) / 2 : 0;
    return performance.now() + Math.max(...this.#lags) + Math.min(way, 500);
  }
}
