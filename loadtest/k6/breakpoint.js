// Breakpoint: ever more visitors, up to RATE a second (5000) over MINUTES (5), until answers come late; the
// rate at which k6 gives up is what this machine sustains, k6 included.
import { buy, sessions } from './buyer.js';

const rate = Number(__ENV.RATE || 5000);
const minutes = Number(__ENV.MINUTES || 5);

export const options = {
  scenarios: {
    breakpoint: {
      executor: 'ramping-arrival-rate',
      startRate: 10,
      timeUnit: '1s',
      preAllocatedVUs: 200,
      maxVUs: 5000,
      stages: [{ target: rate, duration: `${minutes}m` }],
    },
  },
  thresholds: {
    answers_that_must_not_be: ['count==0'],
    http_req_duration: [{ threshold: 'p(95)<2000', abortOnFail: true, delayAbortEval: '5s' }],
    dropped_iterations: [{ threshold: 'count<100', abortOnFail: true }],
  },
};

export const setup = () => sessions(20000);
export default function visit(data) {
  buy(data);
}
