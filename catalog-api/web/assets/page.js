// What all pages have in common: making elements, the bar at the top, the language, the first moment.

import { onSession, session, signOut } from './session.js';
import { language, setLanguage, t } from './words.js';

/** An element. Text is always set as text: a name with markup in it is shown as it is written. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'text') element.textContent = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** Sets text only where it changed, so that screen readers are not told the same again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A picture, or nothing where there is none to be had. */
export function picture(address, className) {
  const frame = el('div', { class: `picture ${className}` });
  if (address) {
    const image = el('img', { src: address, alt: '', decoding: 'async' });
    image.addEventListener('error', () => image.remove());
    frame.append(image);
  }
  return frame;
}

/** Where to sign in, and then come back here. */
export function signInLink() {
  return `sign-in.html?back=${encodeURIComponent(location.pathname + location.search)}`;
}

/**
 * Begins a page: fills the bar, then calls `draw`, which puts the page where the note was that it did not load.
 * What stands in the bar is for buyers, where a page does not say otherwise.
 */
export function begin(titleKey, draw, inBar = forBuyers) {
  document.documentElement.lang = language();
  document.title = t(titleKey);
  const bar = document.getElementById('bar');
  const fill = () => bar.replaceChildren(...inBar(fill));
  fill();
  onSession(fill);
  // A page that comes back by the back button is as old as when it was left.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  draw(document.querySelector('main'));
}

/** To the other language and back. */
export function languageButton() {
  return el('button', {
    type: 'button', class: 'quiet', lang: t('otherLanguageTag'), text: t('otherLanguage'),
    onclick: () => { setLanguage(t('otherLanguageTag')); location.reload(); },
  });
}

function forBuyers(fill) {
  return [
    el('a', { href: './', class: 'brand', text: t('shop') }),
    el('nav', { 'aria-label': t('navigation') },
      el('a', { href: './', text: t('sales'), 'aria-current': here('index.html') }),
      el('a', { href: 'orders.html', text: t('myOrders'), 'aria-current': here('orders.html') })),
    el('div', { class: 'end' }, ...who(fill), languageButton()),
  ];
}

function who(fill) {
  const signedIn = session();
  if (!signedIn) return [el('a', { href: signInLink(), text: t('signIn') })];
  return [
    el('span', { class: 'name', text: signedIn.name }),
    el('button', {
      type: 'button', class: 'quiet', text: t('signOut'),
      onclick: async () => { await signOut(); fill(); location.reload(); },
    }),
  ];
}

function here(page) {
  const name = location.pathname.split('/').pop() || 'index.html';
  return name === page ? 'page' : undefined;
}
