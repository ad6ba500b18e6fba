"use strict";

// Numbers and times as they are shown. What is not known is a dash.

const NOTHING = "–";

const isKnown = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** Three digits that count: 0.42, 7.1, 85, 12 300. */
function number(value) {
  if (!isKnown(value)) return NOTHING;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 99.5) return Math.round(value).toLocaleString("en").replaceAll(",", "\u2009");
  const digits = size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2;
  return size < 0.01 ? "< 0.01" : String(Number(value.toFixed(digits)));
}

/** The last bound of a histogram: what is longer is not known. */
const LONGEST_US = 30e6;
/** nginx's clock, by which requests are measured, has nothing shorter. */
const SHORTEST_US = 1000;

/** Microseconds with a unit that suits; infinitely many are more than there is a bound for. */
function duration(us) {
  if (us === Infinity) return `> ${duration(LONGEST_US)}`;
  if (!isKnown(us)) return NOTHING;
  return us >= 1e6 ? `${number(us / 1e6)} s` : `${number(us / 1e3)} ms`;
}

/** The same of a whole request. */
function latency(us) {
  return isKnown(us) && us < SHORTEST_US ? `< ${duration(SHORTEST_US)}` : duration(us);
}

/** A share of one as a percentage. */
function percent(share) {
  if (!isKnown(share)) return NOTHING;
  const text = share > 0 && share < 0.001 ? "< 0.1" : String(Number((share * 100).toFixed(share > 0.995 ? 2 : 1)));
  return `${text} %`;
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  while (count >= 1024 && power < units.length - 1) {
    count /= 1024;
    power += 1;
  }
  return `${number(count)} ${units[power]}`;
}

/** How long something has lasted, in two units at the most. */
function age(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [name, length] of units) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 || (name === "s" && parts.length === 0)) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** The time of day where the browser is. */
function clock(ms, withSeconds = true) {
  const time = new Date(ms);
  const parts = [time.getHours(), time.getMinutes(), ...(withSeconds ? [time.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

