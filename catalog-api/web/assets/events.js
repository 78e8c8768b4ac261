// Server-sent events through fetch: unlike EventSource it carries a session and shows the status.

import { either, seconds } from './call.js';

/** Without a byte for so long, a stream that should have a heartbeat every ten seconds is dead. */
const SILENCE_MS = 25000;
/** An event of ours has a few hundred bytes. */
const EVENT_MAX = 65536;

/**
 * Reads a stream until it ends and calls `tell(name, data, heardAt)` for every event. Answers how it
 * began, `{ status, waitS }`, with a status of 0 when nothing was heard.
 */
export async function listen(path, { session, signal, tell }) {
  const silence = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  let began = { status: 0, waitS: 0 };
  try {
    alive();
    const headers = session ? { authorization: `Bearer ${session}` } : {};
    const answer = await fetch(path, { headers, signal: either(signal, silence.signal) });
    began = { status: answer.status, waitS: seconds(answer.headers.get('retry-after')) };
    if (!answer.ok) {
      await answer.body?.cancel();
      return began;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return began;
      alive();
      text += value;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        one(text.slice(0, end), tell);
        text = text.slice(end + 2);
      }
      if (text.length > EVENT_MAX) return began;
    }
  } catch {
    return began;
  } finally {
    clearTimeout(timer);
    // Also gives the connection back when an event ends the wait.
    silence.abort();
  }
}

function one(text, tell) {
  const line = (name) => text.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const data = line('data');
  if (data === undefined) return;
  try {
    tell(line('event') ?? 'message', JSON.parse(data), performance.now());
  } catch {
    // Not one of ours.
  }
}
