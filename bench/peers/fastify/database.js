// Connections, and the one way in which a statement is run: as the caller's role, in one transaction, sent in one go.
//
// Connections are shared: what several requests have to ask travels behind each other (pg's `pipeline`), and nobody waits for a
// connection to become free. That is faster than a pool, which lends each to one request at a time.

import pg from "pg";

const COLUMNS = "id, name, price, qty, tags, created, owner, note";
const CONTEXT = {
  name: "context",
  text: "SELECT num_nonnulls(set_config('role', $1, true), set_config('request.jwt.claims', $2, true))",
};

export const BY_ID = { name: "by_id", text: `SELECT ${COLUMNS} FROM bench.items WHERE id = $1` };
export const PAGE = { name: "page", text: `SELECT ${COLUMNS} FROM bench.items WHERE id > $1 ORDER BY id LIMIT $2` };
export const INSERT = {
  name: "insert",
  text: `INSERT INTO bench.posted_items (name, price, qty, tags, owner, note) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
};

// Numbers as numbers; times as the text that JSON has for them (the session is in UTC), which saves a Date and its
// formatting. Other types are as pg has them.
const { NUMERIC, TIMESTAMPTZ } = pg.types.builtins;
pg.types.setTypeParser(NUMERIC, Number);
pg.types.setTypeParser(TIMESTAMPTZ, (text) => `${text.slice(0, 10)}T${text.slice(11)}:00`);

// A limit that is a parameter would be planned anew each time.
const options = "-c TimeZone=UTC -c plan_cache_mode=force_generic_plan";
const slots = new Array(Number(process.env.POOL)).fill(null);
let next = 0;

// The result of a statement. Its four messages are next to each other, whoever shares the connection, as they are sent in one
// turn of the loop; and they leave with one write.
export async function run(identity, statement, values, readOnly) {
  const client = await connection();
  const { stream } = client.connection;
  stream.cork();
  const answers = Promise.all([
    client.query(readOnly ? "BEGIN READ ONLY" : "BEGIN"),
    client.query({ ...CONTEXT, values: [identity.role, identity.claims] }),
    client.query({ ...statement, values }),
    client.query("COMMIT"),
  ]);
  stream.uncork();
  return (await answers)[2];
}

// The next connection, made if there is none.
function connection() {
  const slot = next++ % slots.length;
  slots[slot] ??= connect(slot);
  return slots[slot];
}

async function connect(slot) {
  const client = new pg.Client({ pipeline: true, options });
  const forget = () => { slots[slot] = null; };
  client.on("error", forget);
  client.on("end", forget);
  try {
    await client.connect();
    return client;
  } catch (error) {
    forget();
    throw error;
  }
}
