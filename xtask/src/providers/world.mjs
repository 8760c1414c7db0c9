// The simulator, what it sends, and our adapters, for checks with the providers' SDKs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import readline from "node:readline";

const { SIMULATOR, NOTICES_PORT, ADAPTERS, CREDENTIALS, TOOLS } = process.env;

/** How long a notice may take, in milliseconds. */
const PATIENCE = 10_000;

/** The address of the simulator. */
export const simulator = SIMULATOR;

/** Loads an SDK. */
export const load = createRequire(`${TOOLS}/`);

/** What the simulator's merchant has: the constants of provider-sim/src/credentials.rs. */
export const credentials = Object.fromEntries(
  Array.from(
    fs.readFileSync(CREDENTIALS, "utf8").matchAll(/pub const (\w+): \S+ = "?([^";]+)"?;/g),
    ([, name, value]) => [name, value],
  ),
);

const caught = [];
const waiting = new Set();

const inbox = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, headers, url } = request;
  const [path, ...rest] = url.split("?");
  const query = rest.join("?");
  const body = Buffer.concat(chunks).toString("utf8");
  response.setHeader("content-type", "application/json");
  response.end('{"RspCode":"00","Message":"Confirm Success","return_code":1}');
  caught.push({ provider: path.slice(1), method, headers, query, body });
  waiting.forEach((look) => look());
});

/** Waits for a notice of a provider that `fits`, and takes it. */
export function notice(provider, fits = () => true) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const at = caught.findIndex((each) => each.provider === provider && fits(each));
      if (at < 0) return;
      waiting.delete(look);
      clearTimeout(timer);
      resolve(caught.splice(at, 1)[0]);
    };
    const timer = setTimeout(() => reject(new Error(`no notice of ${provider} came`)), PATIENCE);
    waiting.add(look);
    look();
  });
}

const adapters = spawn(ADAPTERS, { stdio: ["pipe", "pipe", "inherit"] });
const answers = readline.createInterface({ input: adapters.stdout })[Symbol.asyncIterator]();

/** Asks an adapter; `api` is the simulator's unless the line says otherwise. */
export async function adapter(provider, wish) {
  const line = { provider, api: `${SIMULATOR}/${provider}`, ...wish };
  adapters.stdin.write(`${JSON.stringify(line)}\n`);
  return JSON.parse((await answers.next()).value);
}

/** Has an adapter ask for a page. */
export async function create(provider, wish) {
  const page = await adapter(provider, { do: "create", ...wish });
  assert.ok(page.url, page.error);
  return page;
}

/** What the adapters call an order. */
export async function named(order) {
  return (await adapter("stripe", { do: "name", order })).name;
}

/** What an adapter reads in a notice. */
export async function verified(provider, { method, headers, query, body }) {
  return adapter(provider, { do: "verify", method, headers, query, body });
}

/** Acts as a buyer. Returns what a browser would be told. */
export async function act(provider, reference, what) {
  const url = `${SIMULATOR}/sim/${provider}/${encodeURIComponent(reference)}/${what}`;
  const answer = await fetch(url, { method: "POST" });
  assert.equal(answer.status, 200, `${what} ${reference}`);
  return answer.json();
}

/** Serves on a free port for as long as the checks run; returns the address. */
export async function serve(handler) {
  const server = http.createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return new URL(`http://127.0.0.1:${server.address().port}`);
}

/** A host of its own for a provider's API, for SDKs that take a host and no path. */
export function host(provider) {
  return serve((request, response) => {
    const target = new URL(`${SIMULATOR}/${provider}${request.url}`);
    const { method } = request;
    const headers = { ...request.headers, host: target.host };
    const onward = http.request(target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
}

/** Runs checks one after the other; the first that fails ends the program. */
export async function run(checks) {
  await new Promise((resolve) => inbox.listen(Number(NOTICES_PORT), "127.0.0.1", resolve));
  for (const [name, check] of checks) {
    try {
      await check();
      console.log(`ok    ${name}`);
    } catch (error) {
      console.error(`WRONG ${name}`, error);
      process.exit(1);
    }
  }
  process.exit(0);
}
