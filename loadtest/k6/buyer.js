// A buyer for the k6 scripts: a session, a token, an order. Addresses and ids come from the environment,
// which `cargo xtask load --k6 …` fills from target/dev/env.
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const engine = __ENV.ENGINE_URL;
const sale = __ENV.SALE_ID || __ENV.DEMO_SALE_ID;

export const accepted = new Counter('orders_accepted');
export const refused = new Counter('refusals');
export const broken = new Counter('answers_that_must_not_be');
export const refusalTime = new Trend('refusal_time', true);

// Answers a buyer may get; anything else is a defect.
const statuses = [200, 202, 401, 403, 409, 410, 422, 429, 503, 504];
http.setResponseCallback(http.expectedStatuses(...statuses));

// So many sessions, made once for all, in front of an open sale: one that was just made is not known yet.
export function sessions(count) {
  const all = [];
  while (all.length < count) {
    const wanted = Math.min(count - all.length, 5000);
    const answer = http.post(`${__ENV.CATALOG_PRIVATE_URL}/dev/sessions`, JSON.stringify({ count: wanted }), {
      headers: { 'content-type': 'application/json' },
      timeout: '180s',
    });
    if (answer.status !== 200) throw new Error(`/dev/sessions answers ${answer.status}; is it the dev profile?`);
    answer.body.split('\n').filter((line) => line).forEach((line) => all.push(JSON.parse(line)));
  }
  waitOpen();
  return all;
}

function waitOpen() {
  const early = { responseCallback: http.expectedStatuses(200, 404) };
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = http.get(`${engine}/seckill/v1/sales/${sale}`, early);
    if (answer.status === 200 && answer.json('state') === 'open') return;
    sleep(0.1);
  }
  throw new Error(`sale ${sale} did not open in time`);
}

function send(path, session, body, call) {
  const headers = { authorization: `Bearer ${session.token}` };
  if (body) headers['content-type'] = 'application/json';
  const answer = http.post(`${engine}${path}`, body ? JSON.stringify(body) : null, { headers, tags: { call } });
  if (answer.status >= 400) {
    refused.add(1, { call, status: String(answer.status) });
    refusalTime.add(answer.timings.duration, { call });
  }
  if (!statuses.includes(answer.status)) broken.add(1, { call, status: String(answer.status) });
  return answer;
}

// One visit: whoever's turn it is tries to buy one unit, and asks again while nobody knows whether there
// is an order.
export function buy(data) {
  const session = data[exec.scenario.iterationInTest % data.length];
  const token = send(`/seckill/v1/sales/${sale}/token`, session, null, 'token');
  if (token.status !== 200) return token.status;
  const order = { token: token.json('token'), quantity: 1, address_id: session.address_id };
  for (let tries = 0; tries < 10; tries += 1) {
    const answer = send(`/seckill/v1/sales/${sale}/orders`, session, order, 'order');
    if (answer.status === 202) accepted.add(1);
    if (answer.status !== 504) return answer.status;
  }
  return 504;
}

export function look() {
  http.get(`${engine}/seckill/v1/sales`, { tags: { call: 'list' } });
  http.get(`${engine}/seckill/v1/sales/${sale}`, { tags: { call: 'sale' } });
}
