// A Model Context Protocol server with two text tools, without dependencies.
// JSON-RPC 2.0 over stdio, one message a line.
import { createInterface } from "node:readline";

const tools = [
  {
    name: "count_words",
    description: "Count the words of a text.",
    inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  {
    name: "slugify",
    description: "Turn a title into a lower-case slug with hyphens.",
    inputSchema: { type: "object", properties: { title: { type: "string" } }, required: ["title"] },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
];

const calls = {
  count_words: ({ text }) => String(text.split(/\s+/).filter(Boolean).length),
  slugify: ({ title }) =>
    title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, ""),
};

const answers = {
  initialize: () => ({
    protocolVersion: "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "text-tools", version: "2.1.0" },
  }),
  "tools/list": () => ({ tools }),
  "tools/call": ({ name, arguments: given }) => ({
    content: [{ type: "text", text: calls[name](given ?? {}) }],
  }),
  ping: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const reply = { jsonrpc: "2.0", id };
  try {
    reply.result = answers[method](params ?? {});
  } catch (fault) {
    reply.error = { code: -32601, message: String(fault.message) };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
}
