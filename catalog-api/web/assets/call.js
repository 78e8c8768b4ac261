// One request and what came of it, always in the same shape. Nothing here throws.

/** Longest wait for an answer; the engine gives up on its own before. */
const WITHIN_MS = 15000;

/**
 * Answers `{ status, code, data, waitS, askedAt, heardAt }`. A status of 0 says that no answer was heard:
 * whether the request arrived is unknown. Times are those of `performance.now()`.
 */
export async function call(method, path, { session, staff, body, signal } = {}) {
  const headers = {};
  if (session) headers.authorization = `Bearer ${session}`;
  if (staff) headers['x-litemall-admin-token'] = staff;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const askedAt = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), WITHIN_MS);
  try {
    const answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: either(signal, limit.signal),
    });
    const heardAt = performance.now();
    const data = await answer.json().catch(() => null);
    return {
      status: answer.status,
      code: data?.code ?? (answer.ok ? 'ok' : `http_${answer.status}`),
      data,
      waitS: seconds(answer.headers.get('retry-after')),
      askedAt,
      heardAt,
    };
  } catch {
    return { status: 0, code: 'offline', data: null, waitS: 0, askedAt, heardAt: performance.now() };
  } finally {
    clearTimeout(timer);
  }
}

/** A call to the mall, whose failures come as 200 with an `errno`. */
export async function mall(method, path, options) {
  const answer = await call(method, path, options);
  const errno = answer.status === 200 ? (answer.data?.errno ?? -1) : -1;
  return { ...answer, errno, said: answer.data?.errmsg ?? '', data: answer.data?.data };
}

/** A signal that follows whichever of several comes first. */
export function either(...signals) {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal?.aborted) controller.abort();
    signal?.addEventListener('abort', () => controller.abort(), { once: true, signal: controller.signal });
  }
  return controller.signal;
}

/** What `Retry-After` says, within reason. */
export function seconds(text) {
  const number = Number.parseInt(text ?? '', 10);
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), 300) : 0;
}

/** A while, cut short by `signal`; never more than a fifth off, so that a crowd does not come back as one. */
export function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms * (0.9 + Math.random() * 0.3));
    signal?.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
  });
}
