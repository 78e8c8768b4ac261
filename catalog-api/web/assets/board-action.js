// The two buttons that change a sale. Each asks a second question before anything happens.

import { el, say } from './page.js';
import { ask } from './staff.js';
import { t } from './words.js';

/** States from which a sale can be started, and closed. */
const CAN = { start: ['armed'], close: ['armed', 'open', 'recovering'] };
const PATHS = { start: 'force-start', close: 'close' };

/** `perms` are what the account may do; `note` tells what came of it, and the next look shows it. */
export function action(perms, note) {
  let sale;
  const of = (name) => `/admin/${sale?.kind === 'coupon' ? 'coupon-seckill' : 'seckill'}/${PATHS[name]}`;
  const may = (name) => perms.includes('*') || perms.includes(`POST ${of(name)}`);
  const button = (name) => el('button', {
    type: 'button', class: 'quiet', id: name, text: t(`${name}Now`), hidden: true, onclick: () => question(name),
  });
  const buttons = { start: button('start'), close: button('close') };

  /** The second question. Leaving it, in whatever way, changes nothing. */
  function question(name) {
    const of_sale = sale;
    const path = of(name);
    const yes = el('button', { type: 'button', class: 'buy', id: 'yes', text: t(name === 'start' ? 'yesStart' : 'yesClose') });
    const no = el('button', { type: 'button', class: 'quiet', id: 'no', text: t('leaveIt') });
    const box = el('dialog', { 'aria-labelledby': 'question' },
      el('h2', { id: 'question', text: t(`${name}Question`, { name: of_sale.name }) }),
      el('p', { text: t(`${name}Means`) }),
      el('div', { class: 'choices' }, no, yes));
    no.addEventListener('click', () => box.close());
    box.addEventListener('close', () => box.remove());
    yes.addEventListener('click', async () => {
      if (yes.getAttribute('aria-disabled') === 'true') return;
      yes.setAttribute('aria-disabled', 'true');
      const answer = await ask('POST', path, { id: of_sale.id });
      box.close();
      const done = answer.errno === 0;
      note.dataset.mood = done ? 'good' : 'wait';
      say(note, done
        ? t(name === 'start' ? 'started_done' : 'closed_done')
        : t('actionFailed', { why: answer.status === 0 ? t('offline') : `${answer.said} (${answer.errno})` }));
    });
    document.body.append(box);
    box.showModal();
    no.focus();
  }

  return {
    element: el('div', { class: 'actions' }, buttons.start, buttons.close),
    show(now) {
      sale = now;
      for (const name of Object.keys(buttons)) {
        buttons[name].hidden = !now || !CAN[name].includes(now.state) || !may(name);
      }
    },
  };
}
