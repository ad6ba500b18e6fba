// Tables. What comes from requests gets in as text, and never as markup.

const cell = (attributes, ...content) => element("td", attributes, ...content);
const numbers = (...content) => cell({ class: "number" }, ...content);
const wideNumbers = (...content) => cell({ class: "number wide" }, ...content);
const code = (text) => element("code", {}, text);
const more = (text) => element("span", { class: "more" }, text);

function head(columns) {
  const cells = columns.map(([label, className = ""]) => element("th", { scope: "col", class: className }, label));
  return element("thead", {}, element("tr", {}, ...cells));
}

/** Fills a table; `empty` stands where there is no row. */
function fill(table, columns, rows, empty) {
  const nothing = element("tr", {}, cell({ class: "empty", colspan: String(columns.length) }, empty));
  table.replaceChildren(head(columns), element("tbody", {}, ...(rows.length > 0 ? rows : [nothing])));
}

const share = (value) => element("span", { class: value > 0 ? "bad" : "soft" }, percent(value));

/** Endpoints, sorted by any of the columns. */
class EndpointTable {
  static #COLUMNS = [
    { key: "location", label: "Location" },
    { key: "methods", label: "Methods", className: "wide" },
    { key: "rate", label: "req/s", isNumber: true },
    { key: "p50", label: "p50", isNumber: true, className: "wide" },
    { key: "p95", label: "p95", isNumber: true },
    { key: "p99", label: "p99", isNumber: true, className: "wide" },
    { key: "refused", label: "4xx", isNumber: true, className: "wide" },
    { key: "errors", label: "5xx", isNumber: true },
  ];
  #key = "p95";
  #isDescending = true;
  #rows = [];

  constructor(table) {
    this.body = element("tbody");
    this.headers = EndpointTable.#COLUMNS.map((column) => {
      const button = element("button", { type: "button" }, column.label);
      button.addEventListener("click", () => this.#sortBy(column));
      const className = `${column.isNumber ? "number" : ""} ${column.className ?? ""}`;
      return element("th", { scope: "col", class: className }, button);
    });
    table.replaceChildren(element("thead", {}, element("tr", {}, ...this.headers)), this.body);
  }

  #sortBy(column) {
    this.#isDescending = this.#key === column.key ? !this.#isDescending : column.isNumber === true;
    this.#key = column.key;
    this.show(this.#rows);
  }

  show(rows) {
    this.#rows = rows;
    const sign = this.#isDescending ? -1 : 1;
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : (a ?? -1) - (b ?? -1));
    const sorted = [...rows].sort((a, b) => sign * compare(a[this.#key], b[this.#key]) || a.location.localeCompare(b.location));
    for (const [index, column] of EndpointTable.#COLUMNS.entries()) {
      const header = this.headers[index];
      if (column.key === this.#key) header.setAttribute("aria-sort", this.#isDescending ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    }
    const hasServers = new Set(rows.map((row) => row.server)).size > 1;
    const empty = element("tr", {}, cell({ class: "empty", colspan: String(EndpointTable.#COLUMNS.length) }, "No requests yet."));
    this.body.replaceChildren(...(rows.length > 0 ? sorted.map((row) => this.#row(row, hasServers)) : [empty]));
  }

  #row(row, hasServers) {
    const server = hasServers && row.server !== "" ? [element("span", { class: "soft" }, `${row.server} `)] : [];
    const rest = `${row.methods} · p50 ${latency(row.p50)} · p99 ${latency(row.p99)} · 4xx ${percent(row.refused)}`;
    return element("tr", {},
      cell({}, ...server, code(row.location || "(no location)"), more(rest)),
      cell({ class: "wide" }, row.methods),
      numbers(number(row.rate)),
      wideNumbers(latency(row.p50)),
      numbers(latency(row.p95)),
      wideNumbers(latency(row.p99)),
      wideNumbers(percent(row.refused)),
      numbers(share(row.errors)));
  }
}

function showFailures(table, failures, shown, nowMs) {
  const isServer = (failure) => failure.status >= 500;
  const wanted = failures.filter((failure) => shown === "all" || isServer(failure) === (shown === "server"));
  const columns = [["Time"], ["Status"], ["Request"], ["Location", "wide"], ["Trace", "wide"]];
  const rows = wanted.map((failure) => {
    const isOld = nowMs - failure.time_ms > 12 * 60 * MINUTE_MS;
    const time = new Date(failure.time_ms);
    const label = isOld ? `${time.toLocaleDateString()} ${clock(time)}` : clock(time);
    const status = element("span", { class: isServer(failure) ? "bad" : "" }, String(failure.status));
    const rest = [failure.code, failure.location, failure.trace_id && `trace ${failure.trace_id}`].filter(Boolean).join(" · ");
    return element("tr", {},
      cell({}, element("time", { datetime: time.toISOString(), title: time.toISOString() }, label)),
      cell({}, status, failure.code ? element("span", { class: "soft wide" }, ` ${failure.code}`) : ""),
      cell({}, code(`${failure.method} ${failure.path || "(path is not told)"}`), more(rest)),
      cell({ class: "wide" }, code(failure.location)),
      cell({ class: "wide soft" }, code(failure.trace_id || NOTHING)));
  });
  fill(table, columns, rows, "None.");
}

function showDatabases(table, databases) {
  const columns = [["Database"], ["Workers up", "number"], ["In use / open / max", "number"], ["Waiting", "number"], ["Refused", "number wide"]];
  const rows = databases.map((database) => {
    const [up, workers] = [database.database_up, database.database_workers];
    const busy = database.pool_connections - database.pool_idle_connections;
    return element("tr", {},
      cell({}, database.name),
      numbers(element("span", { class: up < workers ? "bad" : "good" }, `${up} of ${workers}`)),
      numbers(`${busy} / ${database.pool_connections} / ${database.pool_max_connections}`),
      numbers(number(database.pool_waiting)),
      wideNumbers(number(database.pool_refused)));
  });
  fill(table, columns, rows, "None.");
}

function showZones(table, zones) {
  const columns = [["Zone"], ["Holds"], ["Use", "number"], ["Evicted", "number"]];
  const rows = zones.flatMap((zone) => {
    const row = (holds, use, evicted) =>
      element("tr", {}, cell({}, zone.name), cell({}, holds), numbers(use), numbers(number(evicted)));
    const { responses, limits } = zone;
    return [
      responses && row(`${number(responses.entries)} responses`, `${bytes(responses.bytes)} of ${bytes(responses.capacity_bytes)}`, responses.evictions),
      limits && row("limits", `room for ${number(limits.keys)} keys`, limits.evictions),
    ].filter(Boolean);
  });
  fill(table, columns, rows, "None.");
}

