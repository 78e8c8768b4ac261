// Charts over the last minutes. uPlot draws them; what they say stands beside them as text too, for those who
// see no picture and for those who want the number.

import uPlot from './uplot.js';
import { el, say } from './page.js';
import { clockTime } from './words.js';

const HEIGHT = 190;
/** The shortest and the longest stretch of time that is shown, in seconds. */
const STRETCH = [60, 600];

const dark = matchMedia('(prefers-color-scheme: dark)');
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A chart with its title and a legend that holds the newest values, or those under the pointer. */
export class Chart {
  #plot;
  #shape = '';
  #data = [];
  #lines = [];
  #format;
  #stepped;
  #canvas = el('div', { class: 'canvas', role: 'img' });
  #legend = el('ul', { class: 'legend' });
  #title;

  constructor(id, title, { format, stepped = false }) {
    this.#title = title;
    this.#format = format;
    this.#stepped = stepped;
    this.element = el('section', { class: 'panel chart', id, 'aria-labelledby': `${id}-title` },
      el('h2', { id: `${id}-title`, text: title }), this.#canvas, this.#legend);
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height: HEIGHT })).observe(this.#canvas);
    dark.addEventListener('change', () => { this.#shape = ''; this.#draw(); });
  }

  /**
   * `times` in seconds; `lines` are `{ name, label, colour, values, area, scattered, more }`, values `null` where
   * nothing is known.
   */
  show(times, lines) {
    this.#data = [times, ...lines.map((line) => line.values)];
    this.#lines = lines;
    this.#draw();
  }

  #draw() {
    if (this.#data.length === 0) return;
    const shape = this.#lines.map((line) => line.name).join(' ');
    if (this.#plot && shape === this.#shape) {
      this.#plot.setData(this.#data);
    } else {
      this.#shape = shape;
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(), this.#data, this.#canvas);
      this.#legend.replaceChildren(...this.#lines.map((line) => {
        const mark = el('span', { class: 'mark' });
        mark.style.background = colour(line.colour);
        return el('li', {}, mark, el('span', { class: 'label', text: line.label }), el('span', { class: 'more' }),
          el('span', { class: 'value' }));
      }));
    }
    this.#tell();
  }

  #tell(at) {
    const place = at ?? this.#data[0].length - 1;
    const said = this.#lines.map((line, number) => {
      const value = line.values[place] ?? undefined;
      const text = value === undefined ? '–' : this.#format(value);
      const entry = this.#legend.children[number];
      if (entry) {
        say(entry.lastChild, text);
        say(entry.children[2], line.more ?? '');
      }
      return `${line.label} ${text}`;
    });
    if (at === undefined) this.#canvas.setAttribute('aria-label', `${this.#title}: ${said.join(', ')}`);
  }

  #width() {
    return Math.max(this.#canvas.clientWidth, 100);
  }

  #options() {
    const axis = {
      stroke: colour('soft'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { stroke: colour('line'), width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
    };
    return {
      width: this.#width(),
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: { setCursor: [(plot) => { if (this.#plot) this.#tell(plot.cursor.idx ?? undefined); }] },
      scales: {
        x: {
          time: true,
          range: (_, from, to) => [to - Math.min(Math.max(to - from, STRETCH[0]), STRETCH[1]), to],
        },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
      },
      axes: [
        { ...axis, space: 80, size: 28, values: (_, splits) => splits.map((second) => clockTime(second * 1000, true)) },
        { ...axis, space: 32, size: 58, values: (_, splits) => splits.map((value) => this.#format(value)) },
      ],
      series: [{}, ...this.#lines.map((line) => ({
        stroke: colour(line.colour),
        fill: line.area ? `${colour(line.colour)}22` : undefined,
        width: 2,
        paths: this.#stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        // Where most looks find nothing, each that found something is a point of its own.
        spanGaps: Boolean(line.scattered),
        points: { show: Boolean(line.scattered), size: 5, fill: colour(line.colour) },
      }))],
    };
  }
}
