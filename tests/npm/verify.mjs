// SPDX-License-Identifier: Apache-2.0
//
// The official verifier of Standard Webhooks. Standard input: [{"secret", "headers", "body"}, …], body in base64, headers with small letters.
// Standard output: for each "genuine", or why not.

import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const verdicts = JSON.parse(readFileSync(0, "utf8")).map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64").toString(), headers);
    return "genuine";
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(verdicts));
