// Checks docs/formats/table-additions.md against the code.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  FILTER_KEY,
  PROPERTIES_KEY,
  SEALED_KEY,
  SHARED_PART_KEY,
} from './encoding/table-format.js';

const document = readFileSync(
  new URL('../../../docs/formats/table-additions.md', import.meta.url),
  'utf8',
);

test('docs/formats/table-additions.md names the metaindex keys that tables have', () => {
  const named = [...document.matchAll(/^\| (virtual table|seal|properties) \| `([\w.]+)` \|/gm)];
  expect(named.map(([, addition, key]) => [addition, key])).toEqual([
    ['virtual table', SHARED_PART_KEY],
    ['seal', SEALED_KEY],
    ['properties', PROPERTIES_KEY],
  ]);
  expect(document).toContain(`\`${FILTER_KEY}\``);
});
