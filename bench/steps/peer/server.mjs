// SPDX-License-Identifier: Apache-2.0
// mark-step-complete with Fastify, jose and node:sqlite, durable before it answers (WAL, synchronous=FULL).
// GROUP=1: requests of one turn of the event loop share a commit, which a careful team would do; otherwise one commit each.
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import Fastify from 'fastify';
import { createLocalJWKSet, jwtVerify } from 'jose';

const [port, database, jwks, issuer, connections] = process.argv.slice(2);
const keys = createLocalJWKSet(JSON.parse(readFileSync(jwks, 'utf8')));
const db = new DatabaseSync(database);
db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000');
db.exec('CREATE TABLE connection(id INTEGER PRIMARY KEY, organization TEXT NOT NULL UNIQUE, status TEXT NOT NULL, updated_at INTEGER NOT NULL)');
db.exec('BEGIN');
const insert = db.prepare('INSERT INTO connection(organization, status, updated_at) VALUES (?, ?, ?)');
for (let i = 0; i < Number(connections); i++) insert.run(`org-${i}`, 'PENDING_VALIDATION', Date.now());
db.exec('COMMIT');

const find = db.prepare('SELECT id, status FROM connection WHERE organization = ?');
const update = db.prepare('UPDATE connection SET status = ?, updated_at = ? WHERE id = ? AND status = ?');
const moves = { 1: ['PENDING_VALIDATION', 'SSL_VALIDATING'], 2: ['SSL_VALIDATED', 'DEPLOYED'] };

function mark(organization, step) {
  const row = find.get(organization);
  if (!row) return [404, { detail: 'no connection' }];
  const [from, to] = moves[step];
  if (row.status === to) return [200, { status: 'success', proxy_status: to }];
  if (row.status !== from) return [409, { detail: `step ${step} needs status ${from}; this connection is ${row.status}` }];
  update.run(to, Date.now(), row.id, from);
  return [200, { status: 'success', proxy_status: to }];
}

let waiting = [];
function inOneCommit(organization, step) {
  return new Promise((resolve) => {
    if (waiting.push({ organization, step, resolve }) > 1) return;
    setImmediate(() => {
      const batch = waiting;
      waiting = [];
      db.exec('BEGIN IMMEDIATE');
      const answers = batch.map((one) => mark(one.organization, one.step));
      db.exec('COMMIT');
      batch.forEach((one, index) => one.resolve(answers[index]));
    });
  });
}
const apply = process.env.GROUP === '1' ? inOneCommit : async (organization, step) => mark(organization, step);

const app = Fastify({ logger: false, bodyLimit: 65536 });
app.post('/api/domain/mark-step-complete/:organization', {
  schema: { body: { type: 'object', required: ['step'], properties: { step: { type: 'integer', enum: [1, 2] } } } },
}, async (request, reply) => {
  let claims;
  try {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    ({ payload: claims } = await jwtVerify(token, keys, { issuer, algorithms: ['RS256'] }));
  } catch {
    return reply.code(401).send({ detail: 'the token is missing or bad' });
  }
  if (claims.org_slug !== request.params.organization) return reply.code(403).send({ detail: 'another organization' });
  const [status, body] = await apply(request.params.organization, request.body.step);
  return reply.code(status).send(body);
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
console.log('listening');
