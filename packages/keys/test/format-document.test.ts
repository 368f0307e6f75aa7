// Checks docs/formats/keys.md against the code.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUCKETS } from '../src/index.js';

const document = readFileSync(new URL('../../../docs/formats/keys.md', import.meta.url), 'utf8');

test('docs/formats/keys.md lists the buckets as the code does, in the same order', () => {
  const rows = [...document.matchAll(/^\| `(\w+)` \| (03 [0-9a-f ]+) \| ?(.*) ?\|$/gm)].map(
    ([, bucket, prefix, elements]) => ({
      bucket,
      prefix,
      elements: (elements ?? '').split(',').map((element) => element.trim()),
    }),
  );
  const hex = (bytes: Uint8Array) =>
    [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  expect(rows).toEqual(
    BUCKETS.map(({ bucket, prefix, elements }) => ({
      bucket,
      prefix: hex(prefix),
      elements: elements.length === 0 ? [''] : [...elements],
    })),
  );
});
