// Asks, shows, and asks again, as long as somebody looks.

const ANSWER_MS = 5000;
/** So much is shown from the beginning, however little of it is known. */
const LEAST_RANGE_MS = MINUTE_MS;

/** What the interval was when it was asked last: one that was made shorter since makes no gap. */
let askedEveryMs = 0;

const byId = (id) => document.getElementById(id);
const tickMs = (us) => (us >= 1e6 ? `${us / 1e6} s` : `${Number((us / 1e3).toPrecision(3))} ms`);
const tickNumber = (value) => (value >= 1e4 ? `${Number((value / 1e3).toPrecision(3))}k` : String(Number(value.toPrecision(3))));
const latencyLines = ["p50", "p95", "p99"].map((key) => ({ key, label: key }));

const CHARTS = [
  {
    id: "throughput", title: "Throughput", least: 1, write: (value) => number(value), tick: tickNumber,
    lines: [{ key: "fine", label: "2xx, 3xx" }, { key: "client", label: "4xx" }, { key: "server", label: "5xx" }],
    now: (values) => [number(values.all), "req/s"],
  },
  {
    id: "latency", title: "Latency", bottom: 100, least: 10_000, most: LONGEST_US, write: latency, tick: tickMs, lines: latencyLines,
    now: (values) => [latency(values.p95), "p95"],
  },
  {
    id: "cache", title: "Cache hit ratio", least: 1, most: 1, write: percent, tick: (value) => `${Math.round(value * 100)} %`,
    lines: [{ key: "ratio", label: "answered from the cache" }], now: (values) => [percent(values.ratio), ""],
  },
  {
    id: "limits", title: "Limit rejections", least: 1, write: (value) => number(value), tick: tickNumber,
    lines: [{ key: "rejected", label: "rejected" }, { key: "dryRun", label: "dry run" }],
    now: (values) => [number(values.rejected), "req/s"],
  },
  {
    id: "pool", title: "Pool use", least: 4, isWhole: true, write: (value) => number(value), tick: tickNumber,
    lines: [{ key: "busy", label: "in use" }, { key: "open", label: "open" }, { key: "waiting", label: "requests waiting" }],
    now: (values) => [number(values.busy), `of ${number(values.max)} connections`],
  },
  {
    id: "database", title: "Database", bottom: 100, least: 10_000, most: LONGEST_US, write: duration, tick: tickMs, lines: latencyLines,
    now: (values) => [duration(values.p95), "p95"],
  },
];

const past = new History();
const charts = CHARTS.map((spec) => new Chart(spec, moveCursor));
const endpoints = new EndpointTable(byId("endpoints"));
byId("charts").append(...charts.map((chart) => chart.figure));

let timer = null;
let isPaused = false;
let isAsking = false;
/** When the last answer came, on the browser's clock. */
let answeredAt = Date.now();

function moveCursor(source, time, isRead = false) {
  const words = charts.map((chart) => [chart, chart.point(time)]);
  const read = words.find(([chart]) => chart === source)?.[1];
  if (isRead) byId("reading").textContent = `${clock(time)}: ${read}`;
}

function rangeMs() {
  return Number(byId("range").value) * MINUTE_MS;
}

function intervalMs() {
  return Number(byId("interval").value) * 1000;
}

function showFacts(report) {
  const crashes = report.worker_crashes > 0 ? `, ${report.worker_crashes} crashed` : "";
  const facts = {
    version: report.version,
    nginx: report.nginx,
    workers: `${report.workers}${crashes}`,
    up: age(report.now_ms / 1000 - report.began_s),
  };
  const pairs = Object.entries(facts).map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, String(value))));
  byId("facts").replaceChildren(...pairs);
}

function show() {
  const report = past.last;
  if (!report) return;
  const end = report.now_ms;
  const first = past.samples[0]?.t ?? end;
  const start = Math.max(end - rangeMs(), Math.min(first, end - LEAST_RANGE_MS));
  const points = past.samples.filter((point) => point.t >= start);
  for (const chart of charts) chart.draw(points, [start, end]);
  const { seconds, rows } = past.endpoints(rangeMs());
  byId("endpoints-note").textContent = seconds > 0 ? `over the last ${age(seconds)}` : "";
  endpoints.show(rows);
  showFailures(byId("failures"), report.failures, byId("failures-shown").value, end);
  showDatabases(byId("databases"), report.databases);
  showZones(byId("zones"), report.zones);
  showFacts(report);
}

function setBanner(text) {
  const banner = byId("banner");
  // What is said again is not to be read out again.
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = text === "";
  document.body.classList.toggle("stale", text !== "");
}

async function ask() {
  // Without what the page's own address may have of a user and a password, which no fetch takes.
  const address = `${location.origin}${location.pathname}?format=json`;
  const request = fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
  const response = await request.catch((error) => {
    throw error instanceof TypeError ? new Error("no connection") : error;
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  past.add(await response.json(), 3 * Math.max(intervalMs(), askedEveryMs) + ANSWER_MS);
  askedEveryMs = intervalMs();
}

async function refresh() {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  try {
    await ask();
    show();
    answeredAt = Date.now();
    setBanner("");
  } catch (error) {
    const why = error.name === "TimeoutError" ? "no answer in time" : error.message;
    setBanner(`No answer since ${clock(answeredAt)} (${why}). Trying again.`);
  } finally {
    isAsking = false;
    schedule();
  }
}

function schedule() {
  clearTimeout(timer);
  if (isPaused || document.hidden) return;
  // There is nothing to draw before the second answer.
  timer = setTimeout(refresh, past.samples.length === 0 ? Math.min(1000, intervalMs()) : intervalMs());
}

byId("controls").addEventListener("submit", (event) => event.preventDefault());
byId("range").addEventListener("change", show);
byId("failures-shown").addEventListener("change", show);
byId("interval").addEventListener("change", refresh);
byId("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  byId("pause").textContent = isPaused ? "Resume" : "Pause";
  if (isPaused) clearTimeout(timer);
  else refresh();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else if (!isPaused) refresh();
});
refresh();
