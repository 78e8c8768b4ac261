// The state of a sale as it changes: pushed while a stream can be had, polled otherwise, and neither while
// nobody looks at the page.

import { call, either, pause } from './call.js';
import { listen } from './events.js';

/** Between two looks. */
const POLL_MS = 1500;
/** The longest between two looks at a server that is in trouble. */
const POLL_MAX_MS = 20000;
/** Without a stream, it is asked for again after so many looks. */
const LOOKS = 20;

/**
 * Calls `tell(state)` with every state and `lost(code)` when there is none to be had. Runs until `signal`.
 */
export async function watch(sale, clock, { tell, lost, signal }) {
  const path = `/seckill/v1/sales/${sale}`;
  while (!signal.aborted) {
    if (document.hidden) {
      await shown(signal);
      continue;
    }
    const looking = new AbortController();
    const hide = () => { if (document.hidden) looking.abort(); };
    document.addEventListener('visibilitychange', hide);
    const both = either(signal, looking.signal);
    const began = performance.now();
    const stream = await listen(`${path}/events`, {
      signal: both,
      tell: (name, state, heardAt) => {
        if (name !== 'state') return;
        clock.hear(state.server_time_ms, heardAt);
        tell(state);
      },
    });
    // A stream that lasted has come to its natural end; one that did not has to be done without.
    if (!both.aborted && (stream.status !== 200 || performance.now() - began < 5000)) {
      await poll(`${path}/state`, clock, { tell, lost, signal: both });
    } else if (!both.aborted) {
      await pause(500, both);
    }
    document.removeEventListener('visibilitychange', hide);
  }
}

async function poll(path, clock, { tell, lost, signal }) {
  let failures = 0;
  for (let look = 0; look < LOOKS && !signal.aborted; look += 1) {
    const answer = await call('GET', path, { signal });
    if (signal.aborted) return;
    if (answer.status === 200 && answer.data) {
      failures = 0;
      clock.hear(answer.data.server_time_ms, answer.heardAt, answer.askedAt);
      tell(answer.data);
    } else {
      failures += 1;
      lost(answer.code);
    }
    const wait = failures === 0 ? POLL_MS : Math.min(POLL_MS * 2 ** failures, POLL_MAX_MS);
    await pause(Math.max(wait, answer.waitS * 1000), signal);
  }
}

function shown(signal) {
  return new Promise((done) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      done();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look, { once: true });
  });
}
