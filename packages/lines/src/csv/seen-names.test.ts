import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenNames } from './seen-names.js';

test('SeenNames answers as a map from records to names does', async () => {
  const word = fc.constantFrom('', 'a', 'b', '","', 'ann');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.array(word, { maxLength: 3 }), word)),
      async (entries) => {
        const seen = await SeenNames.create();
        const model = new Map<string, string>();
        for (const [key, name] of entries) {
          const known = model.get(JSON.stringify(key));
          const expected = known === undefined ? 'new' : known === name ? 'same' : 'different';
          expect(seen.add(key, [name])).toBe(expected);
          if (known === undefined) model.set(JSON.stringify(key), name);
        }
        expect(seen.count).toBe(model.size);
      },
    ),
  );
});

test('SeenNames keeps every entry as it grows', async () => {
  const seen = await SeenNames.create();
  for (let at = 0; at < 20_000; at++) expect(seen.add([`${at}`], ['n'])).toBe('new');
  for (let at = 0; at < 20_000; at++) expect(seen.add([`${at}`], ['n'])).toBe('same');
  expect(seen.count).toBe(20_000);
});
