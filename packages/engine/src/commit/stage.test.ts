import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { writeLevelDirectory } from '../../test/level-directory.js';
import { span, temporaryDirectory } from '../../test/store-fixture.js';
import { readVersion, writeManifest } from '../leveldb/manifest.js';
import { beginStage, prelink, type StageSession } from './stage.js';

const go = () => undefined;

function scene() {
  const directory = temporaryDirectory();
  const [baseDirectory, nextDirectory] = [join(directory, 'base'), join(directory, 'next')];
  writeLevelDirectory(baseDirectory, {
    6: [
      [
        { key: 'k1', sequence: 1 },
        { key: 'm1', sequence: 2 },
      ],
    ],
  });
  nodeFileSystem.mkdir(nextDirectory);
  const places = { baseDirectory, nextDirectory };
  const session: StageSession = {};
  prelink(nodeFileSystem, { ...places, spans: [span('m', 'n')] }, go, session);
  const begin = () =>
    beginStage(
      nodeFileSystem,
      {
        ...{ ...places, spans: undefined, incoming: [[]], incomingSequence: 0 },
        ...{ move: 'none', unsynced: [] },
      },
      go,
      session,
    );
  return { baseDirectory, session, begin };
}

test('a version that prelink has linked is neither linked nor planned again', () => {
  const { session, begin } = scene();
  const before = session.base;
  expect(before?.plan.straddling).toHaveLength(1);
  expect(begin()).toMatchObject({ jobs: [{ kind: 'split' }] });
  expect(session.base).toBe(before);
});

test('a version that has changed since prelink is planned again', () => {
  const { baseDirectory, session, begin } = scene();
  const before = session.base;
  const version = readVersion(nodeFileSystem, baseDirectory);
  const manifestNumber = version.nextFileNumber + 1;
  const emptied = { ...version, levels: version.levels.map(() => []) };
  const later = { ...emptied, nextFileNumber: manifestNumber + 1 };
  rmSync(join(baseDirectory, 'CURRENT'));
  writeManifest(nodeFileSystem, baseDirectory, later, manifestNumber);
  expect(begin()).toMatchObject({ staged: { tables: 0 } });
  expect(session.base).not.toBe(before);
});
