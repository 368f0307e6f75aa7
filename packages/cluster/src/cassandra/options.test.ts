import { expect, it } from 'vitest';
import { type CassandraOptions, checkOptions } from './options.js';

const OPTIONS: CassandraOptions = { contactPoints: ['a'], keyspace: 'sstitch' };

it.each([
  [['a', 'b.example'], ['a', 'b.example'], 9042],
  [['a:9043', '10.0.0.1:9043'], ['a', '10.0.0.1'], 9043],
  [['::1', 'fe80::1'], ['::1', 'fe80::1'], 9042],
  [['[::1]:9043'], ['::1'], 9043],
])('contact points %j are hosts %j on port %i', (contactPoints, hosts, port) => {
  expect(checkOptions({ ...OPTIONS, contactPoints })).toMatchObject({ hosts, port });
});

it.each<[string, Partial<CassandraOptions>]>([
  ['no contact point', { contactPoints: [] }],
  ['an empty contact point', { contactPoints: [''] }],
  ['a port that is none', { contactPoints: ['a:b'] }],
  ['a port that is too large', { contactPoints: ['a:65536'] }],
  ['different ports', { contactPoints: ['a:9042', 'b:9043'] }],
  ['a keyspace that would need quotes', { keyspace: 'Sstitch' }],
  ['a keyspace with a statement in it', { keyspace: 'a; DROP KEYSPACE b' }],
  ['no keyspace', { keyspace: undefined as unknown as string }],
  ['one contact point in place of an array', { contactPoints: 'a' as unknown as string[] }],
  ['no contact points', { contactPoints: undefined as unknown as string[] }],
  ['a contact point that is absent', { contactPoints: [undefined as unknown as string] }],
  ['a contact point that is a number', { contactPoints: [7 as unknown as string] }],
  ['no copies', { replicationFactor: 0 }],
  ['a bigint of copies', { replicationFactor: 3n as unknown as number }],
  ['no time', { statementTimeoutMs: 0 }],
  ['a time that is text', { statementTimeoutMs: '5' as unknown as number }],
])('%s is refused', (_, wrong) => {
  expect(() => checkOptions({ ...OPTIONS, ...wrong })).toThrow(
    expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
  );
});

const URL = 'cassandra://ann:secret@db.example/stores';

it.each([URL, null, { ...OPTIONS, contactPoints: URL }, { ...OPTIONS, contactPoints: [URL] }])(
  '%j in place of the options is refused, without the password',
  (given) => {
    expect(() => checkOptions(given as unknown as CassandraOptions)).toThrow(
      expect.objectContaining({
        code: 'SSTITCH_OPTION_INVALID',
        message: expect.not.stringContaining('secret'),
      }),
    );
  },
);
