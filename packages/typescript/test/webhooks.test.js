// SPDX-License-Identifier: Apache-2.0
//
// The shared vectors, and what is JavaScript's own.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { ReplayGuard, SECRETS_TRIED_MAX, SIGNATURES_READ_MAX, WebhookVerificationError, verify } from "../index.js";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const VECTORS = JSON.parse(readFileSync(join(HERE, "../../tests/vectors/webhooks.json"), "utf8"));
const named = (name) => VECTORS.verifications.find((one) => one.name === name);
const bodyOf = (vector) => vector.body ?? Buffer.from(vector.body_base64, "base64");
const run = (vector, more = {}) =>
  verify(vector.headers, bodyOf(vector), vector.secrets, { accept: vector.accept, now: vector.now, ...more });

function refusal(work) {
  try {
    work();
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error;
    throw error;
  }
  return assert.fail("it was accepted");
}

test("every verification finds what the vectors say", () => {
  for (const vector of VECTORS.verifications) {
    if (vector.expect.ok) {
      const { form, id, timestamp, replayKey } = run(vector);
      assert.deepEqual({ ok: true, form, id, timestamp, replay_key: replayKey }, vector.expect, vector.name);
    } else {
      const error = refusal(() => run(vector));
      assert.deepEqual({ ok: false, part: error.part }, vector.expect, `${vector.name}: ${error.message}`);
      const held = vector.secrets.map((secret) => secret.trim()).filter((secret) => !["", "whsec_"].includes(secret));
      for (const secret of held) assert(!error.message.includes(secret));
    }
  }
});

test("every whole delivery is genuine, in both forms", () => {
  for (const { headers, body, secret, now, v2 } of VECTORS.deliveries) {
    assert.equal(verify(headers, body, secret, { now }).form, "standard");
    const form = v2 === "hmac" ? "v2_hmac" : "v2";
    assert.equal(verify(headers, body, secret, { now, accept: [form] }).form, form);
  }
});

test("the vector that Standard Webhooks publishes is genuine", () => {
  const { id, timestamp, signature, body, secret } = VECTORS.standard_webhooks_published;
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
  assert.equal(verify(headers, body, secret, { now: Number(timestamp) }).id, id);
});

test("headers are pairs, an object, an object of lists, or a fetch Headers", () => {
  const vector = named("all headers");
  const object = Object.fromEntries(vector.headers);
  const lists = Object.fromEntries(vector.headers.map(([name, value]) => [name, [value]]));
  for (const headers of [vector.headers, object, lists, new Headers(object), { ...object, cookie: undefined }]) {
    assert.equal(run({ ...vector, headers }).form, "standard");
  }
});

test("a header that comes twice is refused, in a list and as node joins it", () => {
  const vector = named("the Entri headers alone");
  const object = Object.fromEntries(vector.headers);
  const value = object["Entri-Signature-V2"];
  for (const twice of [[value, value], `${value}, ${value}`]) {
    assert.equal(refusal(() => run({ ...vector, headers: { ...object, "Entri-Signature-V2": twice } })).part, "headers");
  }
});

test("a body may be text, a Buffer or a part of a larger one", () => {
  const vector = named("a body that is not ASCII");
  const padded = new Uint8Array(Buffer.from(`xx${vector.body}yy`));
  for (const body of [vector.body, Buffer.from(vector.body), padded.subarray(2, padded.length - 2)]) {
    assert.equal(verify(vector.headers, body, vector.secrets, { now: vector.now }).json().id, "grüße");
  }
});

test("a parsed body and an unknown form are mistakes of the caller", () => {
  assert.throws(() => verify({}, { id: "x" }, "secret"), /raw bytes/);
  assert.throws(() => verify({}, "", "secret", { accept: ["v3"] }), /v3/);
});

test("the clock is the system's unless one is given", () => {
  assert.equal(refusal(() => run(named("all headers"), { now: undefined })).part, "timestamp");
});

test("members of Object.prototype are no ids", () => {
  const vector = named("the Entri headers alone");
  assert.equal(refusal(() => run({ ...vector, body: '{"__proto__":{"id":"x"}}' })).part, "id");
});

test("only so many secrets and signatures are read", () => {
  const vector = named("all headers");
  const secrets = [...Array(SECRETS_TRIED_MAX).fill("other"), ...vector.secrets];
  refusal(() => run({ ...vector, secrets }));
  const filler = `v1,${"A".repeat(43)}= `.repeat(SIGNATURES_READ_MAX);
  refusal(() => run({ ...vector, headers: vector.headers.map(([n, v]) => [n, n === "webhook-signature" ? filler + v : v]) }));
});

test("the same webhook again is a replay; what is not genuine never reaches the guard", () => {
  const replayGuard = new ReplayGuard();
  refusal(() => run(named("another secret"), { replayGuard }));
  assert.equal(replayGuard.size, 0);
  run(named("all headers"), { replayGuard });
  assert.equal(refusal(() => run(named("all headers"), { replayGuard })).part, "replay");
});

test("a key is forgotten once its timestamp cannot be fresh, and the oldest goes when the guard is full", () => {
  const guard = new ReplayGuard({ entriesMax: 3 });
  assert(guard.isNew("a", 1000));
  assert(!guard.isNew("a", 1360));
  assert(guard.isNew("a", 1361));
  for (const key of "bcd") guard.isNew(key, 1361);
  assert.equal(guard.size, 3);
  assert(!guard.isNew("d", 1361));
  assert(guard.isNew("a", 1361));
});

test("a webhook is remembered to the end of its last second", () => {
  const [replayGuard, at] = [new ReplayGuard(), 1800000000];
  run(named("all headers"), { replayGuard, now: at - 59.9 });
  for (const now of [at + 299.95, at + 300, at + 300.5, at + 300.99]) {
    assert.equal(refusal(() => run(named("all headers"), { replayGuard, now })).part, "replay", String(now));
  }
});

test("a webhook is remembered for as long as it would be accepted", () => {
  const [replayGuard, at] = [new ReplayGuard(), 1800000000];
  const receive = (now) => run(named("all headers"), { replayGuard, now, maxAgeSeconds: 3600, maxFutureSeconds: 120 });
  receive(at - 120);
  assert.equal(refusal(() => receive(at + 3600)).part, "replay");
  assert.equal(refusal(() => receive(at + 3601)).part, "timestamp");
});

test("the example of the README runs", () => {
  const example = readFileSync(join(HERE, "README.md"), "utf8").split("```js\n")[1].split("```")[0];
  const folder = mkdtempSync(join(tmpdir(), "signpost-readme-"));
  try {
    const file = join(folder, "example.mjs");
    writeFileSync(file, example.replace('"signpost-webhooks"', JSON.stringify(new URL("../index.js", import.meta.url).href)));
    assert.match(execFileSync(process.execPath, [file], { encoding: "utf8" }), /domain\.added is genuine/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
