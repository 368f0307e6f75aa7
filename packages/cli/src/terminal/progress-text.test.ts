import { describe, expect, it } from 'vitest';
import { progressText } from './progress-text.js';

const COLUMNS = 100;
const settled = { elapsedMs: 2000, advanced: 5000 };

describe('progress', () => {
  it('is only the description if nothing is counted', () => {
    expect(progressText({ doing: 'committing' }, settled, COLUMNS)).toBe('committing');
  });

  it('has a count and a rate if the total is unknown', () => {
    const progress = { doing: 'reading', done: 5000, unit: 'records' };
    expect(progressText(progress, settled, COLUMNS)).toBe('reading: 5,000 records, 2,500/s');
  });

  it('has a bar, a rate and the remaining time if the total is known', () => {
    const progress = { doing: 'checking', done: 5000, total: 20_000, unit: 'tables' };
    expect(progressText(progress, settled, COLUMNS)).toBe(
      'checking  25 % [######..................] 5,000 of 20,000 tables, 2,500/s, 6 s left',
    );
  });

  it('counts bytes in units of their size', () => {
    const progress = { doing: 'reading', done: 5_000_000, total: 2_000_000_000, unit: 'bytes' };
    const pace = { elapsedMs: 10_000, advanced: 5_000_000 };
    expect(progressText(progress, pace, COLUMNS)).toBe(
      'reading   0 % [........................] 5.0 MB of 2.0 GB, 500 KB/s, 1 h 6 min left',
    );
  });

  it('has no rate in the first second, and no remaining time at the end', () => {
    const progress = { doing: 'checking', done: 3, total: 3, unit: 'tables' };
    const end = 'checking 100 % [########################] 3 of 3 tables';
    expect(progressText(progress, { elapsedMs: 100, advanced: 3 }, COLUMNS)).toBe(end);
    expect(progressText(progress, { elapsedMs: 3000, advanced: 3 }, COLUMNS)).toBe(`${end}, 1/s`);
    // More than the total, which may be an estimate.
    const more = progressText({ ...progress, done: 4 }, settled, COLUMNS);
    expect(more).toContain('100 %');
    expect(more).toContain('4 of 4 tables');
  });

  it('drops the bar first to fit the line', () => {
    const progress = { doing: 'checking', done: 5000, total: 20_000, unit: 'tables' };
    expect(progressText(progress, settled, 60)).toBe(
      'checking  25 % 5,000 of 20,000 tables, 2,500/s, 6 s left',
    );
    expect(progressText(progress, settled, 10)).toBe('checking  ');
  });
});
