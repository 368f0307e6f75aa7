import { expect, it } from 'vitest';
import { unavailable, wasDenied } from './failures.js';

it('an error of all nodes says of each why it did not answer, without a stack', () => {
  const refused = new Error('connect ECONNREFUSED 10.0.0.1:9042');
  const silent = new Error('The host 10.0.0.2:9042 did not reply before timeout 6000 ms');
  const cause = Object.assign(new Error(`All host(s) tried for query failed. ${refused.stack}`), {
    name: 'NoHostAvailableError',
    innerErrors: { '10.0.0.1:9042': refused, '10.0.0.2:9042': silent },
  });
  expect(unavailable(cause).message).toBe(
    'Cassandra: no node answers: 10.0.0.1:9042 (connect ECONNREFUSED 10.0.0.1:9042), ' +
      '10.0.0.2:9042 (The host 10.0.0.2:9042 did not reply before timeout 6000 ms)',
  );
  expect(unavailable(cause).cause).toBe(cause);
  expect(unavailable(cause)).not.toHaveProperty('reason');
});

it('an error of nodes of which one refuses this client is a refusal, and says what to do', () => {
  const refused = Object.assign(new Error('username and/or password are incorrect'), {
    name: 'AuthenticationError',
    additionalInfo: new Error('the answer of the node'),
  });
  const cause = Object.assign(new Error('All host(s) tried for query failed.'), {
    name: 'NoHostAvailableError',
    innerErrors: { '10.0.0.1:9042': refused, '10.0.0.2:9042': new Error('read ECONNRESET') },
  });
  expect(unavailable(cause)).toMatchObject({
    code: 'SSTITCH_CLUSTER_REFUSED',
    reason: 'login-wrong',
    message:
      'Cassandra: no node takes the connection: ' +
      '10.0.0.1:9042 (username and/or password are incorrect: check the user and the password), ' +
      '10.0.0.2:9042 (read ECONNRESET: if it takes TLS alone, set tls)',
  });
});

it('a statement that a node denies had no effect, unlike one that it did not complete', () => {
  const answer = (code: number) =>
    Object.assign(new Error('answer'), { name: 'ResponseError', code });
  expect(wasDenied(answer(0x2100))).toBe(true);
  expect(wasDenied(answer(0x1100))).toBe(false);
  expect(wasDenied(undefined)).toBe(false);
});
