// Lines over time in SVG. All charts have one cursor: where it stands, every legend tells its values.

const PLOT = { left: 52, right: 10, top: 10, bottom: 20 };
const KINDS = ["one", "two", "three"];

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function shape(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** A step of 1, 2 or 5 times a power of ten with which a range has at most so many. */
function niceStep(range, most) {
  const power = 10 ** Math.floor(Math.log10(range / most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => range / step <= most * 1.0001);
}

function timeStep(rangeMs, most) {
  const steps = [5, 10, 15, 30, 60, 120, 300].map((seconds) => seconds * 1000);
  return steps.find((step) => rangeMs / step <= most) ?? steps.at(-1);
}

class Chart {
  #points = [];
  #domain = [0, 1];
  #cursor = null;

  /**
   * `spec` has `id`, `title`, `lines` (`key`, `label`), `write` (a value as text), `tick` (one at the axis), `now` (what is told in large),
   * `least` (what the axis ends at, at the least) and perhaps `most`, `isWhole`, or `bottom`: then the axis is logarithmic. `move` is told where the cursor goes.
   */
  constructor(spec, move) {
    this.spec = spec;
    this.svg = shape("svg", { class: "plot", role: "img", tabindex: "0" });
    this.now = element("span", { class: "now" });
    this.outputs = spec.lines.map(() => element("output", {}, NOTHING));
    const legend = spec.lines.map((line, index) => {
      const swatch = shape("svg", { "aria-hidden": "true" }, shape("path", { class: `line ${KINDS[index]}`, d: "M1 4H19" }));
      return element("span", {}, swatch, line.label, this.outputs[index]);
    });
    const caption = element("figcaption", {}, element("b", {}, spec.title), this.now, element("div", { class: "legend" }, ...legend));
    this.figure = element("figure", { id: spec.id }, caption, this.svg);
    this.svg.addEventListener("pointermove", (event) => move(this, this.#timeAt(event.offsetX)));
    this.svg.addEventListener("pointerleave", () => move(this, null));
    this.svg.addEventListener("blur", () => move(this, null));
    this.svg.addEventListener("keydown", (event) => this.#press(event, move));
    new ResizeObserver(() => this.#render()).observe(this.svg);
  }

  /** Shows points of a range of time. */
  draw(points, domain) {
    [this.#points, this.#domain] = [points, domain];
    this.#render();
  }

  /** Puts the cursor to a time; `null` takes it away. The answer is what stands there, in words. */
  point(time) {
    this.#cursor = time;
    this.#render();
    return this.spec.lines.map((line, index) => `${line.label} ${this.outputs[index].textContent}`).join(", ");
  }

  #press(event, move) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") move(this, null);
    if (step === undefined || this.#points.length === 0) return;
    event.preventDefault();
    const last = this.#points.length - 1;
    const at = this.#cursor === null ? last + 1 : this.#points.indexOf(this.#nearest(this.#cursor));
    move(this, this.#points[Math.min(last, Math.max(0, at + step))].t, true);
  }

  #value(point, line) {
    return point?.[this.spec.id]?.[line.key] ?? null;
  }

  #nearest(time) {
    const nearer = (best, point) => (best && Math.abs(best.t - time) <= Math.abs(point.t - time) ? best : point);
    return this.#points.reduce(nearer, null);
  }

  get #width() {
    return Math.max(this.svg.clientWidth, PLOT.left + PLOT.right + 1);
  }

  get #height() {
    return Math.max(this.svg.clientHeight, PLOT.top + PLOT.bottom + 1);
  }

  #x(time) {
    const [from, to] = this.#domain;
    return PLOT.left + ((time - from) / (to - from)) * (this.#width - PLOT.left - PLOT.right);
  }

  #timeAt(x) {
    const [from, to] = this.#domain;
    const time = from + ((x - PLOT.left) / (this.#width - PLOT.left - PLOT.right)) * (to - from);
    return this.#nearest(time)?.t ?? null;
  }

  /** The values of the axis. */
  #scale() {
    const { lines, least, most, isWhole, bottom } = this.spec;
    const values = this.#points.flatMap((point) => lines.map((line) => this.#value(point, line) ?? 0));
    const highest = Math.min(Math.max(least, ...values), most ?? Infinity);
    if (bottom) {
      const count = Math.ceil(Math.log10(highest / bottom) - 1e-9);
      return Array.from({ length: count + 1 }, (_, index) => bottom * 10 ** index);
    }
    const step = Math.max(niceStep(highest, 4), isWhole ? 1 : 0);
    const top = Math.ceil(highest / step - 1e-9) * step;
    const count = Math.round(top / step);
    return Array.from({ length: count + 1 }, (_, index) => index * step);
  }

  #render() {
    const ticks = this.#scale();
    const [bottom, top] = [ticks[0], ticks.at(-1)];
    const [width, height] = [this.#width, this.#height];
    const share = this.spec.bottom
      ? (value) => Math.log(Math.min(Math.max(value, bottom), top) / bottom) / Math.log(top / bottom)
      : (value) => Math.min(value, top) / top;
    const y = (value) => height - PLOT.bottom - share(value) * (height - PLOT.top - PLOT.bottom);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(...this.#valueAxis(ticks, y), ...this.#timeAxis(), ...this.#drawn(y), ...this.#cursorAt(y));
    this.#tell();
  }

  #valueAxis(ticks, y) {
    return ticks.flatMap((value) => {
      const at = Math.round(y(value)) + 0.5;
      const label = shape("text", { x: PLOT.left - 6, y: at + 4, "text-anchor": "end" }, this.spec.tick(value));
      return [shape("path", { class: "grid", d: `M${PLOT.left} ${at}H${this.#width - PLOT.right}` }), label];
    });
  }

  #timeAxis() {
    const [from, to] = this.#domain;
    const step = timeStep(to - from, Math.max(1, Math.floor((this.#width - PLOT.left) / 75)));
    const labels = [];
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
      const x = this.#x(time);
      if (x < PLOT.left + 20 || x > this.#width - 24) continue;
      labels.push(shape("text", { x, y: this.#height - 5, "text-anchor": "middle" }, clock(time, step < MINUTE_MS)));
    }
    return labels;
  }

  /** The lines, with gaps where nothing is known, the most important one on top. */
  #drawn(y) {
    const drawn = this.spec.lines.map((line, index) => {
      let [path, isDrawing] = ["", false];
      for (const point of this.#points) {
        const value = this.#value(point, line);
        if (value !== null) {
          const place = `${this.#x(point.t).toFixed(1)} ${y(value).toFixed(1)}`;
          // A point on its own is a dot.
          path += isDrawing ? `L${place}` : `M${place}l0 0`;
        }
        isDrawing = value !== null;
      }
      return shape("path", { class: `line ${KINDS[index]}`, d: path });
    });
    return drawn.reverse();
  }

  #cursorAt(y) {
    const point = this.#cursor === null ? null : this.#nearest(this.#cursor);
    if (!point || point.t < this.#domain[0]) return [];
    const x = this.#x(point.t);
    const dots = this.spec.lines.flatMap((line, index) => {
      const value = this.#value(point, line);
      return value === null ? [] : [shape("circle", { class: `dot ${KINDS[index]}`, cx: x, cy: y(value), r: 3.5 })];
    });
    const isLate = x > this.#width - 70;
    const moment = shape("text", { class: "moment", x: isLate ? x - 5 : x + 5, y: 12, "text-anchor": isLate ? "end" : "start" }, clock(point.t));
    return [shape("path", { class: "cursor", d: `M${x} ${PLOT.top}V${this.#height - PLOT.bottom}` }), ...dots, moment];
  }

  /** The legend tells of where the cursor is, else of now. */
  #tell() {
    const { title, lines, write, now } = this.spec;
    const last = this.#points.at(-1);
    const point = this.#cursor === null ? last : this.#nearest(this.#cursor);
    for (const [index, line] of lines.entries()) this.outputs[index].textContent = write(this.#value(point, line));
    const [value, unit] = last?.[this.spec.id] ? now(last[this.spec.id]) : [NOTHING, ""];
    this.now.replaceChildren(value, element("small", {}, unit));
    const values = lines.map((line) => `${line.label} ${write(this.#value(last, line))}`);
    this.svg.setAttribute("aria-label", `${title}: ${values.join(", ")}. Arrow keys read earlier values.`);
  }
}

