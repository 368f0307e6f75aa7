import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Io } from './io.js';
import { ProgressLine } from './progress-line.js';

const CLEAR_LINE = '\r\u001b[2K';

let written: string[];
let progress: ProgressLine;

function lineOn(isTerminal: boolean, term = 'xterm'): ProgressLine {
  const output = {
    isTerminal,
    columns: 100,
    write: async (content: string | Uint8Array) => {
      written.push(String(content));
    },
  };
  const io: Io = {
    ...{ stdout: output, stderr: output, env: { TERM: term } },
    ...{ signal: new AbortController().signal, ask: async () => undefined },
    async *stdin() {},
  };
  return new ProgressLine(io);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  written = [];
  progress = lineOn(true);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the progress line', () => {
  it('shows a new step at once, because it may be long and report nothing else', () => {
    progress.update({ doing: 'reading' });
    progress.update({ doing: 'committing' });
    expect(written).toEqual([`${CLEAR_LINE}reading`, `${CLEAR_LINE}committing`]);
  });

  it('shows a step again only after some time', () => {
    for (let done = 1; done <= 1000; done++) {
      progress.update({ doing: 'reading', done, unit: 'keys' });
      vi.advanceTimersByTime(1);
    }
    expect(written.length).toBe(10);
  });

  it('measures the rate of each step from its own start', () => {
    progress.update({ doing: 'reading', done: 0, total: 100, unit: 'keys' });
    vi.advanceTimersByTime(10_000);
    progress.update({ doing: 'writing', done: 50, total: 100, unit: 'keys' });
    vi.advanceTimersByTime(2000);
    progress.update({ doing: 'writing', done: 60, total: 100, unit: 'keys' });
    expect(written.at(-1)).toContain('60 of 100 keys, 5/s, 8 s left');
  });

  it('is erased before anything else is written, once', async () => {
    progress.update({ doing: 'reading' });
    await progress.clear();
    await progress.clear();
    expect(written).toEqual([`${CLEAR_LINE}reading`, CLEAR_LINE]);
  });

  it.each([
    ['that is no terminal', () => lineOn(false)],
    ['that is dumb', () => lineOn(true, 'dumb')],
    [
      'after it was hidden',
      () => {
        const line = lineOn(true);
        line.hide();
        return line;
      },
    ],
  ])('shows nothing on an output %s', (_, line) => {
    const hidden = line();
    hidden.update({ doing: 'reading' });
    expect(written).toEqual([]);
    expect([hidden.isShown, hidden.isDue]).toEqual([false, false]);
  });
});
