// Hostile stores: pointers and links that lead elsewhere, pipes in place of files, MANIFESTs with impossible claims.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { adopt, openReadOnly, readManifest, Store, verifyStore } from '@sstitch/engine';
import { makeInternalKey } from '@sstitch/sst';
import { maskedChecksum, writeVarint } from '@sstitch/sst/file-format';
import { contentsOf, sameContents } from '../cases/small-store.js';
import { type HostileCase, type HostilePlace, refused } from './hostile-case.js';

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/** A copy of the small store, and paths in it. */
interface Victim {
  readonly path: string;
  /** The generation's directory. */
  readonly generation: string;
  readonly manifest: string;
  readonly table: string;
  readonly log: string;
  readonly nextFile: number;
}

function copyStore({ directory, store }: HostilePlace): Victim {
  const path = join(directory, 'a store\nof two lines');
  cpSync(store.path, path, { recursive: true });
  const generation = join(path, readFileSync(join(path, 'CURRENT'), 'latin1').trim());
  const { name, version } = readManifest(generation);
  const names = readdirSync(generation);
  const named = (end: string) =>
    join(generation, names.find((candidate) => candidate.endsWith(end)) ?? '');
  return {
    path,
    generation,
    manifest: join(generation, name),
    table: named('.ldb'),
    log: named('.log'),
    nextFile: version.nextFileNumber,
  };
}

async function openAndClose(path: string): Promise<void> {
  const store: Store<Uint8Array, Uint8Array> = new Store(path, { ...VIEW, createIfMissing: false });
  try {
    await store.open();
  } finally {
    await store.close();
  }
}

async function read(path: string): Promise<void> {
  const reader = await openReadOnly<Uint8Array, Uint8Array>(path, VIEW);
  await reader.close();
}

/** Checks that verify reports a problem or refuses the store as a whole. */
async function verifyFinds(path: string): Promise<void> {
  const report = await verifyStore(path);
  if (report.ok) throw new Error('verify finds no problem');
  throw Object.assign(new Error(report.problems[0]?.message), {
    name: 'EngineError',
    code: 'SSTITCH_STORE_CORRUPT',
  });
}

/** The expected codes; a read-only open reports a missing generation as a missing file. */
const REFUSALS = /^SSTITCH_(STORE_CORRUPT|STORE_FORMAT|FILE_OPERATION)$/;

/** A case in which an open, a read-only open and verify must all refuse the store that `harm` has changed. */
function storeCase(
  name: string,
  harm: (victim: Victim, place: HostilePlace) => void,
  reads: readonly ((path: string) => Promise<void>)[] = [verifyFinds, read],
): HostileCase {
  return {
    name: `store: ${name}`,
    run: async (place) => {
      const victim = copyStore(place);
      harm(victim, place);
      for (const open of [...reads, openAndClose]) {
        await refused(() => open(victim.path), 'EngineError', REFUSALS);
      }
    },
  };
}

/** Moves a file or directory outside and leaves a symbolic link to it. */
function linkOut(path: string, { directory }: HostilePlace): void {
  const moved = join(directory, 'moved');
  renameSync(path, moved);
  symlinkSync(moved, path);
}

function pipeAt(path: string): void {
  rmSync(path, { recursive: true, force: true });
  execFileSync('mkfifo', [path]);
}

/** Writes a MANIFEST of one record with a valid checksum. */
function writeManifestOf({ manifest }: Victim, fields: ReadonlyArray<number | Uint8Array>): void {
  const body = Buffer.concat(
    fields.map((field) => {
      const varint = Buffer.alloc(10);
      const length = writeVarint(varint, 0, typeof field === 'number' ? field : field.length);
      const head = varint.subarray(0, length);
      return typeof field === 'number' ? head : Buffer.concat([head, field]);
    }),
  );
  const record = Buffer.concat([Buffer.alloc(6), Buffer.from([1]), body]);
  record.writeUInt16LE(body.length, 4);
  record.writeUInt32LE(maskedChecksum(record.subarray(6)), 0);
  writeFileSync(manifest, record);
}

const LOG = 2;
const NEXT_FILE = 3;
const LAST_SEQUENCE = 4;
const DELETED_FILE = 6;
const NEW_FILE = 7;
const key = (text: string) => makeInternalKey(Buffer.from(text), 1, 'value');
const table = (level: number, number: number, size: number, from: string, to: string) => [
  ...[NEW_FILE, level, number, size],
  ...[key(from), key(to)],
];

/** Only verify must refuse: a read-only open works on a copy, which omits the file. */
const verifyOnly = [verifyFinds];

const pointers: readonly HostileCase[] = [
  ['leads out', '../outside\n'],
  ['is absolute', '/etc\n'],
  ['leads in and out again', 'gen-000002/../../outside\n'],
  ['has two lines', 'gen-000002\ngen-000002\n'],
  ['has a zero byte', 'gen-000002\0\n'],
  ['is long', `gen-${'0'.repeat(10_000_000)}2\n`],
  ['has a number of 15 digits', 'gen-999999999999999\n'],
].map(([name, text = '']) =>
  storeCase(`a CURRENT that ${name}`, ({ path }) => writeFileSync(join(path, 'CURRENT'), text)),
);

const innerPointers: readonly HostileCase[] = [
  ['leads out', '../../outside/CURRENT\n'],
  ['leads out to a MANIFEST', '../MANIFEST-000001\n'],
  ['names itself', 'CURRENT\n'],
  ['names a table', '000005.ldb\n'],
  ['is long', `MANIFEST-${'0'.repeat(10_000_000)}1\n`],
].map(([name, text = '']) =>
  storeCase(`a generation whose CURRENT ${name}`, ({ generation }) =>
    writeFileSync(join(generation, 'CURRENT'), text),
  ),
);

const links: readonly HostileCase[] = [
  storeCase('a CURRENT that is a link', ({ path }, place) => linkOut(join(path, 'CURRENT'), place)),
  storeCase('a FORMAT that is a link', ({ path }, place) => linkOut(join(path, 'FORMAT'), place)),
  storeCase('a generation that is a link', ({ generation }, place) => linkOut(generation, place)),
  storeCase('a table that is a link', (victim, place) => linkOut(victim.table, place)),
  storeCase('a log that is a link', ({ log }, place) => linkOut(log, place)),
  storeCase('a MANIFEST that is a link', ({ manifest }, place) => linkOut(manifest, place)),
  storeCase('a generation whose CURRENT is a link', ({ generation }, place) =>
    linkOut(join(generation, 'CURRENT'), place),
  ),
  storeCase(
    'a LOCK that is a link',
    ({ generation }, { outside }) => {
      rmSync(join(generation, 'LOCK'), { force: true });
      symlinkSync(join(outside, 'precious.txt'), join(generation, 'LOCK'));
    },
    verifyOnly,
  ),
  ...['dbtmp', 'log', 'ldb'].map((end) =>
    storeCase(
      `links under the names of the next files (.${end})`,
      ({ generation, nextFile }, { outside }) => {
        for (let number = nextFile; number < nextFile + 5; number++) {
          const name = `${String(number).padStart(6, '0')}.${end}`;
          rmSync(join(generation, name), { force: true });
          symlinkSync(join(outside, 'precious.txt'), join(generation, name));
        }
      },
      verifyOnly,
    ),
  ),
  ...['staging', 'readers', 'gen-000009'].map((name) =>
    storeCase(`${name} that is a link to a directory outside`, ({ path }, { outside }) => {
      rmSync(join(path, name), { recursive: true, force: true });
      symlinkSync(outside, join(path, name));
    }),
  ),
];

const pipes: readonly HostileCase[] = [
  storeCase('a CURRENT that is a pipe', ({ path }) => pipeAt(join(path, 'CURRENT'))),
  storeCase('a FORMAT that is a pipe', ({ path }) => pipeAt(join(path, 'FORMAT'))),
  storeCase('a MANIFEST that is a pipe', ({ manifest }) => pipeAt(manifest)),
  storeCase('a table that is a pipe', (victim) => pipeAt(victim.table)),
  storeCase('a log that is a pipe', ({ log }) => pipeAt(log)),
  storeCase('a FORMAT of a GiB', ({ path }) => truncateSync(join(path, 'FORMAT'), 2 ** 30)),
  storeCase('a MANIFEST of 64 GiB', ({ manifest }) => truncateSync(manifest, 2 ** 36)),
  {
    name: 'store: a log of 64 GiB',
    run: async (place) => {
      const { path, log } = copyStore(place);
      truncateSync(log, 2 ** 36);
      await refused(() => verifyFinds(path), 'EngineError', REFUSALS);
      await refused(() => read(path), 'EngineError', REFUSALS);
    },
  },
];

const counters = [LOG, 1, NEXT_FILE, 100, LAST_SEQUENCE, 5];
const manifests: readonly HostileCase[] = (
  [
    ['has level 7', [...counters, ...table(7, 5, 100, 'a', 'b')]],
    ['has level 2^40', [...counters, ...table(2 ** 40, 5, 100, 'a', 'b')]],
    ['deletes in level 9', [...counters, DELETED_FILE, 9, 5]],
    [
      'has a table of 2^53-1 bytes',
      [...counters, ...table(1, 5, Number.MAX_SAFE_INTEGER, 'a', 'b')],
    ],
    ['has a table 2^53-1', [...counters, ...table(1, Number.MAX_SAFE_INTEGER, 9, 'a', 'b')]],
    [
      'has the largest possible file number',
      [LOG, 1, NEXT_FILE, Number.MAX_SAFE_INTEGER, LAST_SEQUENCE, 5],
    ],
    ['has a table twice', [...counters, ...table(1, 5, 9, 'a', 'b'), ...table(2, 5, 9, 'a', 'b')]],
    ['has tables overlap', [...counters, ...table(1, 5, 9, 'a', 'm'), ...table(1, 6, 9, 'b', 'c')]],
    ['has inverted bounds', [...counters, ...table(1, 5, 9, 'b', 'a')]],
    ['has a key without a trailer', [...counters, NEW_FILE, 1, 5, 9, Buffer.from('a'), key('b')]],
    ['has a field 200', [...counters, 200, 1]],
    ['has no counters', [LOG, 1]],
    ['has another comparator', [1, Buffer.from('evil'), ...counters]],
    ['lists a table that is not there', [...counters, ...table(1, 77, 9, 'a', 'b')]],
  ] as ReadonlyArray<readonly [string, ReadonlyArray<number | Uint8Array>]>
).map(([name, fields]) =>
  storeCase(`a MANIFEST that ${name}`, (victim) => writeManifestOf(victim, fields)),
);

const sound: readonly HostileCase[] = [
  {
    name: 'store: reached through a link, beside names with newlines, opens and reads as usual',
    run: async (place) => {
      const { path, generation } = copyStore(place);
      for (const name of ['gen-000001\n', '\n', 'CURRENT\n', 'gen-000002 ']) {
        writeFileSync(join(path, name), 'x');
      }
      writeFileSync(join(generation, '000001.ldb\n'), 'x');
      const link = join(place.directory, 'link');
      symlinkSync(path, link);
      const report = await verifyStore(link);
      if (!report.ok) throw new Error(`a false alarm: ${report.problems[0]?.message}`);
      const store: Store<Uint8Array, Uint8Array> = new Store(link, VIEW);
      await store.open();
      try {
        const expected = place.store.states.at(-1) ?? [];
        if (!sameContents(await contentsOf(store), expected)) throw new Error('other contents');
      } finally {
        await store.close();
      }
      if (!existsSync(join(path, 'CURRENT\n'))) throw new Error('a foreign file was removed');
    },
  },
  {
    name: 'store: a leftover generation that is a link, where a store is created',
    run: async ({ directory, outside }) => {
      const path = join(directory, 'new');
      mkdirSync(path);
      symlinkSync(outside, join(path, 'gen-000001'));
      const make = async () => {
        const store = new Store(path);
        try {
          await store.open();
        } finally {
          await store.close();
        }
      };
      await refused(make, 'EngineError', REFUSALS);
    },
  },
  {
    name: 'store: a LevelDB directory with a table that leads out, to adopt',
    run: async (place) => {
      const { generation, table: path } = copyStore(place);
      linkOut(path, place);
      const target = join(place.directory, 'adopted');
      await refused(() => adopt(generation, target), 'EngineError', REFUSALS);
      if (existsSync(join(target, 'CURRENT'))) throw new Error('a store was created');
    },
  },
];

export const hostileStores: readonly HostileCase[] = [
  ...pointers,
  ...innerPointers,
  ...links,
  ...pipes,
  ...manifests,
  ...sound,
];
