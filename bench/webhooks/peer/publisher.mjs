// SPDX-License-Identifier: Apache-2.0
// Accepts events as BullMQ does: an event is accepted when Redis, which syncs every write, has said so. One process a measurement.
// publisher.mjs REDIS_PORT FIRST COUNT RATE AT_ONCE TEMPLATE STARTS; RATE 0: as fast as answers come, AT_ONCE at a time
import { readFileSync, writeFileSync } from 'node:fs';
import { Queue } from 'bullmq';

const [port, first, count, rate, atOnce, template, starts] = process.argv.slice(2);
const FIRST = Number(first), COUNT = Number(count), RATE = Number(rate);
const ENDPOINTS = 100;
const body = readFileSync(template, 'utf8');
const queue = new Queue('webhooks', { connection: { host: '127.0.0.1', port: Number(port) } });
await queue.waitUntilReady();
const begun = new BigInt64Array(COUNT);
const accepts = new Float64Array(COUNT);

async function publish(i) {
  const key = String(FIRST + i).padStart(8, '0');
  const at = process.hrtime.bigint();
  if (RATE === 0) begun[i] = at;
  await queue.add('event', { endpoint: (FIRST + i) % ENDPOINTS, body: body.replace('u-00000000', `u-${key}`) },
    { jobId: `k${key}`, attempts: 4, backoff: { type: 'contract' }, removeOnComplete: true });
  accepts[i] = Number(process.hrtime.bigint() - begun[i]) / 1e6;
}

const before = process.cpuUsage();
const start = process.hrtime.bigint();
if (RATE === 0) {
  let next = 0;
  await Promise.all(Array.from({ length: Number(atOnce) }, async () => { while (next < COUNT) await publish(next++); }));
} else {
  // Open loop: event i is due at i / RATE, and its latency counts from then.
  const open = [];
  for (let i = 0; i < COUNT; ) {
    const now = process.hrtime.bigint();
    for (; i < COUNT; i++) {
      const due = start + BigInt(Math.round((i * 1e9) / RATE));
      if (due > now) break;
      begun[i] = due;
      open.push(publish(i));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(open);
}
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const cpu = process.cpuUsage(before);
writeFileSync(starts, Buffer.from(begun.buffer));
accepts.sort();
console.log(JSON.stringify({ finished: COUNT, failures: 0, seconds, per_second: COUNT / seconds, cpu_s: (cpu.user + cpu.system) / 1e6,
  p50_ms: accepts[Math.floor(0.5 * (COUNT - 1))], p99_ms: accepts[Math.floor(0.99 * (COUNT - 1))] }));
await queue.close();
