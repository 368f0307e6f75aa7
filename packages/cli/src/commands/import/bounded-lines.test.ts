import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testDirectory } from '../../../test/in-process.js';
import { boundedLines } from './bounded-lines.js';

const LIMIT = 100;

async function linesOf(text: string): Promise<string[]> {
  const path = join(testDirectory(), 'lines');
  writeFileSync(path, text);
  const lines: string[] = [];
  const options = {
    maxLineCharacters: LIMIT,
    tooLong: (lineNumber: number) => new Error(`line ${lineNumber}`),
  };
  for await (const line of boundedLines(path, options)) lines.push(line);
  return lines;
}

describe('lines', () => {
  it('end with either line end, the last one with or without', async () => {
    expect(await linesOf('')).toEqual([]);
    expect(await linesOf('a\n\r\nb\r\nc')).toEqual(['a', '', 'b', 'c']);
    expect(await linesOf('a\n')).toEqual(['a']);
  });

  it('may be split anywhere by the chunks they come in, inside a character too', async () => {
    const long = Array.from({ length: 40_000 }, (_, index) => `ä${index}\u{1f600}`);
    expect(await linesOf(long.join('\n'))).toEqual(long);
  });

  it('over the limit are refused with their number', async () => {
    expect(await linesOf('x'.repeat(LIMIT))).toHaveLength(1);
    await expect(linesOf(`a\n${'x'.repeat(LIMIT + 1)}\nb`)).rejects.toThrow('line 2');
    await expect(linesOf('x'.repeat(1_000_000))).rejects.toThrow('line 1');
  });
});
