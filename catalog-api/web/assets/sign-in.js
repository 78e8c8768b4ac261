// Signing in, and back to where one came from.

import { begin, el, say } from './page.js';
import { signIn } from './session.js';
import { t } from './words.js';

begin('signIn', (main) => {
  const name = el('input', { id: 'name', name: 'username', autocomplete: 'username', required: true, maxlength: '63' });
  const word = el('input', {
    id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true, maxlength: '128',
  });
  const button = el('button', { class: 'buy', text: t('signIn') });
  const status = el('p', { class: 'status', role: 'alert', id: 'status' });
  const form = el('form', { method: 'post', class: 'sign-in' },
    el('label', { for: 'name', text: t('username') }), name,
    el('label', { for: 'password', text: t('password') }), word,
    button, status);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    say(status, '');
    const wrong = await signIn(name.value.trim(), word.value);
    if (wrong === '') {
      location.replace(back());
      return;
    }
    button.removeAttribute('aria-disabled');
    say(status, t(wrong));
    word.select();
  });
  main.replaceChildren(el('h1', { text: t('signIn') }), form);
  name.focus();
});

/** Pages of ours only. */
function back() {
  const wanted = new URLSearchParams(location.search).get('back') ?? '';
  const to = new URL(wanted, location.href);
  return to.origin === location.origin && wanted.startsWith('/shop/') ? to.pathname + to.search : './';
}
