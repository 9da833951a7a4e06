// SPDX-License-Identifier: Apache-2.0
// Delivers what the publisher has queued: BullMQ worker, undici keep-alive, a Standard Webhooks signature for every attempt, 15 s of time.
// worker.mjs REDIS_PORT CONCURRENCY RECEIVER_PORT PATHS
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Worker } from 'bullmq';
import { Agent, request } from 'undici';

const [port, concurrency, receiver, paths] = process.argv.slice(2);
const path = readFileSync(paths, 'utf8').trim().split('\n');
const secret = Buffer.from('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=', 'base64');
const dispatcher = new Agent({ keepAliveTimeout: 60_000, connections: 64, headersTimeout: 15_000, bodyTimeout: 15_000 });
const RETRIES = [5_000, 60_000, 600_000];

const worker = new Worker('webhooks', async (job) => {
  const { endpoint, body } = job.data;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`${job.id}.${timestamp}.${body}`).digest('base64');
  const answer = await request(`http://127.0.1.${endpoint + 1}:${receiver}${path[endpoint]}`, {
    method: 'POST', body, dispatcher, signal: AbortSignal.timeout(15_000),
    headers: { 'content-type': 'application/json', 'user-agent': 'peer', 'webhook-id': job.id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
  });
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299) throw new Error(`answered ${answer.statusCode}`);
}, {
  connection: { host: '127.0.0.1', port: Number(port) }, concurrency: Number(concurrency),
  settings: { backoffStrategy: (made) => RETRIES[made - 1] ?? 600_000 },
});
worker.on('error', (error) => console.error(error.message));
await worker.waitUntilReady();
console.log('ready');
