// SPDX-License-Identifier: Apache-2.0
//
// What users of packages/typescript write; compiled, never run. A line below @ts-expect-error must not compile.

import type { IncomingMessage } from "node:http";
import { FORMS, ReplayGuard, WebhookVerificationError, verify } from "signpost-webhooks";
import type { Form, Part, Webhook } from "signpost-webhooks";

const replayGuard = new ReplayGuard({ entriesMax: 1000 });

export function fromNode(request: IncomingMessage, body: Buffer): Webhook {
  return verify(request.headers, body, ["old", "new"], { accept: ["standard", "v2_hmac"], maxAgeSeconds: 60, replayGuard });
}

export async function fromFetch(request: Request): Promise<string> {
  try {
    const webhook = verify(request.headers, new Uint8Array(await request.arrayBuffer()), "secret");
    const form: Form = webhook.form;
    return `${form} ${webhook.id} ${webhook.timestamp} ${webhook.replayKey} ${webhook.body.byteLength} ${JSON.stringify(webhook.json())}`;
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      const part: Part = error.part;
      return part;
    }
    throw error;
  }
}

export const pairs = verify([["webhook-id", "x"]], "{}", "secret", { now: 1800000000 });
export const seen: boolean = replayGuard.isNew(pairs.replayKey, 1800000000) && replayGuard.size > 0 && FORMS.includes("v2");

// @ts-expect-error a parsed body is not what was signed
verify({}, { id: "x" }, "secret");
// @ts-expect-error there is no such form
verify({}, "", "secret", { accept: ["v3"] });
