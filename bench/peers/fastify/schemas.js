// What is let in, and what goes out; fastify compiles both.

const string = { type: "string" };

export const item = {
  type: "object",
  properties: {
    id: { type: "integer" }, name: string, price: { type: "number" }, qty: { type: "integer" },
    tags: { type: "array", items: string }, created: string, owner: string, note: { type: ["string", "null"] },
  },
};

export const page = {
  type: "object",
  properties: { data: { type: "array", items: item }, next_cursor: { type: ["string", "null"] } },
};

export const newItem = {
  type: "object",
  required: ["name", "price", "qty", "tags", "owner"],
  properties: {
    name: string, price: { type: "number" }, qty: { type: "integer" }, tags: { type: "array", items: string },
    owner: string, note: { type: ["string", "null"] },
  },
};

export const byId = { type: "object", properties: { id: { type: "integer" } } };

export const paging = {
  type: "object",
  properties: {
    limit: { type: "integer", minimum: 1, maximum: 1000, default: 20 }, cursor: { type: "integer", default: 0 },
  },
};
