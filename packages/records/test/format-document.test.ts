// docs/formats/records.md says what the messages are.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RECORD_SCHEMAS } from '../src/record-types.js';

const document = readFileSync(new URL('../../../docs/formats/records.md', import.meta.url), 'utf8');

test('the table of messages in docs/formats/records.md has every field with its number', () => {
  const rows = [...document.matchAll(/^\| `(\w+)` \| (\w+Record) \| (.*) \|$/gm)].map(
    ([, bucket, message, fields]) => [bucket, message, (fields ?? '').split(', ')],
  );
  expect(rows).toEqual(
    Object.entries(RECORD_SCHEMAS).map(([bucket, schema]) => [
      bucket,
      schema.name,
      schema.fields.map((field) => `${field.name}=${field.number}`),
    ]),
  );
});
