import { expect, it } from 'vitest';
import { EMPTY_STATE } from '../state/apply-record.js';
import type { State } from '../state/state.js';
import { readKeys } from './read-key.js';
import {
  bytes,
  memoryPort,
  numberedKey,
  numberedPages,
  portWith,
  readerOf,
  written,
} from './runs.test-support.js';

it('many keys are taken as they are read, so that their blocks are not all in memory at once', async () => {
  const port = memoryPort();
  // Each value is a block of its own.
  const { run } = await written(port, numberedPages(500, 2000));
  const state: State = {
    ...EMPTY_STATE,
    pieces: [{ start: new Uint8Array(0), end: undefined, run, version: 1 }],
  };
  let reads = 0;
  let taken = 0;
  let most = 0;
  const counting = portWith(port, {
    readBlock: (...place) => {
      reads += 1;
      most = Math.max(most, reads - taken);
      return port.readBlock(...place);
    },
  });
  const keys = Array.from({ length: 500 }, (_, at) => bytes(numberedKey((at * 7) % 500)));
  const values = await readKeys(readerOf(counting, 0), state, keys, (value) => {
    taken += 1;
    return value?.[0];
  });
  expect(values).toEqual(keys.map((_, at) => ((at * 7) % 500) % 256));
  expect(reads).toBe(500);
  expect(most).toBeLessThanOrEqual(64);
});
