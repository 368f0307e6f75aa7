import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { expect, test } from 'vitest';

const BUILT = new URL('../../dist/', import.meta.url);

/** The packages that a module of the built package loads, with the chunks that it imports. */
function packagesOf(name: string): string[] {
  const text = readFileSync(new URL(name, BUILT), 'utf8');
  const imports = [...text.matchAll(/^(?:import|\}) .*?"([^"]+)";$/gm)];
  return imports.flatMap(([, specifier = '']) => {
    if (specifier.startsWith('./')) return packagesOf(specifier);
    return isBuiltin(specifier) ? [] : [specifier];
  });
}

test('a worker thread loads what reads and writes tables, and not LevelDB', () => {
  expect([...new Set(packagesOf('worker.js'))].sort()).toEqual([
    '@sstitch/contract',
    '@sstitch/sst',
    '@sstitch/sst/file-format',
  ]);
});
