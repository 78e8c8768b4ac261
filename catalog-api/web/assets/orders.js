// My orders: what was bought, what is to be paid, what can be given back.

import { mall } from './call.js';
import { begin, el, picture, say, signInLink } from './page.js';
import { pay } from './payment.js';
import { forgetSession, session } from './session.js';
import { decimal, orderState, t } from './words.js';

const PAGE = 10;

begin('myOrders', (main) => {
  const note = el('p', { role: 'status', id: 'status', text: t('loading') });
  const list = el('ul', { class: 'orders' });
  const more = el('button', { type: 'button', class: 'quiet', hidden: true, text: t('more') });
  main.replaceChildren(el('h1', { text: t('myOrders') }), note, list, more);
  const view = { note, list, more, page: 0 };
  more.addEventListener('click', () => load(view));
  load(view);
});

async function load(view) {
  const who = session();
  if (!who) {
    signInFirst(view);
    return;
  }
  view.more.setAttribute('aria-disabled', 'true');
  const page = view.page + 1;
  const answer = await mall('GET', `/wx/order/list?showType=0&page=${page}&limit=${PAGE}`, { session: who.token });
  view.more.removeAttribute('aria-disabled');
  if (answer.errno === 501) {
    forgetSession(who.token);
    signInFirst(view);
    return;
  }
  if (answer.errno !== 0) {
    say(view.note, t(answer.status === 0 ? 'offline' : 'notNow'));
    view.more.hidden = false;
    return;
  }
  view.page = page;
  const { list, pages } = answer.data;
  view.list.append(...list.map((order) => row(order, view)));
  view.more.hidden = page >= pages;
  say(view.note, page === 1 && list.length === 0 ? t('noOrders') : '');
}

function signInFirst(view) {
  view.note.replaceChildren(el('a', { href: signInLink(), class: 'buy', text: t('signIn') }));
}

function row(order, view) {
  const can = order.handleOption;
  const button = (key, act) => {
    const made = el('button', { type: 'button', class: key === 'pay' ? 'buy' : 'quiet', text: t(key) });
    made.addEventListener('click', async () => {
      if (made.getAttribute('aria-disabled') === 'true') return;
      made.setAttribute('aria-disabled', 'true');
      const wrong = await act();
      if (wrong === undefined) return;
      say(view.note, wrong ? t(wrong) : '');
      made.removeAttribute('aria-disabled');
    });
    return made;
  };
  return el('li', { class: 'order' },
    el('div', { class: 'head' },
      el('strong', { text: orderState(order.orderStatusText) }),
      el('span', { class: 'sn', text: t('orderNumber', { sn: order.orderSn }) })),
    ...order.goodsList.map((line) => el('div', { class: 'line' },
      picture(line.picUrl, 'tiny'),
      el('span', { class: 'what', text: line.goodsName }),
      el('span', { text: `× ${line.number}` }))),
    el('div', { class: 'foot' },
      el('span', { class: 'price', text: decimal(order.actualPrice) }),
      can.cancel ? button('cancel', () => cancel(order, view)) : undefined,
      can.pay ? button('pay', async () => (await pay(order.id)) || undefined) : undefined));
}

async function cancel(order, view) {
  if (!confirm(t('cancelSure'))) return '';
  const answer = await mall('POST', '/wx/order/cancel', { session: session()?.token, body: { orderId: order.id } });
  if (answer.errno !== 0) return answer.status === 0 ? 'offline' : 'payNotNow';
  view.page = 0;
  view.list.replaceChildren();
  await load(view);
  return undefined;
}
