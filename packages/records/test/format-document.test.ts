// Checks docs/formats/records.md against the messages.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { file_c1_storage_v3_records } from '../src/gen/c1/storage/v3/records_pb.js';
import { RECORD_SCHEMAS } from '../src/record-types.js';

const document = readFileSync(new URL('../../../docs/formats/records.md', import.meta.url), 'utf8');

test('docs/formats/records.md lists every field of the messages with its number', () => {
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

test('docs/formats/records.md lists every other message in the table of parts', () => {
  const rows = [...document.matchAll(/^\| (\w+) \| (\w+=.*) \|$/gm)].map(([, message, fields]) => [
    message,
    (fields ?? '').split(', '),
  ]);
  const records = Object.values(RECORD_SCHEMAS).map(({ typeName }) => typeName);
  const parts = file_c1_storage_v3_records.messages.filter(
    ({ typeName }) => !(records as string[]).includes(typeName),
  );
  expect(rows).toEqual(
    parts.map(({ name, fields }) => [name, fields.map((field) => `${field.name}=${field.number}`)]),
  );
});
