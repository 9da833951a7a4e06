// SPDX-License-Identifier: Apache-2.0
//
// Is a received webhook genuine, and if not, which part is wrong? The signatures of Signpost and Entri, on node:crypto alone.
// index.d.ts describes what is exported. No secret is ever part of a message, and signatures are compared in constant time.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export const MAX_AGE_SECONDS = 300;
export const MAX_FUTURE_SECONDS = 60;
export const SECRETS_TRIED_MAX = 16;
export const SIGNATURES_READ_MAX = 32;
export const NESTING_MAX = 32; // of a body whose id is read
export const KEY_BYTES_MIN = 16; // behind whsec_; the length of a raw secret is the choice of whoever made it

// Strongest first. V1 has no timestamp and, as Entri's code computes it, does not cover the body: never accepted unless named.
const STANDARD = { name: "standard", header: "webhook-signature", timestampHeader: "webhook-timestamp" };
const V2_HMAC = { name: "v2_hmac", header: "Entri-Signature-V2", timestampHeader: "Entri-Timestamp" };
const V2 = { name: "v2", header: "Entri-Signature-V2", timestampHeader: "Entri-Timestamp" };
const V1_OF_BODY = { name: "v1_of_body", header: "Entri-Signature", timestampHeader: "" };
const V1 = { name: "v1", header: "Entri-Signature", timestampHeader: "" };
const ALL = [STANDARD, V2_HMAC, V2, V1_OF_BODY, V1];

export const FORMS = Object.freeze(ALL.map((form) => form.name));

export class WebhookVerificationError extends Error {
  constructor(part, message) {
    super(message);
    this.name = "WebhookVerificationError";
    this.part = part;
  }
}

export class ReplayGuard {
  #forgetAt = new Map(); // oldest first
  #entriesMax;
  #windowSeconds;

  constructor({ entriesMax = 65536, windowSeconds = MAX_AGE_SECONDS + MAX_FUTURE_SECONDS } = {}) {
    this.#entriesMax = entriesMax;
    this.#windowSeconds = windowSeconds;
  }

  isNew(replayKey, now, windowSeconds = 0) {
    for (const [key, forgetAt] of this.#forgetAt) {
      if (forgetAt >= now) break;
      this.#forgetAt.delete(key);
    }
    if (this.#forgetAt.has(replayKey)) return false;
    this.#forgetAt.set(replayKey, now + Math.max(this.#windowSeconds, windowSeconds));
    if (this.#forgetAt.size > this.#entriesMax) this.#forgetAt.delete(this.#forgetAt.keys().next().value);
    return true;
  }

  get size() {
    return this.#forgetAt.size;
  }
}

export function verify(headers, body, secrets, options = {}) {
  const { accept = ["standard", "v2"], maxAgeSeconds = MAX_AGE_SECONDS, maxFutureSeconds = MAX_FUTURE_SECONDS, replayGuard } = options;
  // Whole seconds for the age and for the guard, or the guard forgets a moment too soon.
  const now = Math.floor(options.now ?? Date.now() / 1000);
  const unknown = accept.find((name) => !FORMS.includes(name));
  if (unknown !== undefined) throw new TypeError(`there is no form of signature ${JSON.stringify(unknown)}: it is one of ${FORMS.join(", ")}`);
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new TypeError("body must be the raw bytes as received, not what they were parsed into");
  }
  const bytes = typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const inspection = new Inspection(valuesOf(headers), bytes, typeof secrets === "string" ? [secrets] : [...secrets], accept);
  const webhook = inspection.run(now, maxAgeSeconds, maxFutureSeconds);
  if (replayGuard && !replayGuard.isNew(webhook.replayKey, now, maxAgeSeconds + maxFutureSeconds)) {
    throw new WebhookVerificationError(
      "replay",
      "this webhook has been received before: a replay, or a repeated delivery; answer 200 and do nothing",
    );
  }
  return webhook;
}

/** Lower-case name to all values of that name. */
function valuesOf(headers) {
  const values = new Map();
  const pairs = typeof headers[Symbol.iterator] === "function" ? headers : Object.entries(headers);
  for (const [name, value] of pairs) {
    if (value === undefined) continue;
    const key = String(name).toLowerCase();
    values.set(key, (values.get(key) ?? []).concat(value));
  }
  return values;
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const hmac = (key, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac("sha256", key)).digest();

function isSame(wanted, sent) {
  const [a, b] = [Buffer.from(wanted), Buffer.from(sent)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function fromBase64(text) {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** What `whsec_` stands before, decoded; a secret without it, or that is no base64 behind it, keys with its bytes. */
function standardKey(secret) {
  return (secret.startsWith("whsec_") ? fromBase64(secret.slice(6)) : undefined) ?? Buffer.from(secret);
}

/** What everybody knows is no secret: an empty one, and `whsec_` with hardly a key behind it. Empty if it is sound. */
function secretProblem(secret) {
  const trimmed = secret.trim();
  if (!trimmed) return "the secret is empty: anybody could sign with it; is the environment variable set?";
  if (!trimmed.startsWith("whsec_")) return "";
  const behind = trimmed.slice(6);
  if ((fromBase64(behind) ?? Buffer.from(behind)).length >= KEY_BYTES_MIN) return "";
  return `the secret is cut short: behind whsec_ there is a key of at least ${KEY_BYTES_MIN} bytes`;
}

/** How deep JSON that has been parsed is nested; counted in the text, since of a name that comes twice the parser keeps one value. */
function nesting(text) {
  let [depth, deepest, isInString] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') isInString = !isInString;
    else if (isInString) i += c === "\\" ? 1 : 0;
    else if (c === "{" || c === "[") deepest = Math.max(deepest, ++depth);
    else if (c === "}" || c === "]") depth--;
  }
  return deepest;
}

function signature(form, id, timestamp, body, secret) {
  switch (form) {
    case STANDARD:
      return hmac(standardKey(secret), `${id}.${timestamp}.`, body).toString("base64");
    case V2_HMAC:
      return hmac(secret, id, timestamp).toString("hex");
    case V2:
      return sha256(id, timestamp, secret).toString("hex");
    case V1_OF_BODY:
      return sha256(body, secret).toString("hex");
    default:
      return sha256(id, secret).toString("hex");
  }
}

/** The `v1,…` entries; other versions are for other keys and are passed over, as the specification says. */
function standardSignatures(list) {
  const ours = list.split(" ").filter((one) => one.startsWith("v1,"));
  return ours.slice(0, SIGNATURES_READ_MAX).map((one) => one.slice(3));
}

/** For a message: printable ASCII, cut. */
const shown = (text) => text.slice(0, 40).replace(/[^ -~]/g, "?");

class Inspection {
  constructor(values, body, secrets, accept) {
    this.values = values;
    this.body = body;
    this.secrets = secrets.slice(0, SECRETS_TRIED_MAX);
    this.accept = accept;
    this.bodyProblem = "";
    let members = {};
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
      const parsed = JSON.parse(text);
      if (nesting(text) > NESTING_MAX) throw new RangeError("nested too deep");
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) members = parsed;
      else this.bodyProblem = "the body is JSON, but not an object";
    } catch {
      this.bodyProblem = `the body is not JSON, or nested deeper than ${NESTING_MAX}`;
    }
    const text = (name) => (Object.hasOwn(members, name) && typeof members[name] === "string" ? members[name] : "");
    this.bodyId = text("id") || text("Id");
    this.eventId = text("event_id");
  }

  run(now, maxAge, maxFuture) {
    if (this.secrets.length === 0) throw new WebhookVerificationError("secret", "no secret was given to verify with");
    const problem = this.secrets.map(secretProblem).find(Boolean);
    if (problem) throw new WebhookVerificationError("secret", problem);
    const forms = this.decidingForms();
    if (forms.length === 0) throw this.nothingToVerify();
    this.checkHeaders(forms[0]);
    this.checkId(forms);
    this.checkTimestamp(forms[0], now, maxAge, maxFuture);
    const proven = forms.find((form) => this.matches(form));
    if (!proven) throw this.explain(forms[0]);
    return this.accepted(proven);
  }

  value(name) {
    return String(this.values.get(name.toLowerCase())?.[0] ?? "");
  }
  idOf(form) {
    return form === STANDARD ? this.value("webhook-id") : this.bodyId;
  }
  timestampOf(form) {
    return form.timestampHeader ? this.value(form.timestampHeader) : "";
  }

  matchesWith(form, id, timestamp, secret) {
    const wanted = signature(form, id, timestamp, this.body, secret);
    const sent = this.value(form.header);
    let found = false;
    for (const one of form === STANDARD ? standardSignatures(sent) : [sent]) found = isSame(wanted, one) || found;
    return found;
  }
  /** As sent, under any secret. */
  matches(form) {
    if (!this.idOf(form) && form !== V1_OF_BODY) return false;
    let found = false;
    for (const secret of this.secrets) found = this.matchesWith(form, this.idOf(form), this.timestampOf(form), secret) || found;
    return found;
  }
  matchesV2() {
    return this.matches(V2) || this.matches(V2_HMAC);
  }

  /** The accepted forms of the strongest signature header that is there: both V2 recipes share one, as both of V1 do. */
  decidingForms() {
    const there = ALL.filter((form) => this.accept.includes(form.name) && this.values.has(form.header.toLowerCase()));
    return there.filter((form) => form.header === there[0].header);
  }

  nothingToVerify() {
    const names = new Set(ALL.filter((form) => this.accept.includes(form.name)).map((form) => form.header));
    if (names.size === 0) return new WebhookVerificationError("headers", "no signature form is accepted: name at least one");
    let message = `no signature to verify: none of the accepted headers is there (${[...names].join(", ")})`;
    if (this.values.has("entri-signature")) {
      message += "; Entri-Signature (V1) is there, but V1 is not accepted: it has no timestamp, so anybody can replay it";
    }
    return new WebhookVerificationError("headers", message);
  }

  accepted(form) {
    const [id, timestamp, body] = [this.idOf(form), this.timestampOf(form), this.body];
    // The lengths keep one pair of id and timestamp from being spelled as another.
    const measured = [id, timestamp].map((text) => `${Buffer.byteLength(text)}:${text}:`);
    const replayKey = sha256(...measured, sha256(body)).toString("hex");
    return { form: form.name, id, timestamp, replayKey, body, json: () => JSON.parse(body.toString()) };
  }

  checkHeaders(form) {
    const needed = [form.header, form === STANDARD ? "webhook-id" : "", form.timestampHeader].filter(Boolean);
    for (const name of needed) {
      const found = this.values.get(name.toLowerCase()) ?? [];
      if (found.length === 1 && found[0]) continue;
      const state = found.length === 0 ? "is missing" : found.length === 1 ? "is empty" : "is there more than once";
      throw new WebhookVerificationError("headers", `${name} ${state}`);
    }
    const sent = this.value(form.header);
    if (form === STANDARD) {
      if (standardSignatures(sent).some((one) => fromBase64(one)?.length === 32)) return;
      throw new WebhookVerificationError(
        "headers",
        "webhook-signature is malformed: it has no entry of the form v1,<base64 of 32 bytes>",
      );
    }
    if (/^[0-9a-f]{64}$/.test(sent)) return;
    throw new WebhookVerificationError("headers", `${form.header} is malformed: 64 lower-case hex digits were expected`);
  }

  /** Only what no accepted form needs may be missing. */
  checkId(forms) {
    if (this.bodyId || forms[0] === STANDARD || forms.includes(V1_OF_BODY)) return;
    if (this.bodyProblem) throw new WebhookVerificationError("body", this.bodyProblem);
    throw new WebhookVerificationError(
      "id",
      "the body has no member id (or Id) that is a string: the Entri signatures cover it",
    );
  }

  checkTimestamp(form, now, maxAge, maxFuture) {
    const name = form.timestampHeader;
    if (!name) return;
    const sent = this.timestampOf(form);
    if (!/^[0-9]{1,12}$/.test(sent)) {
      throw new WebhookVerificationError(
        "timestamp",
        `${name} is malformed: epoch seconds were expected, found "${shown(sent)}"`,
      );
    }
    const age = now - Number(sent);
    if (age > maxAge) {
      throw new WebhookVerificationError(
        "timestamp",
        `${name} is stale: ${age} s old, at most ${maxAge} s are accepted; a replay, or your clock is fast`,
      );
    }
    if (-age > maxFuture) {
      throw new WebhookVerificationError(
        "timestamp",
        `${name} lies ${-age} s in the future, at most ${maxFuture} s are accepted; is your clock slow?`,
      );
    }
  }

  // ── what is wrong? ──

  explain(form) {
    for (const secret of this.secrets) {
      if (secret.trim() === secret) continue;
      if (!this.matchesWith(form, this.idOf(form), this.timestampOf(form), secret.trim())) continue;
      return new WebhookVerificationError(
        "secret",
        "the secret has blanks or a line end around it: without them the signature verifies",
      );
    }
    for (const other of ALL) {
      if (this.accept.includes(other.name) || other.header !== form.header || !this.matches(other)) continue;
      return new WebhookVerificationError(
        "signature",
        `${form.header} holds the form ${other.name}, which is not accepted here: accept it, or change the endpoint's setting`,
      );
    }
    return form === STANDARD ? this.explainStandard() : this.explainEntri(form);
  }

  explainStandard() {
    for (const secret of this.secrets) {
      if (this.matchesWith(STANDARD, this.value("webhook-id"), this.value("Entri-Timestamp"), secret)) {
        return new WebhookVerificationError(
          "timestamp",
          "webhook-timestamp was changed after signing: with the value of Entri-Timestamp the signature verifies",
        );
      }
      if (this.eventId && this.matchesWith(STANDARD, this.eventId, this.value("webhook-timestamp"), secret)) {
        return new WebhookVerificationError(
          "id",
          "webhook-id was changed after signing: with the body's event_id the signature verifies",
        );
      }
    }
    if (this.matchesV2()) {
      return new WebhookVerificationError(
        "body",
        "the body was changed or re-serialised after signing: secret and timestamp are right (Entri-Signature-V2 agrees), " +
          "but webhook-signature covers other bytes; verify the raw body as received, before parsing",
      );
    }
    return new WebhookVerificationError(
      "secret",
      "webhook-signature does not verify and no other signature agrees: most likely this is not the secret it was made with",
    );
  }

  explainEntri(form) {
    const hasTimestamp = form.timestampHeader !== "";
    for (const secret of this.secrets) {
      if (hasTimestamp && this.matchesWith(form, this.idOf(form), this.value("webhook-timestamp"), secret)) {
        return new WebhookVerificationError(
          "timestamp",
          "Entri-Timestamp was changed after signing: with the value of webhook-timestamp the signature verifies",
        );
      }
    }
    if (this.matches(STANDARD)) {
      return new WebhookVerificationError(
        "signature",
        `${form.header} is damaged or made with another secret: webhook-signature of the same message verifies`,
      );
    }
    if (form === V1_OF_BODY && this.matchesV2()) {
      return new WebhookVerificationError(
        "body",
        "the body was changed or re-serialised after signing: the secret is right (Entri-Signature-V2 agrees); verify the raw body",
      );
    }
    if (hasTimestamp && (this.matches(V1) || this.matches(V1_OF_BODY))) {
      return new WebhookVerificationError(
        "timestamp",
        "the secret and the id are right (Entri-Signature agrees): Entri-Timestamp was changed after signing",
      );
    }
    return new WebhookVerificationError(
      "secret",
      `${form.header} does not verify and no other signature agrees: most likely this is not the secret it was made with, ` +
        "or the body's id was changed",
    );
  }
}
