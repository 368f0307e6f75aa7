import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { expect, onTestFinished, test } from 'vitest';
import { MAX_LOG_SIZE_BYTES, withLogFile } from './log-source.js';

test('a file that is too long for a log is refused before it is read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-log-source-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, '000005.log');
  writeFileSync(path, '');
  truncateSync(path, MAX_LOG_SIZE_BYTES);
  expect(withLogFile(nodeFileSystem, path, ({ sizeBytes }) => sizeBytes)).toBe(MAX_LOG_SIZE_BYTES);
  truncateSync(path, MAX_LOG_SIZE_BYTES + 1);
  const reading = () => withLogFile(nodeFileSystem, path, () => undefined);
  expect(reading).toThrow(expect.objectContaining({ code: 'SSTITCH_STORE_CORRUPT', path }));
});
