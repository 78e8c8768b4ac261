// The list of sales.

import { call, pause } from './call.js';
import { Clock } from './clock.js';
import { begin, el, picture, say } from './page.js';
import { countdown, left, money, t, when } from './words.js';

const EVERY_MS = 5000;

begin('sales', async (main) => {
  const clock = new Clock();
  const cards = new Map();
  const note = el('p', { role: 'status', text: t('loading') });
  const list = el('ul', { class: 'cards' });
  main.replaceChildren(el('h1', { text: t('sales') }), note, list);
  setInterval(() => cards.forEach((card) => card.tick()), 250);
  let failures = 0;
  for (;;) {
    if (!document.hidden) {
      const answer = await call('GET', '/seckill/v1/sales');
      if (answer.status === 200 && answer.data) {
        failures = 0;
        clock.hear(answer.data.server_time_ms, answer.heardAt, answer.askedAt);
        const sales = answer.data.sales.filter((sale) => sale.state !== 'reconciled').sort(byState);
        say(note, sales.length === 0 ? t('noSales') : '');
        draw(list, cards, sales, clock);
      } else {
        failures += 1;
        say(note, t(answer.status === 0 ? 'offline' : 'notNow'));
      }
      await pause(Math.max(EVERY_MS * 2 ** Math.min(failures, 3), answer.waitS * 1000));
    } else {
      await pause(1000);
    }
  }
});

/** What can be bought, then what can soon, then what was. */
function byState(one, other) {
  const rank = (sale) => (['closing', 'drained'].includes(sale.state) ? 2 : sale.state === 'armed' ? 1 : 0);
  return rank(one) - rank(other) || one.starts_at_ms - other.starts_at_ms || one.id - other.id;
}

function draw(list, cards, sales, clock) {
  const ids = new Set(sales.map((sale) => sale.id));
  for (const [id, card] of cards) {
    if (!ids.has(id)) { card.element.remove(); cards.delete(id); }
  }
  sales.forEach((sale, place) => {
    if (!cards.has(sale.id)) cards.set(sale.id, makeCard(clock));
    const card = cards.get(sale.id);
    card.show(sale);
    if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
  });
}

function makeCard(clock) {
  let sale;
  const frame = el('div', { class: 'frame' });
  const name = el('h2');
  const price = el('p', { class: 'price' });
  const state = el('p', { class: 'state' });
  const link = el('a', { class: 'card' }, frame, el('div', { class: 'about' }, name, price, state));
  const tick = () => {
    const now = clock.now();
    const over = ['closing', 'drained'].includes(sale.state) || now >= sale.ends_at_ms;
    const soon = now < sale.starts_at_ms;
    const goods = sale.remaining > 0;
    link.dataset.state = over ? 'over' : soon ? 'soon' : goods ? 'open' : 'gone';
    if (over) say(state, t('over'));
    else if (soon && sale.starts_at_ms - now > 86400000) say(state, t('startsAt', { when: when(sale.starts_at_ms) }));
    else if (soon) say(state, t('startsIn', { time: countdown(sale.starts_at_ms - now) }));
    else say(state, goods ? left(sale) : t('gone'));
  };
  return {
    element: el('li', {}, link),
    tick,
    show(next) {
      if (sale?.pic_url !== next.pic_url) frame.replaceChildren(picture(next.pic_url, 'small'));
      sale = next;
      link.href = `sale.html?id=${sale.id}`;
      say(name, sale.name);
      say(price, money(sale.price_minor));
      tick();
    },
  };
}
