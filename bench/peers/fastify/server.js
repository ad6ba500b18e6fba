// The endpoints of the benchmark as one would write them with fastify and pg, for speed: a process for each worker, prepared
// statements that travel together, answers by compiled serializers, and caches in the process.
//
// Environment: PORT, WORKERS, POOL (connections of each worker), PGHOST, PGDATABASE, PGUSER, SECRET_FILE.

import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import fastJson from "fast-json-stringify";
import Fastify from "fastify";
import { LRUCache } from "lru-cache";
import { verifier } from "./auth.js";
import { BY_ID, INSERT, PAGE, run } from "./database.js";
import { byId, item, newItem, page, paging } from "./schemas.js";

const workers = Number(process.env.WORKERS);

if (workers > 1 && cluster.isPrimary) {
  // The kernel deals connections out: no process stands between.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  for (let worker = 0; worker < workers; worker++) cluster.fork();
  cluster.on("exit", () => process.exit(1));
  process.on("SIGTERM", () => process.exit(0));
} else {
  await serve();
}

async function serve() {
  const app = Fastify({ logger: false, exposeHeadRoutes: false });
  const identify = verifier(readFileSync(process.env.SECRET_FILE, "utf8"));
  const cache = new LRUCache({ max: 100_000, ttl: 3_600_000 });
  const itemText = fastJson(item);

  app.decorateRequest("identity", null);
  app.addHook("onRequest", (request, reply, done) => {
    request.identity = identify(request.headers.authorization);
    if (request.identity) return done();
    reply.code(401).send({ message: "the token is not valid" });
  });

  app.get("/items/:id", { schema: { params: byId, response: { 200: item } } }, async (request, reply) => {
    const { rows } = await run(request.identity, BY_ID, [request.params.id], true);
    return rows[0] ?? missing(reply);
  });

  app.get("/items", { schema: { querystring: paging, response: { 200: page } } }, async (request) => {
    const { limit, cursor } = request.query;
    // One more than asked for: it tells whether there is another page.
    const { rows } = await run(request.identity, PAGE, [cursor, limit + 1], true);
    const more = rows.length > limit;
    if (more) rows.pop();
    return { data: rows, next_cursor: more ? String(rows.at(-1).id) : null };
  });

  app.post("/posted_items", { schema: { body: newItem, response: { 201: item } } }, async (request, reply) => {
    const { name, price, qty, tags, owner, note } = request.body;
    const { rows } = await run(request.identity, INSERT, [name, price, qty, JSON.stringify(tags), owner, note], false);
    reply.code(201).header("location", `/posted_items/${rows[0].id}`);
    return rows[0];
  });

  app.get("/cached_items/:id", { schema: { params: byId } }, async (request, reply) => {
    // By the caller's claims and the key: nobody gets what somebody else has asked for.
    const key = `${request.params.id} ${request.identity.claims}`;
    let text = cache.get(key);
    if (text === undefined) {
      const { rows } = await run(request.identity, BY_ID, [request.params.id], true);
      if (!rows[0]) return missing(reply);
      text = itemText(rows[0]);
      cache.set(key, text);
    }
    reply.header("content-type", "application/json; charset=utf-8");
    return text;
  });

  await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 1024 });
}
