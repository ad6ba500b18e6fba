// What the counters have done since the page was opened: differences, as points in time.

const MINUTE_MS = 60_000;
const KEPT_MS = 10 * MINUTE_MS;
/** Reports of endpoints that are kept to make differences over a range of time are so far apart. */
const SNAPSHOT_MS = 10_000;
/** What the cache has answered without the endpoint, or with what it had. */
const FROM_CACHE = ["hit", "stale", "updating", "revalidated"];

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** How much a counter has grown: one that has fallen has begun anew. */
const growth = (now = 0, before = 0) => Math.max(0, now - before);

/** The same for all members of an object of counters, or of an array. */
function growths(now, before) {
  if (Array.isArray(now)) return now.map((value, index) => growth(value, before?.[index]));
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, growth(value, before?.[name])]));
}

/** Adds an object of counters, or an array, to another. */
function add(total, more) {
  for (const [name, value] of Object.entries(more)) total[name] = (total[name] ?? 0) + value;
}

/** Below which duration such a share of those in the buckets is: between the bounds of its bucket in proportion. There is no upper bound to the last one. */
function quantile(buckets, boundsUs, share) {
  const all = sum(buckets);
  if (all === 0) return null;
  let left = all * share;
  for (const [index, count] of buckets.entries()) {
    if (left <= count && count > 0) {
      const from = index === 0 ? 0 : boundsUs[index - 1];
      return from + ((boundsUs[index] ?? Infinity) - from) * (left / count);
    }
    left -= count;
  }
  return Infinity;
}

const endpointKey = (endpoint) => `${endpoint.server}\n${endpoint.location}`;

/** The requests of an endpoint by class, all methods together. */
function byClass(requests) {
  const classes = {};
  for (const counts of Object.values(requests)) add(classes, counts);
  return classes;
}

/** All endpoints together. */
function totals(report) {
  const total = { classes: {}, duration: [], database: [], cache: {}, limit: {} };
  for (const endpoint of report.endpoints) {
    add(total.classes, byClass(endpoint.requests));
    add(total.duration, endpoint.duration.buckets);
    add(total.database, endpoint.database.buckets);
    add(total.cache, endpoint.cache);
    add(total.limit, endpoint.limit);
  }
  return total;
}

function quantiles(buckets, boundsUs) {
  const at = (share) => quantile(buckets, boundsUs, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** What has happened between two reports. */
function sample(before, report) {
  const seconds = (report.now_ms - before.now_ms) / 1000;
  const [now, then] = [totals(report), totals(before)];
  const classes = growths(now.classes, then.classes);
  const cache = growths(now.cache, then.cache);
  const limit = growths(now.limit, then.limit);
  const asked = sum(Object.values(cache)) - (cache.bypass ?? 0);
  const answered = sum(FROM_CACHE.map((status) => cache[status] ?? 0));
  const pool = (name) => sum(report.databases.map((database) => database[name]));
  const rate = (count = 0) => count / seconds;
  return {
    t: report.now_ms,
    throughput: {
      all: rate(sum(Object.values(classes))),
      fine: rate(sum(["1xx", "2xx", "3xx"].map((name) => classes[name] ?? 0))),
      client: rate(classes["4xx"]),
      server: rate(classes["5xx"]),
    },
    latency: quantiles(growths(now.duration, then.duration), report.bounds_us),
    database: quantiles(growths(now.database, then.database), report.bounds_us),
    cache: { ratio: asked > 0 ? answered / asked : null },
    limits: { rejected: rate(limit.rejected), dryRun: rate(limit.dry_run) },
    pool: {
      busy: pool("pool_connections") - pool("pool_idle_connections"),
      open: pool("pool_connections"),
      waiting: pool("pool_waiting"),
      max: pool("pool_max_connections"),
    },
  };
}

class History {
  samples = [];
  last = null;
  #snapshots = [];

  /** Takes a report; `patienceMs` is how far apart two may be without a gap between them. */
  add(report, patienceMs) {
    const before = this.last;
    if (before && report.now_ms === before.now_ms && report.began_s === before.began_s) return;
    if (before && (report.began_s !== before.began_s || report.now_ms < before.now_ms)) {
      // nginx was restarted, or its clock was set back: nothing of before can be compared, and nothing is known of the future.
      this.#snapshots = [];
      this.samples = this.samples.filter((point) => point.t < report.now_ms);
      this.samples.push({ t: Math.min(before.now_ms, report.now_ms - 1) + 1 });
    } else if (before && report.now_ms - before.now_ms > patienceMs) {
      this.samples.push({ t: before.now_ms + 1 });
    } else if (before) {
      this.samples.push(sample(before, report));
    }
    if (!(this.#snapshots.at(-1)?.t > report.now_ms - SNAPSHOT_MS)) {
      const endpoints = new Map(report.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
      this.#snapshots.push({ t: report.now_ms, endpoints });
    }
    const oldest = report.now_ms - KEPT_MS;
    this.samples = this.samples.filter((point) => point.t >= oldest);
    // The newest one that is older is the beginning of the longest range.
    while (this.#snapshots[1]?.t <= oldest) this.#snapshots.shift();
    this.last = report;
  }

  /** What endpoints have done in a range of time, and how long that is in seconds. */
  endpoints(rangeMs) {
    if (!this.last) return { seconds: 0, rows: [] };
    const from = this.#snapshots.findLast((snapshot) => snapshot.t <= this.last.now_ms - rangeMs) ?? this.#snapshots[0];
    const seconds = (this.last.now_ms - from.t) / 1000;
    const rows = this.last.endpoints.map((endpoint) => {
      const before = from.endpoints.get(endpointKey(endpoint));
      const methods = Object.entries(endpoint.requests)
        .map(([method, counts]) => [method, growths(counts, before?.requests[method])])
        .filter(([, counts]) => sum(Object.values(counts)) > 0);
      const classes = byClass(Object.fromEntries(methods));
      const count = sum(Object.values(classes));
      return {
        server: endpoint.server,
        location: endpoint.location,
        methods: methods.map(([method]) => method).join(", "),
        count,
        rate: count / seconds,
        errors: (classes["5xx"] ?? 0) / count,
        refused: (classes["4xx"] ?? 0) / count,
        ...quantiles(growths(endpoint.duration.buckets, before?.duration.buckets), this.last.bounds_us),
      };
    });
    return { seconds, rows: rows.filter((row) => row.count > 0) };
  }
}

