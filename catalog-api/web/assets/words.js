// Every word of the pages, in two languages, and how figures are written in them.

const WORDS = {
  en: {
    otherLanguage: '中文',
    otherLanguageTag: 'zh',
    shop: 'Mall',
    navigation: 'Pages',
    sales: 'Flash sales',
    sale: 'Flash sale',
    now: 'Right now',
    myOrders: 'My orders',
    signIn: 'Sign in',
    signOut: 'Sign out',
    username: 'User name',
    password: 'Password',
    signInWrong: 'This name and password do not belong together.',
    signInFailed: 'Signing in is not possible right now. Please try again in a moment.',
    signInToBuy: 'Sign in to buy',
    signInAgain: 'Sign in again to go on',
    signInFirst: 'Please sign in first.',
    loading: 'One moment…',
    offline: 'No connection. We keep trying.',
    notNow: 'The shop does not answer right now. We keep trying.',
    noSales: 'There is no sale at the moment.',
    noSuchSale: 'There is no such sale, or it was long ago.',
    noOrders: 'You have not bought anything yet.',
    window: '{from} – {to}',
    limit: ({ count }) => (count === 1 ? 'one per person' : `at most ${count} per person`),
    toDefaultAddress: 'sent to your default address',
    startsAt: 'Starts {when}',
    startsIn: 'Starts in {time}',
    startsInLabel: 'Starts in',
    endsInLabel: 'Ends in',
    started: 'The sale has started.',
    units: ({ count }) => (count === 1 ? 'one piece' : `${count} pieces`),
    left: ({ count, all }) => `${count} of ${all} left`,
    leftAbout: ({ count, all }) => `over ${count} of ${all} left`,
    quantity: 'How many',
    buy: 'Buy now · {price}',
    buyAnother: 'Buy another one',
    wait: 'Please wait…',
    notYet: 'Not yet',
    gone: 'Sold out',
    goneLong: 'Everything is sold. What is not paid in time comes back: stay here and you will see it.',
    goneForNow: 'Somebody was faster. If there is still something left, try again.',
    oneCameBack: 'One came back! Be quick.',
    over: 'Over',
    overLong: 'This sale is over.',
    asking: 'Asking for your turn…',
    ordering: 'Your order is on its way…',
    unfinished: 'Your order may have arrived. Ask with the same ticket: you will not get two.',
    askAgain: 'Ask again',
    queued: 'You got it! Writing it down…',
    yours: 'Yours until {time}. Pay to keep it.',
    minutesLeft: ({ minutes: m }) => (m === 1 ? '1 minute left' : `${m} minutes left`),
    secondsLeft: ({ seconds: s }) => (s === 1 ? '1 second left' : `${s} seconds left`),
    tooLate: 'The time to pay is over.',
    paid: 'Paid. It is yours!',
    granted: 'It is yours! You find it among your coupons.',
    lapsed: 'This order was not paid in time, or was cancelled. You may buy again while there is something left.',
    payNow: 'Pay {price}',
    pay: 'Pay',
    payNotNow: 'This order cannot be changed like that any more.',
    payFailed: 'Paying is not possible right now. Please try again in a moment.',
    cancel: 'Cancel',
    cancelSure: 'Cancel this order? Somebody else may get it then.',
    more: 'Show more',
    stopTrying: 'Stop trying',
    tryAgainIn: ({ seconds: s }) => `Trying again in ${s} s`,
    tryingNow: 'Trying again…',
    unknown: 'The line broke and we do not know yet whether your order arrived. Asking again with the same ticket: you will not get two.',
    wait_crowd: 'Many people want it. Your turn will come.',
    wait_busy: 'The shop is very busy. Nothing is lost.',
    wait_recovering: 'The sale is being prepared. One moment.',
    wait_offline: 'No connection. We keep trying.',
    wait_early: 'A moment too early. It goes on by itself.',
    wait_cooling: 'You have just bought. The next one can be bought in a moment.',
    end_limit: 'You have as many as one person may have.',
    end_refused: 'Your account cannot take part in this sale.',
    end_mismatch: 'This ticket was used already, in another tab. Look at your orders.',
    end_lost: 'This order did not come about. Nothing is to be paid; you may try again.',
    end_signIn: 'Please sign in to buy.',
    orderNumber: 'No. {sn}',
    day: ({ days: d }) => (d === 1 ? '1 day' : `${d} days`),
  },
  zh: {
    otherLanguage: 'English',
    otherLanguageTag: 'en',
    shop: '商城',
    navigation: '页面',
    sales: '限时抢购',
    sale: '限时抢购',
    now: '当前状态',
    myOrders: '我的订单',
    signIn: '登录',
    signOut: '退出',
    username: '用户名',
    password: '密码',
    signInWrong: '用户名或密码不正确。',
    signInFailed: '暂时无法登录，请稍后再试。',
    signInToBuy: '登录后抢购',
    signInAgain: '请重新登录以继续',
    signInFirst: '请先登录。',
    loading: '请稍候…',
    offline: '网络已断开，正在重试。',
    notNow: '商城暂时没有响应，正在重试。',
    noSales: '目前没有抢购活动。',
    noSuchSale: '没有这场抢购，或早已结束。',
    noOrders: '您还没有买过东西。',
    window: '{from} – {to}',
    limit: '每人限购 {count} 件',
    toDefaultAddress: '寄往您的默认地址',
    startsAt: '{when} 开始',
    startsIn: '{time} 后开始',
    startsInLabel: '距开始',
    endsInLabel: '距结束',
    started: '抢购已开始。',
    units: '共 {count} 件',
    left: '剩余 {count} / {all} 件',
    leftAbout: '剩余 {count}+ / {all} 件',
    quantity: '数量',
    buy: '立即抢购 · {price}',
    buyAnother: '再买一件',
    wait: '请稍候…',
    notYet: '尚未开始',
    gone: '已抢光',
    goneLong: '已全部售出。逾期未付款的会退回：请留在本页，有货会提示。',
    goneForNow: '被别人抢先了。如果还有剩余，可以再试。',
    oneCameBack: '有退回的了，快抢！',
    over: '已结束',
    overLong: '本场抢购已结束。',
    asking: '正在排队…',
    ordering: '正在提交订单…',
    unfinished: '订单可能已送达。可用同一张凭证再次询问，不会重复下单。',
    askAgain: '再次询问',
    queued: '抢到了！正在登记…',
    yours: '为您保留到 {time}，请付款。',
    minutesLeft: '还剩 {minutes} 分钟',
    secondsLeft: '还剩 {seconds} 秒',
    tooLate: '付款时间已过。',
    paid: '已付款，是您的了！',
    granted: '已到手！请到优惠券中查看。',
    lapsed: '此订单逾期未付款或已取消。若还有剩余，可以再买。',
    payNow: '付款 {price}',
    pay: '付款',
    payNotNow: '此订单已不能这样操作。',
    payFailed: '暂时无法付款，请稍后再试。',
    cancel: '取消订单',
    cancelSure: '确定取消此订单？取消后别人可能会买走。',
    more: '显示更多',
    stopTrying: '停止尝试',
    tryAgainIn: '{seconds} 秒后重试',
    tryingNow: '正在重试…',
    unknown: '网络中断，还不知道订单是否送达。正用同一张凭证再次询问：不会重复下单。',
    wait_crowd: '抢购的人很多，马上轮到您。',
    wait_busy: '商城很忙，您没有损失任何东西。',
    wait_recovering: '抢购正在准备，请稍候。',
    wait_offline: '网络已断开，正在重试。',
    wait_early: '早了一点点，会自动继续。',
    wait_cooling: '您刚刚买过，稍后可以再买。',
    end_limit: '您已达到每人限购数量。',
    end_refused: '您的账号不能参加本场抢购。',
    end_mismatch: '此凭证已在另一个标签页使用，请查看我的订单。',
    end_lost: '此订单没有成功，无需付款，您可以再试。',
    end_signIn: '请登录后抢购。',
    orderNumber: '订单号 {sn}',
    day: '{days} 天',
  },
};

/** More words, of a page that has many of its own. */
export function learn(more) {
  for (const tag of Object.keys(WORDS)) Object.assign(WORDS[tag], more[tag]);
}

const STATES_ZH = {
  unpaid: '待付款',
  cancelled: '已取消',
  'cancelled (system)': '逾期取消',
  'cancelled (shop)': '商家取消',
  paid: '已付款',
  'cancelled, refund pending': '退款中',
  refunded: '已退款',
  'group purchase timed out': '团购超时',
  shipped: '已发货',
  received: '已收货',
  'received (system)': '自动收货',
};

const KEY = 'mall.language';

/** The language chosen here, else the browser's. */
export function language() {
  let chosen;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    chosen = null;
  }
  if (chosen in WORDS) return chosen;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function setLanguage(tag) {
  try {
    localStorage.setItem(KEY, tag);
  } catch {
    // Then it is the browser's.
  }
}

/** A text with its gaps filled. */
export function t(key, values = {}) {
  const text = WORDS[language()][key] ?? key;
  if (typeof text === 'function') return text(values);
  return text.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);
}

const locale = () => (language() === 'zh' ? 'zh-CN' : 'en-GB');

/** Money from its smallest unit. */
export function money(minor) {
  return decimal(minor / 100);
}

/** Money as the mall writes it. */
export function decimal(amount) {
  const style = { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol' };
  return new Intl.NumberFormat(locale(), style).format(amount);
}

/** Day and time, where the buyer is. */
export function when(ms) {
  const style = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' };
  return new Intl.DateTimeFormat(locale(), style).format(ms);
}

/** The time of day, where the buyer is. */
export function clockTime(ms, seconds = false) {
  const style = { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) };
  return new Intl.DateTimeFormat(locale(), style).format(ms);
}

/** A number, as exactly as it is worth knowing. */
export function number(value) {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** How long something took. */
export function duration(ms) {
  if (ms >= 60000) return `${number(Math.round(ms / 6000) / 10)} min`;
  if (ms >= 1000) return `${number(Math.round(ms / 100) / 10)} s`;
  return `${number(ms >= 10 ? Math.round(ms) : Math.round(ms * 100) / 100)} ms`;
}

/** What is left of a while, never less than there is: 0 means now. */
export function countdown(ms) {
  const all = Math.max(Math.ceil(ms / 1000), 0);
  const two = (number) => String(number).padStart(2, '0');
  const days = Math.floor(all / 86400);
  const time = `${two(Math.floor(all / 3600) % 24)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  return days > 0 ? `${t('day', { days })} ${time}` : time;
}

/** A few minutes, said. */
export function minutes(ms) {
  const all = Math.max(Math.ceil(ms / 1000), 0);
  return all > 90 ? t('minutesLeft', { minutes: Math.floor(all / 60) }) : t('secondsLeft', { seconds: all });
}

/** How much is left; above twenty the engine rounds down. */
export function left({ remaining, stock }) {
  return t(remaining < 20 || remaining === stock ? 'left' : 'leftAbout', { count: remaining, all: stock });
}

/** A state of an order. */
export function orderState(text) {
  if (language() === 'zh') return STATES_ZH[text] ?? text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
