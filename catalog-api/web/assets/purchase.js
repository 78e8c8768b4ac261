// One buyer's purchase in one sale, from the click to the paid order. What must survive a reload, a second
// tab or a cut line is remembered before it is sent: above all the token, because one token can only ever
// become one order, however often it is sent.

import { call, pause } from './call.js';
import { listen } from './events.js';
import { forgetSession, keep, kept, onKept, session } from './session.js';

/** Seconds between tries: growing, never less than `Retry-After`. */
const FIRST_WAIT_S = 1;
const WAIT_MAX_S = 30;
/** A tab that sees another one buy takes over when nothing has moved for so long. */
const TAKE_OVER_MS = 20000;
/** How often a buyer's unpaid order is looked at. */
const HELD_EVERY_MS = 15000;
/** Stale tokens in a row before waiting between them. */
const STALE_MAX = 3;

/**
 * Phases: `idle`; `asking` for a token; `ordering` with one; `queued`, promised; `held`, ours until
 * `payByMs`; `paid`; `lapsed`; and the ends of an attempt, after which the buyer may try again: `gone`,
 * `ended`, `limit`, `refused`, `mismatch`, `signIn`, `lost`.
 */
export class Purchase {
  #sale;
  #clock;
  #changed;
  #key;
  #record = { phase: 'idle' };
  #running = false;
  #following;
  #waiting;
  #takeOver;

  constructor(sale, clock, changed) {
    this.#sale = sale;
    this.#clock = clock;
    this.#changed = changed;
    this.#key = `mall.purchase.${sale}`;
    onKept(this.#key, () => this.#heardOfAnotherTab());
  }

  /** What a page has to show. */
  get view() {
    return { ...this.#record, busy: this.#running || this.#record.phase === 'queued', wait: this.#waiting };
  }

  /** Goes on where this browser left off. */
  resume() {
    this.#adopt();
    if (this.#record.phase === 'ordering') this.#run();
    else this.#follow();
    this.#tell();
  }

  /** The click. Another one while this one is on its way changes nothing. */
  buy(quantity) {
    if (this.#running || this.#record.phase === 'queued') return;
    this.#following?.abort();
    // With a token that was sent the first thing is to hear what became of it.
    if (this.#record.phase !== 'ordering') this.#set({ phase: 'asking', quantity });
    this.#run();
  }

  /** Stops trying. What was sent stays remembered: whether it became an order is asked next time. */
  stop() {
    this.#waiting?.controller.abort();
    this.#waiting = undefined;
    this.#running = false;
    if (this.#record.phase === 'asking') this.#set({ phase: 'idle' });
    else this.#tell();
  }

  /** Looks at an order again at once, as after a payment. */
  refresh() {
    if (!this.#running) this.#follow();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#takeOver);
    this.#tell();
    let failures = 0;
    let stale = 0;
    while (this.#running) {
      const who = session();
      if (!who) {
        this.#end(this.#record.token ? {} : { phase: 'signIn' });
        break;
      }
      const answer = this.#record.token ? await this.#order(who) : await this.#ticket(who);
      if (!this.#running) return;
      const { token } = this.#record;
      // An answer without what was asked for is none.
      const empty = answer.code === 'ok' && !answer.data?.order_sn && !answer.data?.token;
      switch (empty ? 'empty' : answer.code) {
        case 'ok':
          failures = 0;
          if (answer.data?.order_sn) {
            this.#end({ phase: 'queued', sn: answer.data.order_sn, quantity: this.#record.quantity, user: who.user });
            this.#follow();
            return;
          }
          // Remembered before it is used for the first time.
          this.#set({ phase: 'ordering', token: answer.data?.token, quantity: this.#record.quantity, user: who.user });
          continue;
        case 'unauthorized':
          forgetSession(who.token);
          this.#end(token ? {} : { phase: 'signIn' });
          return;
        case 'token_stale':
        case 'token_invalid':
          // It was never used and never will be: a new one cannot make a second order.
          this.#set({ phase: 'asking', quantity: this.#record.quantity });
          stale += 1;
          if (stale < STALE_MAX) continue;
          await this.#wait(FIRST_WAIT_S * stale, 'busy');
          continue;
        case 'not_started': {
          // Our clock ran ahead by a moment.
          const leftMs = Math.max((answer.data?.starts_at_ms ?? 0) - this.#clock.now(), 100);
          if (leftMs > 60000) {
            this.#end({ phase: 'idle' });
            return;
          }
          await this.#wait(leftMs / 1000, 'early');
          continue;
        }
        case 'cooling_down':
          await this.#wait(Math.max(answer.data?.retry_after_s ?? answer.waitS, 1), 'cooling');
          continue;
        case 'sold_out':
          this.#end({ phase: 'gone' });
          return;
        case 'ended':
        case 'not_found':
          this.#end({ phase: 'ended' });
          return;
        case 'limit_reached':
          this.#end({ phase: 'limit' });
          return;
        case 'not_eligible':
          this.#end({ phase: 'refused' });
          return;
        case 'request_mismatch':
          this.#end({ phase: 'mismatch' });
          return;
        case 'bad_field':
        case 'bad_request':
          this.#end({ phase: 'refused' });
          return;
        default: {
          // 429 and 503: nothing has happened. 504 and silence: unknown, and the same token will tell.
          const waitS = Math.max(answer.waitS, Math.min(FIRST_WAIT_S * 2 ** failures, WAIT_MAX_S));
          failures += 1;
          await this.#wait(waitS, reason(answer, token));
        }
      }
    }
  }

  #ticket(who) {
    return call('POST', `/seckill/v1/sales/${this.#sale}/token`, { session: who.token });
  }

  #order(who) {
    const { token, quantity } = this.#record;
    return call('POST', `/seckill/v1/sales/${this.#sale}/orders`, { session: who.token, body: { token, quantity } });
  }

  async #wait(seconds, why) {
    const controller = new AbortController();
    const again = () => controller.abort();
    // A line that is back is a reason to ask at once.
    if (why === 'offline') addEventListener('online', again, { once: true });
    this.#waiting = { until: performance.now() + seconds * 1000, why, controller };
    this.#tell();
    await pause(seconds * 1000, controller.signal);
    removeEventListener('online', again);
    this.#waiting = undefined;
    this.#tell();
  }

  #end(record) {
    this.#running = false;
    this.#waiting = undefined;
    if (record.phase) this.#set(record);
    else this.#tell();
  }

  /** Follows a promised or unpaid order until it is paid or lapsed. */
  async #follow() {
    this.#following?.abort();
    const following = new AbortController();
    this.#following = following;
    const { signal } = following;
    let waitMs = 200;
    let streams = this.#record.phase === 'queued' ? 2 : 0;
    const since = performance.now();
    while (!signal.aborted && ['queued', 'held'].includes(this.#record.phase)) {
      const who = session();
      const { sn } = this.#record;
      if (!who || who.user !== this.#record.user) return;
      if (streams > 0) {
        streams -= 1;
        await listen(`/seckill/v1/orders/${sn}/events`, {
          session: who.token,
          signal,
          tell: (name, order) => { if (name === 'order' && !signal.aborted) this.#heard(order); },
        });
        if (signal.aborted || this.#record.phase !== 'queued') continue;
      }
      const answer = await call('GET', `/seckill/v1/orders/${sn}`, { session: who.token, signal });
      if (signal.aborted) return;
      if (answer.status === 200) this.#heard(answer.data);
      if (answer.status === 401) {
        forgetSession(who.token);
        this.#tell();
        return;
      }
      if (answer.status === 404 && performance.now() - since > 120000) {
        this.#set({ phase: 'lost' });
        return;
      }
      const { phase, payByMs } = this.#record;
      if (phase === 'held') {
        const left = payByMs - this.#clock.now();
        waitMs = left > 0 ? Math.min(HELD_EVERY_MS, left + 500) : 2000;
      } else {
        waitMs = Math.min(waitMs * 1.7, 5000);
      }
      await pause(Math.max(waitMs, answer.waitS * 1000), signal);
    }
  }

  #heard(order) {
    const { sn, user, phase } = this.#record;
    const base = { sn, user, quantity: order.quantity, orderId: order.order_id, priceMinor: order.price_minor };
    if (order.status === 'settled') this.#set({ ...base, phase: 'held', payByMs: order.pay_by_ms });
    else if (order.status === 'paid' || order.status === 'lapsed') this.#set({ ...base, phase: order.status });
    else if (phase !== 'queued') this.#tell();
  }

  #heardOfAnotherTab() {
    if (this.#running) return;
    this.#adopt();
    if (this.#record.phase === 'ordering') {
      // The other tab holds the token and is at it.
      clearTimeout(this.#takeOver);
      this.#takeOver = setTimeout(() => { if (this.#record.phase === 'ordering') this.#run(); }, TAKE_OVER_MS);
    } else {
      this.#follow();
    }
    this.#tell();
  }

  #adopt() {
    const record = kept(this.#key);
    const who = session();
    const ours = record && (!who || record.user === undefined || record.user === who.user);
    this.#record = ours ? record : { phase: 'idle' };
  }

  #set(record) {
    const same = JSON.stringify(record) === JSON.stringify(this.#record);
    this.#record = record;
    const lasting = ['ordering', 'queued', 'held', 'paid', 'lapsed'].includes(record.phase);
    if (!same) keep(this.#key, lasting ? record : undefined);
    this.#tell();
  }

  #tell() {
    this.#changed();
  }
}

function reason(answer, token) {
  if (answer.status === 0) return token ? 'unknown' : 'offline';
  // What a proxy says in the engine's place tells nothing of an order either.
  if (answer.code === 'order_unknown' || (token && answer.code.startsWith('http_5'))) return 'unknown';
  if (answer.status === 429) return 'crowd';
  return answer.code === 'recovering' ? 'recovering' : 'busy';
}
