// SPDX-License-Identifier: Apache-2.0

/** Which signature. V1 has no timestamp and, as Entri's code computes it, does not cover the body: never accepted unless named. */
export type Form = "standard" | "v2_hmac" | "v2" | "v1_of_body" | "v1";
/** Strongest first. */
export const FORMS: readonly Form[];

export const MAX_AGE_SECONDS: 300;
export const MAX_FUTURE_SECONDS: 60;
export const SECRETS_TRIED_MAX: 16;
export const SIGNATURES_READ_MAX: 32;
export const NESTING_MAX: 32;
export const KEY_BYTES_MIN: 16;

/** What is wrong. */
export type Part = "headers" | "timestamp" | "secret" | "signature" | "id" | "body" | "replay";

/** Names in any case. `request.headers` of node:http, a fetch `Headers`, or pairs. */
export type HeadersLike =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [string, string]>;

export interface Options {
  /** Forms to accept; default: standard and v2. */
  accept?: readonly Form[];
  maxAgeSeconds?: number;
  maxFutureSeconds?: number;
  /** Seconds since the epoch; default: the system's clock. */
  now?: number;
  /** Refuses what it has seen. */
  replayGuard?: ReplayGuard;
}

/** A genuine webhook. */
export interface Webhook {
  /** Which signature proved it. */
  readonly form: Form;
  /** webhook-id, or the body's id where an Entri form proved it. */
  readonly id: string;
  /** Epoch seconds as sent; empty for V1. */
  readonly timestamp: string;
  /** 64 hex digits, of id, timestamp and the body's SHA-256: unique in your table of what was received. */
  readonly replayKey: string;
  readonly body: Uint8Array;
  json(): unknown;
}

/**
 * The webhook if it is genuine, fresh and, with a `replayGuard`, new; else throws WebhookVerificationError.
 *
 * `body` is the raw bytes as received, before any parsing. The strongest accepted form whose header is there decides: a body that Standard
 * Webhooks refuses is refused even if V2, which does not cover it, agrees.
 */
export function verify(
  headers: HeadersLike,
  body: string | Uint8Array,
  secrets: string | readonly string[],
  options?: Options,
): Webhook;

/** The webhook must not be trusted. The message says what to do and never holds a secret. */
export class WebhookVerificationError extends Error {
  constructor(part: Part, message: string);
  readonly part: Part;
}

/**
 * Remembers what was accepted while its timestamp is still fresh; full, it forgets the oldest. Several processes share a table with a unique
 * key on Webhook.replayKey instead.
 */
export class ReplayGuard {
  constructor(options?: { entriesMax?: number; windowSeconds?: number });
  /**
   * Notes the key of a webhook that was verified; false if it has been noted before. It is kept for the guard's window, or the longer one
   * given here: `verify` gives the one it accepts webhooks in.
   */
  isNew(replayKey: string, now: number, windowSeconds?: number): boolean;
  readonly size: number;
}
