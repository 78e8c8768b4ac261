// Overload: ten times what the mall sustains (SUSTAINED visitors a second, 200) for SECONDS (60). Refusals
// stay quick, and nobody is told anything that must not be.
import { buy, sessions } from './buyer.js';

const sustained = Number(__ENV.SUSTAINED || 200);
const seconds = Number(__ENV.SECONDS || 60);

export const options = {
  scenarios: {
    overload: {
      executor: 'constant-arrival-rate',
      rate: sustained * 10,
      timeUnit: '1s',
      duration: `${seconds}s`,
      preAllocatedVUs: 500,
      maxVUs: 5000,
    },
  },
  thresholds: {
    answers_that_must_not_be: ['count==0'],
    // k6 itself shares the machine; the native driver judges the 10 ms of the design.
    refusal_time: ['p(99)<1000'],
  },
};

export const setup = () => sessions(20000);
export default function visit(data) {
  buy(data);
}
