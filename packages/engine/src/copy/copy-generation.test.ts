// Copies of a database whose owner keeps writing: logs grow, end and disappear meanwhile.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { expect, onTestFinished, test } from 'vitest';
import { watchedFileSystem } from '../../test/watched-file-system.js';
import { type Durability, readVersion, type Version, writeManifest } from '../leveldb/manifest.js';
import { copyGeneration } from './copy-generation.js';

const VERSION: Version = {
  levels: [[], [], [], [], [], [], []],
  logNumber: 10,
  previousLogNumber: 0,
  nextFileNumber: 13,
  lastSequence: 5,
};

/** Makes a database without tables and with the logs 9 (obsolete), 10 and 11. */
function sourceDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-copy-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const source = join(directory, 'source');
  nodeFileSystem.mkdir(source);
  writeManifest(nodeFileSystem, source, VERSION, 12);
  for (const number of [9, 10, 11]) writeFileSync(join(source, logName(number)), `log ${number}`);
  const watched = watchedFileSystem();
  const copy = (durability?: Durability) =>
    copyGeneration(
      watched,
      {
        sourceDirectory: source,
        targetDirectory: join(directory, 'target'),
        logs: true,
        leastLogNumber: 0,
        durability,
      },
      () => undefined,
    );
  return { source, target: join(directory, 'target'), watched, copy };
}

const logName = (number: number) => `${String(number).padStart(6, '0')}.log`;
const logsIn = (directory: string) =>
  readdirSync(directory).filter((name) => name.endsWith('.log'));

test('logs are copied newest first, so that the copy holds a prefix of the writes', () => {
  const { target, watched, copy } = sourceDirectory();
  const read: string[] = [];
  watched.before = ({ name, path }) => {
    if (name === 'copy' && path.endsWith('.log')) read.push(path.slice(-10));
  };
  copy();
  expect(read).toEqual([logName(11), logName(10)]);
  expect(logsIn(target)).toEqual([logName(10), logName(11)]);
  expect(readFileSync(join(target, logName(10)), 'latin1')).toBe('log 10');
  const copied = readVersion(nodeFileSystem, target);
  expect([copied.logNumber, copied.nextFileNumber > 11]).toEqual([10, true]);
});

test.each(['disappears', 'becomes obsolete'])(
  'a log that %s while it is copied makes the copy start over',
  (how) => {
    const { source, target, watched, copy } = sourceDirectory();
    let flushed = false;
    watched.before = ({ name, path }) => {
      if (flushed || name !== 'copy' || !path.endsWith(logName(11))) return;
      flushed = true;
      // LevelDB has put log 10 into a table (none here), and deleted it or is about to.
      rmSync(join(source, 'CURRENT'));
      writeManifest(nodeFileSystem, source, { ...VERSION, logNumber: 11, nextFileNumber: 14 }, 13);
      if (how === 'disappears') rmSync(join(source, logName(10)));
    };
    copy();
    expect(flushed).toBe(true);
    expect(logsIn(target)).toEqual([logName(11)]);
    expect(readVersion(nodeFileSystem, target).logNumber).toBe(11);
  },
);

test.each([
  [
    'synced',
    [
      'sync 000011.log',
      'sync 000010.log',
      'sync MANIFEST-000013',
      'sync CURRENT',
      'fsyncDir target',
    ],
  ],
  ['unsynced', []],
] as const)('a copy that is %s fsyncs what it should', (durability, expected) => {
  const { watched, copy } = sourceDirectory();
  const synced: string[] = [];
  watched.before = ({ name, path }) => {
    if (name === 'sync' || name === 'fsyncDir') synced.push(`${name} ${basename(path)}`);
  };
  copy(durability);
  expect(synced).toEqual(expected);
});
