// The parts of the board that are words and numbers.

import { binding } from './board-figures.js';
import { el, say } from './page.js';
import { countdown, duration, number, t } from './words.js';

/** What somebody has to look at, above everything else. */
export class Alarms {
  element = el('div', { class: 'alarms', role: 'alert' });

  show(engines, { gap, ownGap, stopped }) {
    const units = ownGap || gap;
    const told = [];
    if (units) told.push(['gap-alarm', t('gapAlarm', { units: number(Math.abs(units)) })]);
    if (stopped > 0) told.push(['stopped-alarm', t('stoppedAlarm', { count: stopped })]);
    if (engines.length === 0) told.push(['engine-alarm', t('noEngine')]);
    for (const engine of engines.filter((one) => !one.reachable)) {
      told.push(['engine-alarm', t('engineAlarm', engine)]);
    }
    // Told once, not at every look.
    const text = told.map(([, words]) => words).join('\n');
    if (this.element.dataset.told === text) return;
    this.element.dataset.told = text;
    this.element.replaceChildren(...told.map(([name, words]) => el('p', { class: `alarm ${name}`, text: words })));
  }
}

/** The figures one looks at first. */
export class Tiles {
  #tiles = new Map();
  element = el('dl', { class: 'tiles' });

  constructor() {
    for (const [name, label] of [['state', 'saleState'], ['left', 'free'], ['accepted', 'accepted'],
      ['refused-rate', 'refusedRate'], ['outbox-age', 'outboxAge'], ['settlement-lag', 'settlementLag'], ['gap', 'gap']]) {
      const value = el('dd', { class: 'figure', id: name, text: '–' });
      const more = el('dd', { class: 'more' });
      this.#tiles.set(name, { value, more });
      this.element.append(el('div', { class: 'tile' }, el('dt', { text: t(label) }), value, more));
    }
  }

  #set(name, value, more, bad = false) {
    const tile = this.#tiles.get(name);
    say(tile.value, value);
    say(tile.more, more);
    tile.value.parentElement.classList.toggle('bad', bad);
  }

  show({ sale, nowMs, told, known, outboxMs, lag, gap }) {
    const sum = (names) => [...told].filter(([name]) => names(name)).reduce((total, [, rate]) => total + rate, 0);
    this.#set('state', t(`state_${sale?.state ?? 'unknown'}`), sale ? when(sale, nowMs) : '');
    this.#set('left', sale ? number(sale.free) : '–', sale ? t('ofAll', { count: number(sale.put_on_sale) }) : '');
    this.#set('accepted', known ? number(sum((name) => name === 'order_ok')) : '–', t('perSecond'));
    this.#set('refused-rate', known ? number(sum((name) => !name.endsWith('_ok'))) : '–', t('perSecond'));
    this.#set('outbox-age', outboxMs === undefined ? '–' : duration(outboxMs), t('oldestEntry'), outboxMs > 30000);
    this.#set('settlement-lag', lag === undefined ? '–' : number(lag), t('records'));
    this.#set('gap', gap === undefined ? '–' : number(gap), t('gapUnits'), Boolean(gap));
  }
}

function when(sale, nowMs) {
  if (nowMs < sale.starts_at_ms) return t('begins', { time: countdown(sale.starts_at_ms - nowMs) });
  if (nowMs < sale.ends_at_ms) return t('ends', { time: countdown(sale.ends_at_ms - nowMs) });
  return t('isOver');
}

function panel(id, title, ...children) {
  return el('section', { class: 'panel', id, 'aria-labelledby': `${id}-title` },
    el('h2', { id: `${id}-title`, text: title }), ...children);
}

function table(columns, body) {
  const head = columns.map(([text, className]) => el('th', { scope: 'col', class: className, text }));
  return el('table', {}, el('thead', {}, el('tr', {}, ...head)), body);
}

/** How near each bound is, and which of them decides. */
export class Binds {
  #said = el('p', { class: 'binding', id: 'binding', text: '…' });
  #body = el('tbody');
  #rows = new Map();
  element = panel('binds', t('binds'), this.#said,
    table([[t('bound')], [t('used'), 'number'], [t('refused'), 'number']], this.#body));

  show(bounds, known) {
    const first = known ? binding(bounds) : undefined;
    for (const bound of bounds) {
      const row = this.#row(bound.name);
      row.element.classList.toggle('bad', bound === first);
      say(row.used, this.#used(bound));
      row.meter.hidden = !(bound.of > 1);
      if (bound.of > 1) {
        row.meter.max = bound.of;
        row.meter.value = Math.min(bound.used, bound.of);
      }
      say(row.refused, known && bound.refused > 0 ? number(bound.refused) : '');
    }
    say(this.#said, known ? this.#words(first) : '…');
    this.#said.dataset.mood = first ? 'bad' : 'good';
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const label = t(`bound_${name}`);
      const used = el('span');
      const meter = el('progress', { hidden: true, 'aria-label': label });
      const refused = el('td', { class: 'number' });
      const element = el('tr', {}, el('th', { scope: 'row', text: label }), el('td', { class: 'number' }, used, meter), refused);
      this.#body.append(element);
      this.#rows.set(name, { element, used, meter, refused });
    }
    return this.#rows.get(name);
  }

  #used({ name, used, of }) {
    if (used === undefined) return '';
    if (name === 'breaker') return t(used > 0 ? 'shut' : 'closedCircuit');
    return of === undefined ? number(used) : `${number(used)} / ${number(of)}`;
  }

  #words(bound) {
    if (!bound) return t('bindsNothing');
    const name = t(`bound_${bound.name}`);
    if (bound.name === 'breaker' && bound.used > 0) return t('bindsShut');
    if (bound.refused > 0) return t('bindsRefusing', { name, rate: number(bound.refused) });
    return t('bindsFull', { name });
  }
}

const LEDGER = [['put_on_sale', 'put_on_sale'], ['free', 'ledgerFree'], ['unpaid', 'unpaid'], ['paid', 'paid'],
  ['returning', 'returning'], ['dead', 'dead'], ['given_back', 'given_back']];
const DESK = [['desk_free', 'desk_free'], ['unsettled', 'unsettled'], ['booked_back', 'booked_back']];

/** Every term, and a red line when a unit is in none of them. */
export class Books {
  #when = el('p', { class: 'detail', text: t('notCounted') });
  #body = el('tbody');
  element = panel('books', t('books'), this.#when, table([[t('term')], [t('units'), 'number']], this.#body));

  show(books, ageMs) {
    if (!books) {
      say(this.#when, t('notCounted'));
      this.#body.replaceChildren();
      return;
    }
    say(this.#when, ageMs === undefined ? t('ledgerOnly')
      : t('countedAgo', { seconds: Math.max(Math.round(ageMs / 1000), 0) }));
    const row = ([member, label], className) => el('tr', { class: className },
      el('th', { scope: 'row', text: t(label) }), el('td', { class: 'number', text: number(books[member]) }));
    const there = ([member]) => books[member] !== undefined;
    this.#body.replaceChildren(
      ...LEDGER.filter(there).map((term, place) => row(term, place === 0 ? 'sum' : undefined)),
      ...DESK.filter(there).map((term, place) => row(term, place === 0 ? 'begin' : undefined)),
      row(['gap', 'gapRow'], books.gap === 0 ? 'gap even' : 'gap bad'));
  }
}

/** Who tells all this. */
export class Engines {
  #list = el('ul', { class: 'engines' });
  element = panel('engines', t('engines'), this.#list);

  show(engines) {
    const text = JSON.stringify(engines.map(({ address, reachable }) => [address, reachable]));
    if (this.#list.dataset.told === text) return;
    this.#list.dataset.told = text;
    this.#list.replaceChildren(...engines.map(({ address, reachable }) => el('li', { class: reachable ? 'well' : 'away' },
      el('span', { class: 'address', text: address }), el('span', { text: t(reachable ? 'engineWell' : 'engineAway') }))));
  }
}
