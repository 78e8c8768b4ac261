// Who is signed in, and what this browser remembers. Sessions travel in a header and never in a cookie.

import { mall } from './call.js';

const KEY = 'mall.session';
const memory = new Map();

/** Remembers something over a reload; as long as the page is open where the browser forbids that. */
export function keep(key, value) {
  const text = value === undefined ? undefined : JSON.stringify(value);
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    if (text === undefined) memory.delete(key);
    else memory.set(key, text);
  }
}

/** What was remembered. */
export function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? memory.get(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** Calls `tell` when another tab remembers something else. */
export function onKept(key, tell) {
  addEventListener('storage', (event) => {
    if (event.key === key || event.key === null) tell();
  });
}

/** `{ token, name, user }`, or nothing. */
export function session() {
  return kept(KEY);
}

/** Signs in; answers `''`, or a key of what went wrong. */
export async function signIn(username, password) {
  const answer = await mall('POST', '/wx/auth/login', { body: { username, password } });
  if (answer.errno === 0) {
    const { token, userInfo } = answer.data;
    keep(KEY, { token, name: userInfo.nickName || username, user: subject(token) });
    return '';
  }
  if (answer.errno === 700) return 'signInWrong';
  return answer.status === 0 ? 'offline' : 'signInFailed';
}

/** Signs out here and at the server. */
export async function signOut() {
  const { token } = session() ?? {};
  keep(KEY, undefined);
  if (token) await mall('POST', '/wx/auth/logout', { session: token });
}

/** The session turned out to be over. */
export function forgetSession(token) {
  if (session()?.token === token) keep(KEY, undefined);
}

/** Calls `tell` when somebody signs in or out in another tab. */
export function onSession(tell) {
  onKept(KEY, tell);
}

/** Whose session it is, so that nobody goes on with somebody else's purchase. */
function subject(token) {
  try {
    const claims = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(claims)).sub;
  } catch {
    return undefined;
  }
}
