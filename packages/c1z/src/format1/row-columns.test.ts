// Tests each column that repeats or completes the message of its row against that message.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readContents } from '../../test/read-contents.js';
import {
  EntitlementSchema,
  GrantSchema,
  ResourceSchema,
  ResourceTypeSchema,
} from '../gen/c1/connector/v2/connector_pb.js';
import { makeC1z, type SyncToWrite } from '../make-c1z.js';
import { type C1zFile, openC1z } from '../read-c1z.js';
import { grantRecord } from './translate.js';
import { UTC } from './zones.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'row-columns-'));
});
afterEach(() => rm(directory, { recursive: true }));

const TYPE = { id: 'user', displayName: 'User' };
const RESOURCE = {
  id: { resourceType: 'repository', resource: 'r:1' },
  parentResourceId: { resourceType: 'organization', resource: 'o' },
  displayName: 'R',
};
const ENTITLEMENT = {
  id: 'e',
  resource: { id: { resourceType: 'repository', resource: 'r:1' } },
  slug: 'member',
};
const GRANT = {
  id: 'g',
  entitlement: { id: 'e', resource: { id: { resourceType: 'repository', resource: 'r:1' } } },
  principal: { id: { resourceType: 'user', resource: 'u' } },
};
const SYNC: SyncToWrite = {
  syncId: 's',
  resourceTypes: [TYPE],
  resources: [RESOURCE],
  entitlements: [ENTITLEMENT],
  grants: [{ message: GRANT }],
};

/** The one record of each kind in a file, after running some SQL: "sync bucket bytes", read in this process. */
async function recordsAfter(...finallyRun: string[]): Promise<string[]> {
  const path = join(directory, 'some.c1z');
  await makeC1z(path, { syncs: [SYNC], finallyRun });
  const decoded = await mkdtemp(join(directory, 'decoded-'));
  const lines = await readContents(path, decoded);
  return lines.filter((line) => !/^s sync_(run|stats) /.test(line));
}

async function recordsOf(file: C1zFile, syncId: string): Promise<unknown[]> {
  const records: unknown[] = [];
  for (const kind of ['resourceTypes', 'resources', 'entitlements', 'grants', 'assets'] as const) {
    for await (const batch of file[kind](syncId)) records.push(...batch);
  }
  return records;
}

function dataIs<S extends DescMessage>(table: string, schema: S, init: MessageInitShape<S>) {
  const hex = Buffer.from(toBinary(schema, create(schema, init))).toString('hex');
  return `UPDATE ${table} SET data = x'${hex}'`;
}

/** For each table: the whole message, and the message without the fields that a group of columns repeats. */
const TABLES = [
  {
    table: 'v1_resource_types',
    columns: ['external_id'],
    slim: dataIs('v1_resource_types', ResourceTypeSchema, { ...TYPE, id: '' }),
    isNeeded: true,
  },
  {
    table: 'v1_resources',
    columns: ['resource_type_id', 'external_id'],
    slim: dataIs('v1_resources', ResourceSchema, { ...RESOURCE, id: undefined }),
    isNeeded: true,
  },
  {
    table: 'v1_resources',
    columns: ['parent_resource_type_id', 'parent_resource_id'],
    slim: dataIs('v1_resources', ResourceSchema, { ...RESOURCE, parentResourceId: undefined }),
    isNeeded: false,
  },
  {
    table: 'v1_entitlements',
    columns: ['external_id'],
    slim: dataIs('v1_entitlements', EntitlementSchema, { ...ENTITLEMENT, id: '' }),
    isNeeded: true,
  },
  {
    table: 'v1_entitlements',
    columns: ['resource_type_id', 'resource_id'],
    slim: dataIs('v1_entitlements', EntitlementSchema, { ...ENTITLEMENT, resource: undefined }),
    isNeeded: false,
  },
  {
    table: 'v1_grants',
    columns: ['external_id'],
    slim: dataIs('v1_grants', GrantSchema, { ...GRANT, id: '' }),
    isNeeded: true,
  },
  {
    table: 'v1_grants',
    columns: ['entitlement_id', 'resource_type_id', 'resource_id'],
    slim: dataIs('v1_grants', GrantSchema, { ...GRANT, entitlement: undefined }),
    isNeeded: true,
  },
  {
    table: 'v1_grants',
    columns: ['principal_resource_type_id', 'principal_resource_id'],
    slim: dataIs('v1_grants', GrantSchema, { ...GRANT, principal: undefined }),
    isNeeded: true,
  },
];

describe.each(TABLES)('$columns of $table', ({ table, columns, slim, isNeeded }) => {
  const emptied = `UPDATE ${table} SET ${columns.map((name) => `${name} = ''`).join(', ')}`;

  test('supply what the message omits', async () => {
    expect(await recordsAfter(slim)).toEqual(await recordsAfter());
  });

  test('are ignored if they contradict the message, or if they are empty or missing', async () => {
    const whole = await recordsAfter();
    for (const name of columns) {
      expect(await recordsAfter(`UPDATE ${table} SET ${name} = 'other'`)).toEqual(whole);
    }
    expect(await recordsAfter(emptied)).toEqual(whole);
    const indexes = ['idx_grants_external_sync_v1'].map((index) => `DROP INDEX ${index}`);
    const dropped = columns.map((name) => `ALTER TABLE ${table} DROP COLUMN ${name}`);
    expect(await recordsAfter(...indexes, ...dropped)).toEqual(whole);
  });

  test.runIf(isNeeded)('are refused with table, row and file if both are empty', async () => {
    await expect(recordsAfter(slim, emptied)).rejects.toMatchObject({
      name: 'C1zError',
      code: 'SSTITCH_C1Z_CORRUPT',
      message: expect.stringMatching(
        new RegExp(`^${table}, row 1: \\S+ is empty in data, and so is column .*some\\.c1z`),
      ),
    });
  });

  test.runIf(!isNeeded)('may be empty in both, which means none', async () => {
    expect(await recordsAfter(slim, emptied)).not.toEqual(await recordsAfter());
  });

  test('are refused if they are not text', async () => {
    const set = `UPDATE ${table} SET ${columns[0]} = x'00ff'`;
    await expect(recordsAfter(slim, set)).rejects.toMatchObject({ code: 'SSTITCH_C1Z_CORRUPT' });
  });
});

test('any grants of a file may be slim, and each record is the same as if all were full', async () => {
  const path = join(directory, 'some.c1z');
  const grants = Array.from({ length: 20 }, (_, at) => ({ message: { ...GRANT, id: `g${at}` } }));
  await fc.assert(
    fc.asyncProperty(fc.subarray(grants), fc.integer({ min: 1, max: 7 }), async (slim, size) => {
      const finallyRun = slim.map(({ message: { id } }) => {
        const set = dataIs('v1_grants', GrantSchema, { id });
        return `${set} WHERE external_id = '${id}'`;
      });
      await makeC1z(path, { syncs: [{ syncId: 's', grants }], finallyRun });
      await using file = await openC1z(path, { temporaryDirectory: directory, batchRecords: size });
      const records = (await recordsOf(file, 's')) as { externalId: string; entitlement: object }[];
      expect(records.map(({ externalId }) => externalId)).toEqual(
        grants.map(({ message }) => message.id),
      );
      for (const record of records) {
        expect(record).toMatchObject({
          entitlement: { resourceTypeId: 'repository', resourceId: 'r:1', entitlementId: 'e' },
          principal: { resourceTypeId: 'user', resourceId: 'u' },
        });
      }
    }),
    { numRuns: 10 },
  );
});

describe('names in a message and in columns', () => {
  const word = fc.constantFrom('a', 'b');
  const maybe = fc.option(word, { nil: '' });

  test('come from the message if it names everything, else from columns that do not contradict it', () => {
    fc.assert(
      fc.property(fc.array(maybe, { minLength: 10, maxLength: 10 }), (names) => {
        const said = names.slice(0, 5);
        const columns = names.slice(5);
        const [type = '', resource = '', entitlement = '', principalType = '', principal = ''] =
          said;
        const row = {
          resource_type_id: columns[0] || null,
          resource_id: columns[1] || null,
          entitlement_id: columns[2] || null,
          principal_resource_type_id: columns[3] || null,
          principal_resource_id: columns[4] || null,
          external_id: null,
          expansion: null,
          needs_expansion: null,
          discovered_at: '2025-01-02 03:04:05',
          data: toBinary(
            GrantSchema,
            create(GrantSchema, {
              id: 'g',
              entitlement: {
                id: entitlement,
                resource: { id: { resourceType: type, resource } },
              },
              principal: { id: { resourceType: principalType, resource: principal } },
            }),
          ),
        };
        const wanted = [...expected(said.slice(0, 3), columns.slice(0, 3))];
        wanted.push(...expected(said.slice(3), columns.slice(3)));
        if (wanted[2] === '' || wanted[4] === '') {
          expect(() => grantRecord('s', row, UTC)).toThrow('is empty in data');
          return;
        }
        const { entitlement: granted, principal: to } = grantRecord('s', row, UTC);
        expect([
          granted?.resourceTypeId,
          granted?.resourceId,
          granted?.entitlementId,
          to?.resourceTypeId,
          to?.resourceId,
        ]).toEqual(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  function expected(said: string[], columns: string[]): string[] {
    if (!said.includes('')) return said;
    return said.every((part, at) => part === '' || part === columns[at]) ? columns : said;
  }
});

describe('files of every age', () => {
  // Columns that baton-sdk's migrations add to its first tables.
  const RUN_COLUMNS = ['sync_type', 'parent_sync_id'];
  const RECORD_TABLES = [
    'v1_resource_types',
    'v1_resources',
    'v1_entitlements',
    'v1_grants',
    'v1_assets',
  ];
  /** Those of the records, in the order of their tables; the file has no asset. */
  const BUCKETS = ['resource_type', 'resource', 'entitlement', 'grant'];

  test('can be read without later columns and tables, in any combination', async () => {
    const whole = await recordsAfter();
    expect(whole.map((line) => line.split(' ')[1])).toEqual(BUCKETS);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(RUN_COLUMNS),
        fc.subarray(RECORD_TABLES),
        async (columns, tables) => {
          const records = await recordsAfter(
            ...columns.map((name) => `ALTER TABLE v1_sync_runs DROP COLUMN ${name}`),
            ...tables.map((table) => `DROP TABLE ${table}`),
          );
          const wanted = whole.filter((_, at) => !tables.includes(RECORD_TABLES[at] as string));
          expect(records).toEqual(wanted);
        },
      ),
      { numRuns: 12 },
    );
  });

  test('may have names of tables and columns in capitals, which SQLite does not distinguish', async () => {
    const renamed = [
      'ALTER TABLE v1_grants RENAME TO V1_GRANTS_OLD',
      'ALTER TABLE V1_GRANTS_OLD RENAME TO V1_GRANTS',
      'ALTER TABLE V1_GRANTS RENAME COLUMN entitlement_id TO Entitlement_Id',
    ];
    const slim = dataIs('v1_grants', GrantSchema, { ...GRANT, entitlement: undefined });
    expect(await recordsAfter(slim, ...renamed)).toEqual(await recordsAfter());
  });
});

const CASES = fileURLToPath(new URL('../../../../shared/cases/', import.meta.url));
const areThere = existsSync(join(CASES, 'slim-grants.c1z'));

test.skipIf(!areThere)('slim grants of baton-sdk have the same records as full ones', async () => {
  await using full = await openC1z(join(CASES, 'full-grants.c1z'), {
    temporaryDirectory: directory,
  });
  await using slim = await openC1z(join(CASES, 'slim-grants.c1z'), {
    temporaryDirectory: directory,
  });
  const [run] = full.syncs();
  expect(run).toBeDefined();
  const records = await recordsOf(full, run?.syncId ?? '');
  expect(records.length).toBeGreaterThan(0);
  expect(await recordsOf(slim, run?.syncId ?? '')).toEqual(records);
});
