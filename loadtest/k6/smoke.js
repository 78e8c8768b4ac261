// Smoke: a few visitors a second for a few seconds; every answer is one that may be.
import { buy, look, sessions } from './buyer.js';

export const options = {
  scenarios: {
    smoke: { executor: 'constant-arrival-rate', rate: 10, timeUnit: '1s', duration: '5s', preAllocatedVUs: 20 },
  },
  thresholds: {
    answers_that_must_not_be: ['count==0'],
    orders_accepted: ['count>0'],
    http_req_failed: ['rate==0'],
  },
};

export const setup = () => sessions(50);
export default function visit(data) {
  look();
  buy(data);
}
