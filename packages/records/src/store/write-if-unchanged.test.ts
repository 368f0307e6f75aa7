import type { EngineSnapshot, ReadWriteEngine } from '@sstitch/contract';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { spansOfKeys, writeIfUnchanged } from './write-if-unchanged.js';
import { withWriteLock } from './write-lock.js';

/** An engine of which only the capabilities and snapshots exist. */
function engineOf(conditions: boolean) {
  const calls: string[] = [];
  const engine = {
    capabilities: { tables: false, checkpoint: false, conditions },
    status: 'open',
    snapshot: ({ watch }: { watch: readonly { start: Uint8Array }[] }) => {
      calls.push(`snapshot ${watch.map(({ start }) => start[0])}`);
      return { close: async () => void calls.push('close') } as unknown as EngineSnapshot;
    },
  } as unknown as ReadWriteEngine;
  return { engine, calls };
}

const SPANS = spansOfKeys([Uint8Array.of(2), Uint8Array.of(1), Uint8Array.of(2)]);
const failing = (code: string) => async (): Promise<never> => {
  throw Object.assign(new Error(code), { code });
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('writeIfUnchanged', () => {
  it('runs the step once, on no snapshot, if the engine has no conditions', async () => {
    const { engine, calls } = engineOf(false);
    const bases: unknown[] = [];
    await writeIfUnchanged(engine, SPANS, undefined, async (basis) => bases.push(basis));
    expect([bases, calls]).toEqual([[undefined], []]);
    const conflict = writeIfUnchanged(engine, SPANS, undefined, failing('SSTITCH_COMMIT_CONFLICT'));
    await expect(conflict).rejects.toThrow('SSTITCH_COMMIT_CONFLICT');
  });

  it('repeats the step after a conflict, each time on a new snapshot of the sorted spans', async () => {
    const { engine, calls } = engineOf(true);
    let runs = 0;
    const result = await writeIfUnchanged(engine, SPANS, undefined, async (basis) => {
      expect(basis).toBeDefined();
      runs += 1;
      if (runs < 3) await failing('SSTITCH_COMMIT_CONFLICT')();
      return runs;
    });
    expect(result).toBe(3);
    expect(calls).toEqual(Array(3).fill(['snapshot 1,2', 'close']).flat());
  });

  it('gives up after 20 conflicts, with the error of the last', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { engine, calls } = engineOf(true);
    const writing = writeIfUnchanged(engine, SPANS, undefined, failing('SSTITCH_COMMIT_CONFLICT'));
    await expect(writing).rejects.toMatchObject({ code: 'SSTITCH_COMMIT_CONFLICT' });
    expect(calls).toHaveLength(2 * 20);
  });

  it('does not repeat a step whose outcome is unknown, or that failed otherwise', async () => {
    const { engine, calls } = engineOf(true);
    const writing = writeIfUnchanged(engine, SPANS, undefined, failing('SSTITCH_COMMIT_UNKNOWN'));
    await expect(writing).rejects.toThrow('SSTITCH_COMMIT_UNKNOWN');
    expect(calls).toEqual(['snapshot 1,2', 'close']);
  });

  it('ends with an AbortError between two runs, and keeps the reason', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const { engine } = engineOf(true);
    const controller = new AbortController();
    const reason = new Error('not wanted');
    let runs = 0;
    const writing = writeIfUnchanged(engine, SPANS, controller.signal, async () => {
      runs += 1;
      setTimeout(() => controller.abort(reason));
      await failing('SSTITCH_COMMIT_CONFLICT')();
    });
    await expect(writing).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(runs).toBe(1);
  });

  it('ends the wait for another writer when the signal fires', async () => {
    const { engine } = engineOf(false);
    let release: () => void = () => undefined;
    const writing = withWriteLock(
      engine,
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const aborting = new AbortController();
    const step = vi.fn(async () => undefined);
    const waiting = writeIfUnchanged(engine, SPANS, aborting.signal, step).catch(
      (error: unknown) => error,
    );
    const cause = new Error('enough');
    aborting.abort(cause);
    setImmediate(() => release());
    await writing;
    expect(await waiting).toMatchObject({ code: 'SSTITCH_ABORTED', cause });
    expect(step).not.toHaveBeenCalled();
  });
});
