import { expect, it } from 'vitest';
import { unavailable } from './failures.js';

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
});
