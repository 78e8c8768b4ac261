// Who of the staff is logged in. The session lives as long as the tab does, and is never a buyer's.

import { mall } from './call.js';
import { el, say } from './page.js';
import { t } from './words.js';

const KEY = 'mall.staff';

/** `{ token, name }`, or nothing. */
export function staff() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(who) {
  if (who) sessionStorage.setItem(KEY, JSON.stringify(who));
  else sessionStorage.removeItem(KEY);
}

/** A call as staff. A session that turned out to be over is forgotten. */
export async function ask(method, path, body) {
  const answer = await mall(method, path, { staff: staff()?.token, body });
  if (answer.errno === 501) keep(undefined);
  return answer;
}

/** Logs out here and at the server. */
export async function logOut() {
  const { token } = staff() ?? {};
  keep(undefined);
  if (token) await mall('POST', '/admin/auth/logout', { staff: token, body: {} });
}

/** The form; calls `done` when somebody is logged in. */
export function logInForm(done) {
  const field = (id, properties) => [el('label', { for: id, text: t(id) }), el('input', { id, name: id, ...properties })];
  const [nameLabel, name] = field('username', { autocomplete: 'username', required: true, maxlength: '63' });
  const [wordLabel, word] = field('password', {
    type: 'password', autocomplete: 'current-password', required: true, maxlength: '128',
  });
  const [codeLabel, code] = field('captcha', { autocomplete: 'off', maxlength: '16' });
  const image = el('canvas', { class: 'captcha', role: 'img', 'aria-label': t('captchaPicture') });
  const asked = el('div', { class: 'sign-in', hidden: true }, codeLabel, image, code);
  const button = el('button', { class: 'buy', text: t('signIn') });
  const status = el('p', { class: 'status', role: 'alert', id: 'status' });
  const form = el('form', { method: 'post', class: 'sign-in' }, nameLabel, name, wordLabel, word, asked, button, status);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    say(status, '');
    const form = { username: name.value.trim(), password: word.value, code: code.value.trim() };
    const answer = await mall('POST', '/admin/auth/login', { body: form });
    button.removeAttribute('aria-disabled');
    if (answer.errno === 0) {
      keep({ token: answer.data.token, name: answer.data.adminInfo.nickName || form.username });
      done();
      return;
    }
    say(status, t(wrong(answer)));
    if ([606, 607].includes(answer.errno)) {
      asked.hidden = false;
      code.value = '';
      code.focus();
    } else {
      word.select();
    }
    if (typeof answer.data === 'string') await show(image, answer.data);
  });
  return { form, name };
}

function wrong(answer) {
  if (answer.status === 0) return 'offline';
  return { 605: 'signInWrong', 606: 'captchaWrong', 607: 'captchaAsked' }[answer.errno] ?? 'signInFailed';
}

/** A picture that came in an answer; the policy lets pages load none that is not a file. */
async function show(canvas, address) {
  const bytes = Uint8Array.from(atob(address.split(',')[1]), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]));
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
}
