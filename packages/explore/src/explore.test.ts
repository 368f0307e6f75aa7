// How an explorer ends.
import { rmSync } from 'node:fs';
import { openReadOnly } from '@sstitch/engine';
import { describe, expect, it } from 'vitest';
import { makeExampleStore } from './example-store.test-support.js';
import { explore } from './explore.js';

describe('closing an explorer', () => {
  /** An explorer of the example. @param snapshotFails whether the first close of its snapshot fails */
  async function openWith(snapshotFails: boolean) {
    const made = await makeExampleStore();
    const state = { isOpen: true };
    const other = await explore({
      ...{ location: 'here', name: 'one' },
      open: async () => {
        const engine = await openReadOnly<Uint8Array, Uint8Array>(made.location, {
          keyEncoding: 'view',
          valueEncoding: 'view',
        });
        const snapshot = engine.snapshot.bind(engine);
        engine.snapshot = (...given) => {
          const taken = snapshot(...given);
          if (!snapshotFails) return taken;
          const closeTaken = taken.close;
          taken.close = () => {
            taken.close = closeTaken;
            return Promise.reject(new Error('no connection'));
          };
          return taken;
        };
        const close = async () => {
          await engine.close();
          state.isOpen = false;
          rmSync(made.directory, { recursive: true, force: true });
        };
        return { engine, close };
      },
    });
    return { other, state };
  }

  it('twice at the same time ends both calls when everything is closed', async () => {
    const { other, state } = await openWith(false);
    const first = other.close();
    await other.close();
    expect(state.isOpen).toBe(false);
    await first;
  });

  it('closes the state even if its snapshot cannot be closed', async () => {
    const { other, state } = await openWith(true);
    await expect(other.close()).rejects.toThrow('no connection');
    expect(state.isOpen).toBe(false);
  });
});
