// The board of staff: one sale as its engines tell of it, drawn as it goes on, with the two buttons that
// change it.
//
// Deliberately absent: any figure that is not in the engines' metrics or in the keeper's count, and any
// look at a sale while the tab is hidden.

import './board-words.js';
import { action } from './board-action.js';
import { Alarms, Binds, Books, Engines, Tiles } from './board-panels.js';
import { Chart } from './board-charts.js';
import { answers, bounds, largest, rates, reading, stages } from './board-figures.js';
import { call, pause } from './call.js';
import { begin, el, languageButton, say } from './page.js';
import { ask, logInForm, logOut, staff } from './staff.js';
import { duration, number, t } from './words.js';

/** Between two looks. Each is a row of the operation log, as every call of staff is. */
const EVERY_MS = 2000;
/** Looks that are kept: ten minutes. */
const KEPT = 300;
/** Lines of the answers' chart; what is rarer is told together. */
const CODES = 7;
/** Looks between two at the ledger's books, while no engine counts. */
const LEDGER_EVERY = 5;

const CODE_COLOURS = {
  order_ok: 'c-good', token_ok: 'c-blue', sold_out: 'c-grey', no_token_left: 'c-grey', too_many_requests: 'c-violet',
  busy: 'c-amber', unavailable: 'c-amber', order_unknown: 'c-red', recovering: 'c-teal', others: 'c-brown',
};
const SPARE_COLOURS = ['c-brown', 'c-teal', 'c-amber', 'c-violet', 'c-grey', 'c-red'];
const STAGE_COLOURS = {
  lane: 'c-grey', token: 'c-blue', reserve: 'c-violet', append: 'c-amber', generation: 'c-teal', settle: 'c-good',
};

class Board {
  #id;
  #main;
  #times = [];
  #stock = { free: [], unpaid: [], paid: [] };
  #answers = new Map();
  #stages = new Map(Object.keys(STAGE_COLOURS).map((name) => [name, []]));
  #single = { outbox: [], lag: [] };
  #before = new Map();
  #ledger;
  #looks = 0;
  #note = el('p', { class: 'status', role: 'status', id: 'status' });
  #alarms = new Alarms();
  #tiles = new Tiles();
  #binds = new Binds();
  #books = new Books();
  #engines = new Engines();
  #action;
  #charts = {
    stock: new Chart('stock', t('chartStock'), { format: number, stepped: true }),
    answers: new Chart('answers', t('chartAnswers'), { format: number }),
    stages: new Chart('stages', t('chartStages'), { format: duration }),
    outbox: new Chart('outbox', t('chartOutbox'), { format: duration }),
    lag: new Chart('lag', t('chartLag'), { format: number }),
  };

  constructor(id, sales, main, perms) {
    this.#id = id;
    this.#main = main;
    this.#action = action(perms, this.#note);
    const choice = el('select', { id: 'choice' }, ...sales.map((sale) => el('option', {
      value: String(sale.id), selected: String(sale.id) === id, text: `${sale.name} · ${t(`state_${sale.state}`)}`,
    })));
    choice.addEventListener('change', () => location.assign(`board.html?id=${choice.value}`));
    const charts = this.#charts;
    main.replaceChildren(
      el('div', { class: 'head' },
        el('h1', { text: t('board') }),
        el('label', { class: 'choice', for: 'choice' }, el('span', { text: t('chooseSale') }), choice),
        this.#action.element),
      this.#note, this.#alarms.element, this.#tiles.element,
      el('div', { class: 'grid' },
        charts.stock.element, charts.answers.element, charts.stages.element, charts.outbox.element, charts.lag.element,
        this.#binds.element, this.#books.element, this.#engines.element));
  }

  async run() {
    for (;;) {
      if (document.hidden) await pause(500);
      else if (await this.#look()) await pause(EVERY_MS);
      else return;
    }
  }

  /** One look; false when there is nobody left who may look. */
  async #look() {
    const answer = await ask('GET', `/admin/seckill/board?id=${this.#id}`);
    if (!staff()) {
      start(this.#main, 'sessionOver');
      return false;
    }
    if (answer.errno === 506) {
      this.#main.replaceChildren(el('h1', { text: t('board') }), refusal());
      return false;
    }
    if (answer.errno !== 0) {
      this.#say('bad', answer.errno === 402 ? t('noSuchSale') : t(answer.status === 0 ? 'offline' : 'boardNotNow'));
      return true;
    }
    if (this.#note.dataset.mood === 'bad') this.#say('none', '');
    const { engines } = answer.data;
    const readings = new Map(engines.filter((one) => one.figures).map((one) => [one.address, reading(one.figures)]));
    await this.#lookAtLedger([...readings.values()]);
    this.#show(engines, readings);
    return true;
  }

  #say(mood, text) {
    this.#note.dataset.mood = mood;
    say(this.#note, text);
  }

  /** Where no engine counts a sale, the ledger's side of its books is better than nothing. */
  async #lookAtLedger(readings) {
    if (readings.some((one) => one.sale?.books)) {
      this.#ledger = undefined;
      this.#looks = 0;
      return;
    }
    if (this.#looks % LEDGER_EVERY === 0) {
      const answer = await ask('GET', `/admin/seckill/books?id=${this.#id}`);
      this.#ledger = answer.errno === 0 ? answer.data : undefined;
    }
    this.#looks += 1;
  }

  #show(engines, readings) {
    const all = [...readings.values()];
    const pairs = [...readings].filter(([address]) => this.#before.has(address))
      .map(([address, now]) => [this.#before.get(address), now]);
    for (const [address, now] of readings) this.#before.set(address, now);
    const sales = all.map((one) => one.sale).filter(Boolean);
    const counted = sales.map((sale) => sale.books).filter(Boolean)
      .sort((one, other) => other.counted_at_ms - one.counted_at_ms)[0];
    const books = counted ?? this.#ledger;
    const nowMs = all.length > 0 ? Math.max(...all.map((one) => one.atMs)) : undefined;
    const sale = sales[0] && { ...sales[0], free: Math.min(...sales.map((one) => one.free)) };
    const told = answers(pairs);
    const gap = largest(all, 'engine_books_gap_units');

    this.#alarms.show(engines, { gap, ownGap: books?.gap, stopped: largest(all, 'engine_settlement_stopped_partitions') });
    this.#tiles.show({
      sale, nowMs, told, known: pairs.length > 0,
      outboxMs: largest(all, 'engine_outbox_age_milliseconds'),
      lag: largest(all, 'engine_settlement_lag_records'),
      gap: books?.gap ?? gap,
    });
    this.#binds.show(bounds(all, pairs), pairs.length > 0);
    this.#books.show(books, counted ? nowMs - counted.counted_at_ms : undefined);
    this.#engines.show(engines);
    this.#action.show(sale);
    if (nowMs === undefined) return;
    this.#keep(nowMs, sale, counted, told, pairs, all);
    this.#draw(pairs);
  }

  #keep(nowMs, sale, counted, told, pairs, all) {
    const second = nowMs / 1000;
    // Another engine's clock may be a little behind; a chart goes forward only.
    this.#times.push(Math.max(second, (this.#times.at(-1) ?? 0) + 0.001));
    this.#stock.free.push(sale?.free ?? null);
    this.#stock.unpaid.push(counted?.unpaid ?? null);
    this.#stock.paid.push(counted?.paid ?? null);
    this.#single.outbox.push(largest(all, 'engine_outbox_age_milliseconds') ?? null);
    this.#single.lag.push(largest(all, 'engine_settlement_lag_records') ?? null);
    const length = this.#times.length;
    // One reading alone says nothing of a second; after that a code nobody was told was told nobody.
    for (const name of told.keys()) {
      if (told.get(name) > 0 && !this.#answers.has(name)) {
        this.#answers.set(name, Array.from({ length: length - 1 }, (_, place) => (place === 0 ? null : 0)));
      }
    }
    for (const [name, values] of this.#answers) values.push(pairs.length > 0 ? told.get(name) ?? 0 : null);
    const took = stages(pairs);
    for (const [name, values] of this.#stages) values.push(took.get(name)?.mean ?? null);
    if (length > KEPT) {
      const columns = [this.#times, ...Object.values(this.#stock), ...Object.values(this.#single),
        ...this.#answers.values(), ...this.#stages.values()];
      for (const column of columns) column.shift();
    }
  }

  #draw(pairs) {
    const times = this.#times;
    const { free, unpaid, paid } = this.#stock;
    this.#charts.stock.show(times, [
      { name: 'free', label: t('lineFree'), colour: 'c-red', values: free, area: true },
      { name: 'unpaid', label: t('lineUnpaid'), colour: 'c-amber', values: unpaid },
      { name: 'paid', label: t('linePaid'), colour: 'c-good', values: paid },
    ]);
    this.#charts.answers.show(times, this.#codes());
    const slow = stages(pairs);
    this.#charts.stages.show(times, [...this.#stages].map(([name, values]) => {
      const p99 = slow.get(name)?.p99;
      const label = t(`stage_${name}`);
      return {
        name, label, colour: STAGE_COLOURS[name], values, scattered: true,
        more: p99 === undefined ? '' : t('p99', { time: duration(p99) }),
      };
    }));
    this.#charts.outbox.show(times, [
      { name: 'outbox', label: t('oldestEntry'), colour: 'c-violet', values: this.#single.outbox, area: true },
    ]);
    this.#charts.lag.show(times, [
      { name: 'lag', label: t('records'), colour: 'c-blue', values: this.#single.lag, area: true },
    ]);
  }

  /** The commonest answers, each with a line of its own, and the others together. */
  #codes() {
    const sum = (values) => values.reduce((total, value) => total + (value ?? 0), 0);
    const found = [...this.#answers].sort(([, one], [, other]) => sum(other) - sum(one));
    const shown = found.slice(0, CODES);
    const rest = found.slice(CODES);
    const spare = [...SPARE_COLOURS];
    const lines = shown.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, values]) => ({
      name, values,
      label: name.endsWith('_ok') ? t(name) : name,
      colour: CODE_COLOURS[name] ?? spare.shift() ?? 'c-grey',
    }));
    if (rest.length > 0) {
      const values = this.#times.map((_, place) => rest.reduce((total, [, column]) => total + (column[place] ?? 0), 0));
      lines.push({ name: 'others', label: t('others'), colour: 'c-brown', values });
    }
    return lines.length > 0 ? lines
      : [{ name: 'order_ok', label: t('order_ok'), colour: 'c-good', values: this.#times.map(() => null) }];
  }
}

function refusal() {
  return el('p', { class: 'status', role: 'alert', id: 'status', 'data-mood': 'bad', text: t('noPermission') });
}

/** The bar; staff are told apart from buyers, who have another session. */
function bar(fill) {
  const who = staff();
  return [
    el('a', { href: './', class: 'brand', text: t('shop') }),
    el('nav', { 'aria-label': t('navigation') },
      el('a', { href: './', text: t('sales') }),
      el('a', { href: 'board.html', text: t('board'), 'aria-current': 'page' })),
    el('div', { class: 'end' },
      who && el('span', { class: 'name', text: who.name }),
      who && el('button', {
        type: 'button', class: 'quiet', text: t('signOut'),
        onclick: async () => { await logOut(); fill(); location.reload(); },
      }),
      languageButton()),
  ];
}

/** Sales to choose from, those that go on first. */
async function choices() {
  const answer = await call('GET', '/seckill/v1/sales');
  const rank = (sale) => ['open', 'recovering', 'armed', 'closing', 'drained'].indexOf(sale.state) + 1 || 9;
  return (answer.data?.sales ?? []).sort((one, other) => rank(one) - rank(other) || one.id - other.id);
}

async function start(main, why) {
  if (!staff()) {
    const { form, name } = logInForm(() => { refill(); start(main); });
    const note = el('p', { class: 'detail', text: t(why ?? 'boardNote') });
    main.replaceChildren(el('h1', { text: t('board') }), note, form);
    refill();
    name.focus();
    return;
  }
  main.replaceChildren(el('h1', { text: t('board') }), el('p', { role: 'status', text: t('loading') }));
  const [sales, own] = await Promise.all([choices(), ask('GET', '/admin/auth/info')]);
  const asked = new URLSearchParams(location.search).get('id') ?? '';
  const id = /^[1-9][0-9]{0,18}$/.test(asked) ? asked : String(sales[0]?.id ?? '');
  if (!staff()) {
    start(main, 'sessionOver');
  } else if (id === '') {
    main.replaceChildren(el('h1', { text: t('board') }), el('p', { role: 'status', text: t('noSaleChosen') }));
  } else {
    if (!sales.some((sale) => String(sale.id) === id)) sales.unshift({ id, name: `№ ${id}`, state: 'unknown' });
    new Board(id, sales, main, own.data?.perms ?? []).run();
  }
}

let refill = () => {};

begin('board', (main) => {
  main.classList.add('board');
  start(main);
}, (fill) => {
  refill = fill;
  return bar(fill);
});
