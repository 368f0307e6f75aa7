import { describe, expect, it } from 'vitest';
import {
  addressOfStore,
  type ClusterName,
  isClusterName,
  isSameCluster,
  parseClusterDatabase,
  parseClusterName,
} from './store-name.js';

const EMPTY: Partial<ClusterName> = {
  user: undefined,
  tls: undefined,
  leaseMs: undefined,
  dataCentre: undefined,
  replicationFactor: undefined,
  schema: undefined,
};

describe('the address of a store', () => {
  it.each<[string, Partial<ClusterName>]>([
    [
      'cassandra://db1/tenants/acme',
      { kind: 'cassandra', hosts: [{ host: 'db1', port: undefined }], store: 'acme' },
    ],
    [
      'cassandra://reader@10.0.0.1:9142,10.0.0.2:9142,[fd00::1]:9142/tenants/acme?dc=dc1&replication=5',
      {
        hosts: [
          { host: '10.0.0.1', port: 9142 },
          { host: '10.0.0.2', port: 9142 },
          { host: 'fd00::1', port: 9142 },
        ],
        user: 'reader',
        database: 'tenants',
        dataCentre: 'dc1',
        replicationFactor: 5,
      },
    ],
    [
      'postgres://ann%40example.com@db:5433/main/tenant%2F7%3F%2Fx?schema=syncs&lease=60',
      {
        leaseMs: 60_000,
        kind: 'postgres',
        hosts: [{ host: 'db', port: 5433 }],
        user: 'ann@example.com',
        database: 'main',
        store: 'tenant/7?/x',
        schema: 'syncs',
      },
    ],
    ['POSTGRESQL:///main/acme', { kind: 'postgres', hosts: [], database: 'main', store: 'acme' }],
    [
      'postgres://db/main/acme?ca=/etc/ca.pem&cert=me.pem&key=me.key',
      { tls: { mode: 'require', ca: '/etc/ca.pem', cert: 'me.pem', key: 'me.key' } },
    ],
    [
      'postgres://db/main/acme?tls=no-verify',
      { tls: { mode: 'no-verify', ca: undefined, cert: undefined, key: undefined } },
    ],
  ])('%s', (text, expected) => {
    expect(isClusterName(text)).toBe(true);
    expect(parseClusterName(text)).toMatchObject({ ...EMPTY, ...expected });
  });

  it.each(['base', './cassandra:/x', '/srv/postgres', 'http://a/b/c', 'postgres'])(
    '%s is a directory',
    (text) => expect(isClusterName(text)).toBe(false),
  );

  it.each([
    ['cassandra://db1/tenants', /form cassandra:\/\/HOST/],
    ['cassandra:/db1/tenants/acme', /form cassandra:\/\/HOST/],
    ['postgres:/db/main/acme', /form postgres:\/\/\[USER@\]HOST/],
    ['cassandra:///tenants/acme', /form cassandra:\/\/HOST/],
    ['cassandra://db1:0/tenants/acme', /form cassandra/],
    ['cassandra://db1:99999/tenants/acme', /form cassandra/],
    ['postgres://a,b/main/acme', /form postgres:\/\/\[USER@\]HOST/],
    ['postgres://db/main/', /form postgres/],
    ['postgres://db//acme', /form postgres/],
    ['postgres://db/main/acme#x', /form postgres/],
    ['postgres://db/main/acme/', /form postgres/],
    ['postgres://db/main//acme', /form postgres/],
    [
      'postgres://db/main/public/acme?tls=require',
      /after the store "public": leave out "\/acme", or write a slash .* as %2F: "\/public%2Facme"$/,
    ],
    ['cassandra://db1,db2/ks/a/b/c', /leave out "\/b\/c", or .*: "\/a%2Fb%2Fc"$/],
    ['postgres://db/main/%zz', /percent-encoding/],
    [
      'postgres://db/main/acme?dc=x',
      /takes the parameters tls, ca, cert, key, lease, schema, .* "dc"/,
    ],
    ['postgres://db/main/acme?tls=off&tls=off', /each once/],
    ['postgres://db/main/acme?tls=yes', /tls in the address is one of off, require, no-verify/],
    ['postgres://db/main/acme?tls=off&ca=x', /leave one out/],
    ['postgres://db/main/acme?cert=x', /cert and key in the address are named together/],
    ['cassandra://db/ks/acme?replication=0', /a number of copies/],
    ['cassandra://db/ks/acme?lease=1m', /a number of seconds/],
    ['postgres://db/main/acme?lease=0', /lease in the address .* from 1 to 86400, not "0"/],
    ['postgres://db/main/acme?lease=86401', /from 1 to 86400, not "86401"/],
  ])('%s is refused', (text, message) => expect(() => parseClusterName(text)).toThrow(message));

  it.each([
    'postgres://ann:secret@db/main/acme',
    'cassandra://:secret@db/ks/acme',
    'postgres://db/main/acme?password=secret',
  ])('%s is refused, and its password is not shown', (text) => {
    let message = '';
    try {
      parseClusterName(text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/SSTITCH_CLUSTER_PASSWORD/);
    expect(message).not.toContain('secret');
  });
});

it.each([
  ['postgres://db/main/a', 'postgresql://ann@DB/main/a?tls=require', true],
  ['cassandra://a,b/ks/s', 'cassandra://b,c/ks/s', true],
  ['cassandra://a,b/ks/s', 'cassandra://c/ks/s', false],
  ['postgres:///main/a', 'postgres:///main/a', true],
  ['postgres://db/main/a', 'postgres://db/main/b', false],
  ['postgres://db/main/a', 'postgres://db/main/a?schema=x', false],
  ['postgres://db/main/a', 'postgres://db:5433/main/a', false],
])('%s and %s are the same store: %s', (a, b, same) => {
  expect(isSameCluster(parseClusterName(a), parseClusterName(b))).toBe(same);
});

describe('the address of a database', () => {
  it.each([
    'postgres://ann@db/main',
    'postgres://db/main/?schema=syncs&tls=require',
    'cassandra://db1,db2:9142/tenants?dc=dc1',
  ])('%s is that of each of its stores without the last part', (address) => {
    const database = parseClusterDatabase(address);
    for (const store of ['acme', 'tenant/7', 'a b', '☃?/#%', '/', '\n']) {
      expect(parseClusterName(addressOfStore(address, store))).toEqual({ ...database, store });
    }
  });

  it('has a database and no store', () => {
    expect(() => parseClusterDatabase('postgres://db/main/acme')).toThrow('leave out "/acme"');
    expect(() => parseClusterDatabase('postgres://db/main/a/b')).toThrow('leave out "/a/b"');
    expect(() => parseClusterDatabase('postgres://db')).toThrow('is not of the form');
  });
});
