// What the session does about each failure, with a client that fails on demand.
import type { Client, QueryOptions } from 'cassandra-driver';
import { expect, it } from 'vitest';
import { type Driver, loadDriver } from './driver.js';
import { LogTable } from './log-table.js';
import { OwnerTables } from './owner-tables.js';
import { CassandraSession } from './session.js';

const driver = await loadDriver();
const { NoHostAvailableError, OperationTimedOutError, ResponseError } = driver.errors;
const {
  invalid,
  overloaded,
  readTimeout,
  syntaxError,
  unauthorized,
  unavailableException,
  writeTimeout,
} = driver.types.responseErrorCodes;

/** A client whose statements fail with `failures`, in turn, and then succeed. */
function sessionWith(failures: readonly Error[], timeoutMs = 10_000) {
  const sent: QueryOptions[] = [];
  const remaining = [...failures];
  const client = {
    async execute(_query: string, _params: unknown, options: QueryOptions) {
      sent.push(options);
      const failure = remaining.shift();
      if (failure !== undefined) throw failure;
      return { rows: [{}], pageState: null, wasApplied: () => true };
    },
    async shutdown() {},
  };
  const session = new CassandraSession(client as unknown as Client, driver as Driver, timeoutMs);
  return { session, sent };
}

it.each([
  ['a node that ends the connection', Object.assign(new Error('reset'), { isSocketError: true })],
  ['a node that is silent', new OperationTimedOutError('silent')],
  ['no node', new NoHostAvailableError({ a: 'Host considered as DOWN' })],
  ['too few replicas', new ResponseError(unavailableException, 'unavailable')],
  ['a read that times out', new ResponseError(readTimeout, 'time-out')],
  ['a write that times out', new ResponseError(writeTimeout, 'time-out')],
  ['an overloaded node', new ResponseError(overloaded, 'overloaded')],
  ['a node that lacks a new table', new ResponseError(invalid, 'table leases does not exist')],
])('a statement is repeated after %s', async (_, failure) => {
  const { session, sent } = sessionWith([failure, failure]);
  expect(await session.run('SELECT', [], 'quorum')).toHaveLength(1);
  expect(sent).toHaveLength(3);
  for (const { isIdempotent } of sent) expect(isIdempotent).toBe(true);
});

it.each([
  ['a syntax error', new ResponseError(syntaxError, 'syntax')],
  ['an invalid statement', new ResponseError(invalid, 'Undefined column name')],
  ['a mistake of ours', new TypeError('mistake')],
])('a statement is not repeated after %s', async (_, failure) => {
  const { session, sent } = sessionWith([failure]);
  await expect(session.run('SELECT', [], 'quorum')).rejects.toMatchObject({
    code: 'SSTITCH_CLUSTER_UNAVAILABLE',
    cause: failure,
  });
  expect(sent).toHaveLength(1);
});

it.each([
  ['a lack of permission', new ResponseError(unauthorized, 'unauthorized')],
  [
    'wrong credentials',
    new NoHostAvailableError({ a: new driver.errors.AuthenticationError('wrong') }),
  ],
  ['a certificate that is not trusted', new NoHostAvailableError({ a: untrusted() })],
])('a statement that nodes refuse for %s is not repeated', async (_, failure) => {
  const { session, sent } = sessionWith([failure]);
  await expect(session.run('SELECT', [], 'quorum')).rejects.toMatchObject({
    code: 'SSTITCH_CLUSTER_REFUSED',
    cause: failure,
  });
  expect(sent).toHaveLength(1);
});

function untrusted(): Error {
  return Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
}

it('a statement is repeated until its time is up', async () => {
  const failures = Array.from({ length: 100 }, () => new OperationTimedOutError('silent'));
  const { session, sent } = sessionWith(failures, 1000);
  await expect(session.run('SELECT', [], 'quorum')).rejects.toMatchObject({
    code: 'SSTITCH_CLUSTER_UNAVAILABLE',
  });
  expect(sent.length).toBeGreaterThan(1);
  expect(sent.length).toBeLessThan(10);
});

it('a read of all replicas is not repeated: one of them may be down for long', async () => {
  const { session, sent } = sessionWith([new ResponseError(unavailableException, 'down')]);
  await expect(session.run('SELECT', [], 'all')).rejects.toMatchObject({
    code: 'SSTITCH_CLUSTER_UNAVAILABLE',
  });
  expect(sent).toHaveLength(1);
});

it.each([
  ['a node that ends the connection', Object.assign(new Error('reset'), { isSocketError: true })],
  ['a node that is silent', new OperationTimedOutError('silent')],
  ['a proposal that times out', new ResponseError(writeTimeout, 'time-out')],
  // Under Paxos v1, a commit that lacks replicas gets this answer after its proposal was accepted.
  ['too few replicas', new ResponseError(unavailableException, 'unavailable')],
])(
  'whether an append was applied is unknown after %s, and it is not repeated',
  async (_, cause) => {
    const { session, sent } = sessionWith([cause]);
    const log = new LogTable(session, 'sstitch', 'store');
    expect(await log.appendSlot(2, new Uint8Array(1))).toEqual({ outcome: 'unknown', cause });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.isIdempotent).toBe(false);
    expect(sent[0]?.retry).toBeInstanceOf(driver.policies.retry.FallthroughRetryPolicy);
  },
);

it('an append for which no node is connected is certainly not applied', async () => {
  const { session } = sessionWith([new NoHostAvailableError({ a: 'Host considered as DOWN' })]);
  const log = new LogTable(session, 'sstitch', 'store');
  await expect(log.appendSlot(2, new Uint8Array(1))).rejects.toMatchObject({
    code: 'SSTITCH_CLUSTER_UNAVAILABLE',
  });
});

it('a session that is closed sends nothing', async () => {
  const { session, sent } = sessionWith([]);
  await session.close();
  await expect(session.run('SELECT', [], 'one')).rejects.toMatchObject({
    code: 'SSTITCH_STORE_CLOSED',
  });
  expect(sent).toHaveLength(0);
});

it('a burst of statements is sent in turns, a lease before those that wait, and all are answered', async () => {
  const sent: string[] = [];
  const answers: Array<() => void> = [];
  const client = {
    execute(query: string) {
      sent.push(query);
      return new Promise((resolve) => answers.push(() => resolve({ rows: [], pageState: null })));
    },
    async shutdown() {},
  };
  const session = new CassandraSession(client as unknown as Client, driver as Driver, 1_000);
  const reads = Array.from({ length: 2_000 }, () => session.run('read', [], 'quorum'));
  const owners = new OwnerTables(session, 'sstitch', 'store');
  const lease = owners.writeLease({ owner: 'a', slot: 1, beat: 1, durationMs: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  const atOnce = sent.length;
  expect(atOnce).toBeLessThan(1_000);
  expect(new Set(sent)).toEqual(new Set(['read']));
  answers.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent.slice(atOnce)).toEqual([expect.stringContaining('leases')]);
  while (answers.length > 0) {
    for (const answer of answers.splice(0)) answer();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([...reads, lease]);
  expect(sent).toHaveLength(2_001);
});

it('statements that wait for their turn end when the session closes, and are not sent', async () => {
  const answers: Array<() => void> = [];
  const client = {
    execute: () =>
      new Promise((resolve) => answers.push(() => resolve({ rows: [], pageState: null }))),
    async shutdown() {},
  };
  const session = new CassandraSession(client as unknown as Client, driver as Driver, 1_000);
  const reads = Array.from({ length: 2_000 }, () => session.run('read', [], 'quorum'));
  const settled = Promise.allSettled(reads);
  await new Promise((resolve) => setImmediate(resolve));
  const sent = answers.length;
  const closed = session.close();
  for (const answer of answers) answer();
  await closed;
  const outcomes = await settled;
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(sent);
  for (const outcome of outcomes.slice(sent)) {
    expect(outcome).toMatchObject({ reason: { code: 'SSTITCH_STORE_CLOSED' } });
  }
  expect(answers).toHaveLength(sent);
});
