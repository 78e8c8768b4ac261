// The sale page: what is sold, when, how much is left, one button, and where the purchase stands.

import { call, pause } from './call.js';
import { Clock } from './clock.js';
import { begin, el, picture, say, signInLink } from './page.js';
import { pay } from './payment.js';
import { Purchase } from './purchase.js';
import { onSession, session } from './session.js';
import { watch } from './watch.js';
import { clockTime, countdown, left, minutes, money, t, when } from './words.js';

const OVER = ['closing', 'drained', 'reconciled', 'archived'];
/** Moments at which a countdown is said aloud, in seconds. */
const ALOUD = [600, 60, 10];

class Sale {
  #id;
  #clock = new Clock();
  #terms;
  #termsName;
  #state;
  #trouble = '';
  #purchase;
  #message = '';
  #paying = false;
  #said = Infinity;
  #gone = false;
  #back = false;
  #parts;

  constructor(id, main) {
    this.#id = id;
    this.#purchase = new Purchase(id, this.#clock, () => this.#draw());
    const part = (tag, properties) => el(tag, properties);
    this.#parts = {
      name: part('h1', { text: '…' }),
      frame: part('div', { class: 'frame' }),
      price: part('p', { class: 'price' }),
      facts: part('p', { class: 'facts' }),
      label: part('p', { class: 'label' }),
      time: part('p', { class: 'countdown', role: 'timer', 'aria-live': 'off', id: 'countdown' }),
      stock: part('p', { class: 'stock', id: 'left' }),
      meter: part('progress', { max: '1', value: '1', 'aria-hidden': 'true' }),
      quantity: part('input', { type: 'number', min: '1', value: '1', id: 'quantity', inputmode: 'numeric' }),
      amount: part('label', { class: 'amount', for: 'quantity', hidden: true }),
      buy: part('button', { type: 'button', class: 'buy', id: 'buy', 'aria-disabled': 'true' }),
      more: part('button', { type: 'button', class: 'quiet', id: 'more', hidden: true }),
      signIn: part('a', { class: 'buy', id: 'sign-in', href: signInLink(), hidden: true }),
      status: part('p', { class: 'status', role: 'status', id: 'status' }),
      detail: part('p', { class: 'detail', id: 'detail' }),
      aloud: part('p', { class: 'aloud', role: 'status' }),
    };
    const { name, frame, price, facts, label, time, stock, meter, amount, quantity, buy, more, signIn, status, detail, aloud } =
      this.#parts;
    amount.append(el('span', { text: t('quantity') }), quantity);
    buy.addEventListener('click', () => this.#click());
    more.addEventListener('click', () => this.#clickMore());
    main.replaceChildren(el('article', { class: 'sale' }, frame,
      el('div', { class: 'title' }, name, price),
      el('div', { class: 'about' },
        el('section', { class: 'now', 'aria-label': t('now') }, label, time, stock, meter),
        el('div', { class: 'told' }, status, detail),
        amount, buy, signIn, more, facts, aloud)));
  }

  run() {
    onSession(() => { this.#purchase.resume(); });
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.#purchase.refresh(); });
    watch(this.#id, this.#clock, {
      tell: (state) => this.#heard(state),
      lost: (code) => this.#lost(code),
      signal: new AbortController().signal,
    });
    this.#purchase.resume();
    this.#tick();
  }

  #heard(state) {
    this.#trouble = '';
    const before = this.#state;
    this.#state = state;
    if (before && before.remaining === 0 && state.remaining > 0) this.#back = true;
    if (state.remaining === 0) this.#back = false;
    if (state.terms !== this.#termsName) this.#fetchTerms(state.terms);
    this.#draw();
  }

  #lost(code) {
    if (code === 'not_found') this.#gone = true;
    this.#trouble = code === 'offline' ? 'offline' : 'notNow';
    this.#draw();
  }

  /** Under this name they never change, so the browser has them after the first time. */
  async #fetchTerms(name) {
    this.#termsName = name;
    const answer = await call('GET', `/seckill/v1/sales/${this.#id}/terms/${name}`);
    if (this.#termsName !== name) return;
    if (answer.status === 200 && answer.data) {
      this.#terms = answer.data;
      document.title = this.#terms.name;
      this.#drawTerms();
    } else {
      // The next state that is told asks again.
      await pause(Math.max(answer.waitS, 1) * 1000);
      if (this.#termsName === name) this.#termsName = undefined;
      if (this.#state && !this.#terms) this.#heard(this.#state);
    }
    this.#draw();
  }

  #drawTerms() {
    const terms = this.#terms;
    const { name, frame, price, facts, amount, quantity } = this.#parts;
    say(name, terms.name);
    say(price, money(terms.price_minor));
    frame.replaceChildren(picture(terms.pic_url, 'large'));
    const told = [t('window', { from: when(terms.starts_at_ms), to: when(terms.ends_at_ms) })];
    told.push(t('limit', { count: terms.limit_per_user }));
    if (terms.kind === 'goods') told.push(t('toDefaultAddress'));
    say(facts, told.join(' · '));
    quantity.max = String(Math.min(terms.limit_per_order, terms.limit_per_user));
    amount.hidden = quantity.max === '1';
  }

  /** Draws again at the next second of the countdown, or soon while something is awaited. */
  #tick() {
    this.#draw();
    const terms = this.#terms;
    let next = 250;
    if (terms && this.#clock.known) {
      const leftMs = terms.starts_at_ms - this.#clock.now();
      if (leftMs > 0) next = Math.min(leftMs % 1000 || 1000, 1000);
    }
    setTimeout(() => this.#tick(), Math.max(next, 20));
  }

  #click() {
    const { buy } = this.#parts;
    // Grey: whatever was meant, it is on its way already.
    if (buy.getAttribute('aria-disabled') === 'true') return;
    this.#message = '';
    const view = this.#purchase.view;
    if (view.phase === 'held') {
      this.#pay(view);
    } else {
      this.#back = false;
      this.#purchase.buy(this.#wanted());
    }
    this.#draw();
  }

  #clickMore() {
    const view = this.#purchase.view;
    if (view.wait) this.#purchase.stop();
    else if (!view.busy) this.#purchase.buy(this.#wanted());
  }

  async #pay(view) {
    this.#paying = true;
    this.#draw();
    const wrong = await pay(view.orderId);
    // Leaving takes a moment, in which the button stays grey.
    if (wrong) {
      this.#message = t(wrong);
      this.#paying = false;
      this.#purchase.refresh();
      this.#draw();
    }
  }

  #wanted() {
    const { quantity } = this.#parts;
    const number = Math.floor(Number(quantity.value)) || 1;
    const wanted = Math.min(Math.max(number, 1), Number(quantity.max) || 1);
    quantity.value = String(wanted);
    return wanted;
  }

  #draw() {
    const parts = this.#parts;
    const terms = this.#terms;
    const state = this.#state;
    const view = this.#purchase.view;
    const now = this.#clock.known ? this.#clock.now() : 0;
    const known = Boolean(terms && state && this.#clock.known);
    const over = this.#gone || (known && (OVER.includes(state.state) || now >= terms.ends_at_ms));
    const soon = known && !over && now < terms.starts_at_ms;
    const sold = known && !soon && !over && state.remaining === 0;
    document.body.dataset.state = over ? 'over' : soon ? 'soon' : sold ? 'gone' : known ? 'open' : 'unknown';
    document.body.dataset.phase = view.phase;

    this.#drawTime(known, over, soon, now);
    this.#drawStock(known, over, soon);

    const first = this.#first({ known, over, soon, sold, view });
    const begun = ['held', 'queued', 'ordering'].includes(view.phase);
    const signedOut = !session();
    parts.signIn.hidden = !signedOut || over;
    say(parts.signIn, t(begun ? 'signInAgain' : 'signInToBuy'));
    parts.buy.hidden = signedOut || (over && view.phase !== 'held' && !view.busy) || view.phase === 'paid';
    say(parts.buy, first.text);
    parts.buy.setAttribute('aria-disabled', String(!first.can));
    if (view.busy || this.#paying) parts.buy.setAttribute('aria-busy', 'true');
    else parts.buy.removeAttribute('aria-busy');
    parts.quantity.disabled = view.busy || view.phase === 'held';

    const again = view.phase === 'paid' && known && !over && !sold && !signedOut && terms.limit_per_user > (view.quantity ?? 1);
    const canStop = view.wait && view.wait.why !== 'early';
    parts.more.hidden = !(canStop || again);
    say(parts.more, t(canStop ? 'stopTrying' : 'buyAnother'));

    const told = this.#told({ over, sold, view });
    say(parts.status, told.text);
    parts.status.dataset.mood = told.mood;
    say(parts.detail, this.#detail(view));
  }

  #drawTime(known, over, soon, now) {
    const { label, time } = this.#parts;
    if (!known) {
      say(label, this.#gone ? t('noSuchSale') : t('loading'));
      say(time, '');
      return;
    }
    const until = soon ? this.#terms.starts_at_ms : this.#terms.ends_at_ms;
    say(label, t(over ? 'over' : soon ? 'startsInLabel' : 'endsInLabel'));
    say(time, over ? '' : countdown(until - now));
    if (soon) this.#sayAloud(Math.ceil((until - now) / 1000));
    else if (!over && this.#said < Infinity) {
      this.#said = Infinity;
      say(this.#parts.aloud, t('started'));
    }
  }

  /** A screen reader hears of a countdown at a few moments, not every second. */
  #sayAloud(seconds) {
    const mark = ALOUD.findLast((mark) => seconds <= mark) ?? Infinity;
    if (mark < this.#said) say(this.#parts.aloud, t('startsIn', { time: countdown(seconds * 1000) }));
    this.#said = Math.min(this.#said, mark === Infinity ? 1e9 : mark);
  }

  #drawStock(known, over, soon) {
    const { stock, meter } = this.#parts;
    meter.hidden = !known || over;
    if (!known || over) {
      say(stock, '');
      return;
    }
    const { remaining, stock: all } = this.#state;
    say(stock, soon ? t('units', { count: all }) : left(this.#state));
    meter.max = Math.max(all, 1);
    meter.value = remaining;
  }

  /** The first button: what it says, and whether it can be pressed. */
  #first({ known, over, soon, sold, view }) {
    if (view.phase === 'held') {
      return { text: t('payNow', { price: money(view.priceMinor * (view.quantity ?? 1)) }), can: !this.#paying };
    }
    if (view.busy) return { text: t('wait'), can: false };
    if (view.phase === 'ordering') return { text: t('askAgain'), can: true };
    if (!known) return { text: t('wait'), can: false };
    if (over) return { text: t('over'), can: false };
    if (soon) return { text: t('notYet'), can: false };
    if (sold) return { text: t('gone'), can: false };
    if (view.phase === 'limit' || view.phase === 'refused') return { text: t('buy', { price: money(this.#terms.price_minor) }), can: false };
    return { text: t('buy', { price: money(this.#terms.price_minor) }), can: true };
  }

  /** Where things stand, in one sentence. */
  #told({ over, sold, view }) {
    if (this.#message) return { text: this.#message, mood: 'bad' };
    if (view.wait) {
      const text = view.wait.why === 'unknown' ? t('unknown') : t(`wait_${view.wait.why}`);
      return { text, mood: 'wait' };
    }
    switch (view.phase) {
      case 'asking': return { text: t('asking'), mood: 'wait' };
      case 'ordering': return { text: t(view.busy ? 'ordering' : 'unfinished'), mood: 'wait' };
      case 'queued': return { text: t('queued'), mood: 'wait' };
      case 'held': {
        const leftMs = view.payByMs - this.#clock.now();
        return leftMs > 0
          ? { text: t('yours', { time: clockTime(view.payByMs) }), mood: 'good' }
          : { text: t('tooLate'), mood: 'bad' };
      }
      case 'paid': return { text: t(view.orderId ? 'paid' : 'granted'), mood: 'good' };
      case 'lapsed': return { text: t('lapsed'), mood: 'bad' };
      case 'ended': return { text: t('overLong'), mood: 'bad' };
      case 'limit': case 'refused': case 'mismatch': case 'lost': case 'signIn':
        return { text: t(`end_${view.phase}`), mood: 'bad' };
      default:
    }
    if (this.#trouble) return { text: t(this.#trouble), mood: 'bad' };
    if (over) return { text: t('overLong'), mood: 'bad' };
    if (this.#state?.recovery) return { text: t('wait_recovering'), mood: 'wait' };
    if (this.#back) return { text: t('oneCameBack'), mood: 'good' };
    if (sold) return { text: t('goneLong'), mood: 'bad' };
    if (view.phase === 'gone') return { text: t('goneForNow'), mood: 'bad' };
    return { text: '', mood: 'none' };
  }

  /** What changes while one waits, apart from what is said aloud. */
  #detail(view) {
    if (view.wait) {
      const seconds = Math.max(Math.ceil((view.wait.until - performance.now()) / 1000), 0);
      return seconds > 0 ? t('tryAgainIn', { seconds }) : t('tryingNow');
    }
    if (view.phase === 'held' && this.#clock.known) {
      const leftMs = view.payByMs - this.#clock.now();
      return leftMs > 0 ? `${minutes(leftMs)} · ${t('orderNumber', { sn: view.sn })}` : '';
    }
    if (['queued', 'paid'].includes(view.phase) && view.sn) return t('orderNumber', { sn: view.sn });
    return '';
  }
}

begin('sale', (main) => {
  const id = new URLSearchParams(location.search).get('id') ?? '';
  if (!/^[1-9][0-9]{0,18}$/.test(id)) {
    main.replaceChildren(el('h1', { text: t('sale') }), el('p', { role: 'status', text: t('noSuchSale') }));
    return;
  }
  new Sale(id, main).run();
});
