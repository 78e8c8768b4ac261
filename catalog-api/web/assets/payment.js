// To the payment provider and back. The provider's page is another document; this page is found as it was.

import { mall } from './call.js';
import { forgetSession, session } from './session.js';

/** The page of the local provider, which every catalog-api serves in the dev profile. */
const LOCAL = '/shop/local-payment/';

/** Leaves for the provider; answers a key of what went wrong when it cannot. */
export async function pay(orderId) {
  const who = session();
  if (!who) return 'signInFirst';
  const answer = await mall('POST', '/wx/order/h5pay', { session: who.token, body: { orderId } });
  if (answer.errno === 501) {
    forgetSession(who.token);
    return 'signInFirst';
  }
  if (answer.errno === 725) return 'payNotNow';
  if (answer.errno !== 0) return answer.status === 0 ? 'offline' : 'payFailed';
  const to = new URL(answer.data.mwebUrl);
  const here = location.pathname + location.search;
  if (to.pathname.startsWith(LOCAL)) {
    location.assign(`${to.pathname}?redirect_url=${encodeURIComponent(here)}`);
  } else {
    to.searchParams.set('redirect_url', location.origin + here);
    location.assign(to);
  }
  return '';
}
