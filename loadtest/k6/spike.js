// Spike: next to nobody, then everybody in one second, as a sale opens. RATE visitors a second (500).
import { buy, sessions } from './buyer.js';

const rate = Number(__ENV.RATE || 500);

export const options = {
  scenarios: {
    spike: {
      executor: 'ramping-arrival-rate',
      startRate: 5,
      timeUnit: '1s',
      preAllocatedVUs: Math.max(50, rate),
      maxVUs: rate * 4,
      stages: [
        { target: 5, duration: '5s' },
        { target: rate, duration: '1s' },
        { target: rate, duration: '20s' },
        { target: 5, duration: '1s' },
        { target: 5, duration: '5s' },
      ],
    },
  },
  thresholds: { answers_that_must_not_be: ['count==0'], http_req_failed: ['rate==0'] },
};

export const setup = () => sessions(rate * 20);
export default function visit(data) {
  buy(data);
}
