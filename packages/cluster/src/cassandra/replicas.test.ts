// Reads while a replica lacks what the others have, with a client whose answers depend on the consistency.
import type { Client, QueryOptions } from 'cassandra-driver';
import { describe, expect, it } from 'vitest';
import { BlocksTable } from './blocks-table.js';
import { loadDriver } from './driver.js';
import { LogTable } from './log-table.js';
import { CassandraSession, type Consistency } from './session.js';

const driver = await loadDriver();
const { consistencies, Long, responseErrorCodes } = driver.types;

type Values = Readonly<Record<string, unknown>>;
type Answer = (query: string) => readonly Values[];

/** A session whose reads are answered by consistency; a read at any other fails. */
function sessionOf(answers: Partial<Record<Consistency, Answer>>) {
  const asked: Consistency[] = [];
  const client = {
    async execute(query: string, _params: unknown, { consistency }: QueryOptions) {
      const [name] = (Object.keys(consistencies) as Consistency[]).filter(
        (each) => consistencies[each] === consistency,
      );
      if (name === undefined) throw new Error('no consistency');
      asked.push(name);
      const rows = answers[name]?.(query);
      if (rows === undefined) {
        throw new driver.errors.ResponseError(responseErrorCodes.unavailableException, 'too few');
      }
      return { rows: rows.map((row) => ({ get: (column: string) => row[column] ?? null })) };
    },
  };
  const session = new CassandraSession(client as unknown as Client, driver, 100);
  return { session, asked };
}

function blockRow(block: number, part: number, parts: number, blocks: number): Values {
  return { blocks, block, part, parts, data: Buffer.of(block, part) };
}

describe('a block', () => {
  const WHOLE = [blockRow(3, 0, 2, 9), blockRow(3, 1, 2, 9)];

  it('is read from one replica', async () => {
    const { session, asked } = sessionOf({ one: () => WHOLE });
    const found = await new BlocksTable(session, 'k').readBlock('run', 0, 3);
    expect(found).toEqual(Buffer.of(3, 0, 3, 1));
    expect(asked).toEqual(['one']);
  });

  it.each([
    ['it', []],
    ['a part of it', WHOLE.slice(1)],
  ])('is read from a quorum if the first replica lacks %s', async (_, rows) => {
    const { session, asked } = sessionOf({ one: () => rows, quorum: () => WHOLE });
    const found = await new BlocksTable(session, 'k').readBlock('run', 0, 3);
    expect(found).toEqual(Buffer.of(3, 0, 3, 1));
    expect(asked).toEqual(['one', 'quorum']);
  });

  it('is read from all replicas if a quorum lacks it', async () => {
    const { session, asked } = sessionOf({ one: () => [], quorum: () => [], all: () => WHOLE });
    const found = await new BlocksTable(session, 'k').readBlock('run', 0, 3);
    expect(found).toEqual(Buffer.of(3, 0, 3, 1));
    expect(asked).toEqual(['one', 'quorum', 'all']);
  });

  it('is missing only if all replicas lack it', async () => {
    const { session } = sessionOf({ one: () => [], quorum: () => [], all: () => [] });
    expect(await new BlocksTable(session, 'k').readBlock('run', 0, 3)).toBeUndefined();
  });

  it('is not known to be missing while a replica is down', async () => {
    const { session } = sessionOf({ one: () => [], quorum: () => [] });
    await expect(new BlocksTable(session, 'k').readBlock('run', 0, 3)).rejects.toMatchObject({
      code: 'SSTITCH_CLUSTER_UNAVAILABLE',
    });
  });
});

describe('a chunk', () => {
  const WHOLE = [
    blockRow(0, 0, 1, 3),
    blockRow(1, 0, 2, 3),
    blockRow(1, 1, 2, 3),
    blockRow(2, 0, 1, 3),
  ];

  it.each([
    ['all of it', []],
    ['its first block', WHOLE.slice(1)],
    ['its last block', WHOLE.slice(0, -1)],
    ['a part of a block', [0, 1, 3].map((at) => WHOLE[at] ?? {})],
  ])('is read from a quorum if the first replica lacks %s', async (_, rows) => {
    const { session, asked } = sessionOf({ one: () => rows, quorum: () => WHOLE });
    const found = await new BlocksTable(session, 'k').readChunk('run', 0);
    expect(found).toEqual([Buffer.of(0, 0), Buffer.of(1, 0, 1, 1), Buffer.of(2, 0)]);
    expect(asked).toEqual(['one', 'quorum']);
  });

  it('can be empty', async () => {
    const { session, asked } = sessionOf({ one: () => [{ blocks: 0 }] });
    expect(await new BlocksTable(session, 'k').readChunk('run', 0)).toEqual([]);
    expect(asked).toEqual(['one']);
  });
});

describe('slots', () => {
  const slotRow = (slot: number) => ({ slot: Long.fromNumber(slot), record: Buffer.of(slot) });
  const log = (slots: readonly number[], head: number): Answer => {
    return (query) =>
      query.includes('DISTINCT') ? [{ head: Long.fromNumber(head) }] : slots.map(slotRow);
  };
  const slotsIn = async (session: CassandraSession, from: number, to: number) => {
    const found = await new LogTable(session, 'k', 'store').readSlots(from, to, 'quorum');
    return found.map(({ slot }) => slot);
  };

  it('are read from a quorum', async () => {
    const { session, asked } = sessionOf({ quorum: log([1, 2, 3], 3) });
    expect(await slotsIn(session, 1, 3)).toEqual([1, 2, 3]);
    expect(asked).toEqual(['quorum']);
  });

  it('are read serially if a quorum knows the head and lacks a slot before it', async () => {
    const { session } = sessionOf({ quorum: log([1, 3], 3), serial: log([1, 2, 3], 3) });
    expect(await slotsIn(session, 1, 3)).toEqual([1, 2, 3]);
  });

  it('after the head are not looked for serially', async () => {
    const { session, asked } = sessionOf({ quorum: log([1, 2, 3], 3) });
    expect(await slotsIn(session, 1, 10)).toEqual([1, 2, 3]);
    expect(asked).toEqual(['quorum', 'quorum']);
  });
});
