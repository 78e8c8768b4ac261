// From what the engines answer to what the board shows. No figure is made up here: rates are differences of
// two readings, and what several engines tell is added where each counts its own, and the largest is taken
// where one of them counts for all.

/** One engine's reading: `{ atMs, sale, families }`. */
export function reading(figures) {
  const families = new Map(figures.metrics.map((family) => [family.name, family.samples]));
  return { atMs: figures.at_ms, sale: figures.sale, families };
}

const key = (sample) => `${sample.suffix ?? ''} ${JSON.stringify(sample.labels ?? {})}`;

/** The largest of a gauge, of those engines that answered. */
export function largest(readings, name) {
  const values = readings.map((one) => one.families.get(name)?.[0]?.value).filter((value) => value !== undefined);
  return values.length > 0 ? Math.max(...values) : undefined;
}

/** All of a gauge together. */
export function together(readings, name) {
  return readings.reduce((sum, one) => sum + (one.families.get(name)?.[0]?.value ?? 0), 0);
}

/**
 * How much each figure of a counter rose a second, as `[{ suffix, labels, rate }]`, engines added up. `pairs`
 * are `[before, now]` of each engine. One that began anew since counts from nothing.
 */
export function rates(pairs, name) {
  const sums = new Map();
  for (const [before, now] of pairs) {
    const seconds = (now.atMs - before.atMs) / 1000;
    if (!(seconds > 0)) continue;
    const earlier = new Map((before.families.get(name) ?? []).map((sample) => [key(sample), sample.value]));
    for (const sample of now.families.get(name) ?? []) {
      const was = earlier.get(key(sample)) ?? 0;
      const rise = sample.value >= was ? sample.value - was : sample.value;
      const sum = sums.get(key(sample)) ?? { suffix: sample.suffix ?? '', labels: sample.labels ?? {}, rate: 0 };
      sum.rate += rise / seconds;
      sums.set(key(sample), sum);
    }
  }
  return [...sums.values()];
}

/** Rates of answers to buyers who want something: tokens and orders, by what they were told. */
export function answers(pairs) {
  const told = new Map();
  for (const { labels, rate } of rates(pairs, 'engine_answers_total')) {
    if (!['token', 'order'].includes(labels.call)) continue;
    const name = labels.code === 'ok' ? `${labels.call}_ok` : labels.code;
    told.set(name, (told.get(name) ?? 0) + rate);
  }
  return told;
}

/** `{ mean, p99 }` of each stage in milliseconds, over what happened between the two readings of each pair. */
export function stages(pairs) {
  const found = new Map();
  for (const { suffix, labels, rate } of rates(pairs, 'engine_stage_seconds')) {
    const stage = found.get(labels.stage) ?? { sum: 0, count: 0, buckets: [] };
    if (suffix === '_sum') stage.sum = rate;
    else if (suffix === '_count') stage.count = rate;
    else stage.buckets.push({ end: labels.le === '+Inf' ? Infinity : Number(labels.le), rate });
    found.set(labels.stage, stage);
  }
  return new Map([...found].map(([name, { sum, count, buckets }]) => [name, {
    mean: count > 0 ? (sum / count) * 1000 : undefined,
    p99: count > 0 ? quantile(buckets, count, 0.99) * 1000 : undefined,
  }]));
}

/** As Prometheus guesses it: evenly within the bucket it falls into. */
function quantile(buckets, count, part) {
  const wanted = count * part;
  let from = { end: 0, rate: 0 };
  for (const bucket of buckets.sort((one, other) => one.end - other.end)) {
    if (bucket.rate >= wanted) {
      if (bucket.end === Infinity) return from.end;
      return from.end + (bucket.end - from.end) * ((wanted - from.rate) / (bucket.rate - from.rate || 1));
    }
    from = bucket;
  }
  return from.end;
}

/**
 * What keeps buyers out, or is near to it: `{ name, used, of, refused }`, refusals a second. The first of the
 * sorted list binds if anything does.
 */
export function bounds(readings, pairs) {
  const refused = (...names) => rates(pairs, 'engine_bound_refusals_total')
    .filter(({ labels }) => names.includes(labels.bound))
    .reduce((sum, { rate }) => sum + rate, 0);
  const filled = (name, used, of, by) => ({ name, used: largest(readings, used), of: largest(readings, of), refused: by });
  const streams = rates(pairs, 'engine_streams_refused_total').reduce((sum, { rate }) => sum + rate, 0);
  return [
    { name: 'breaker', used: largest(readings, 'engine_breaker_shut'), of: 1, refused: refused('breaker') },
    { name: 'desk', used: largest(readings, 'engine_sales_recovering'), of: undefined, refused: refused('desk') },
    filled('unsettled', 'engine_unsettled_orders', 'engine_unsettled_orders_max', refused('unsettled_max')),
    filled('lane', 'engine_lane_waiting_requests', 'engine_lane_depth_requests', refused('lane_depth', 'lane_wait')),
    filled('handoffs', 'engine_handoffs', 'engine_handoffs_max', 0),
    { name: 'tokens', refused: refused('tokens') },
    { name: 'orders', refused: refused('orders_per_s') },
    { name: 'user', refused: refused('user_per_s') },
    { name: 'address', refused: refused('address_per_s') },
    filled('streams', 'engine_streams', 'engine_streams_max', streams),
  ];
}

/** The bound that decides who gets in now, if one does: what refuses most, else what is full. */
export function binding(all) {
  const shut = all.find((bound) => bound.name === 'breaker' && bound.used > 0);
  if (shut) return shut;
  const most = all.filter((bound) => bound.name !== 'streams').sort((one, other) => other.refused - one.refused)[0];
  if (most?.refused > 0) return most;
  return all.find((bound) => bound.of > 1 && bound.used >= bound.of);
}
