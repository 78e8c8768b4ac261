// Soak: RATE visitors a second (100) for MINUTES (60). What it is for is looked at meanwhile: memory, open
// files, keys, lag.
import { buy, look, sessions } from './buyer.js';

const rate = Number(__ENV.RATE || 100);
const minutes = Number(__ENV.MINUTES || 60);

export const options = {
  scenarios: {
    soak: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: `${minutes}m`,
      preAllocatedVUs: rate,
      maxVUs: rate * 10,
    },
  },
  thresholds: { answers_that_must_not_be: ['count==0'], http_req_failed: ['rate==0'] },
};

export const setup = () => sessions(10000);
export default function visit(data) {
  look();
  buy(data);
}
