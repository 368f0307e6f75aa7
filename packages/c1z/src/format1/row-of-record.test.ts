// Compares the rows of records from files of Baton's SDK with the messages that the SDK derives from the same records.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { toHex } from '@sstitch/keys';
import { decodeRecord } from '@sstitch/records';
import { describe, expect, test } from 'vitest';
import { SAMPLE_NAMES, sampleMessages, sampleRecords } from '../../test/samples.js';
import { GrantExpandableSchema, GrantSchema } from '../gen/c1/connector/v2/connector_pb.js';
import { entitlementRow, grantRow, resourceRow, resourceTypeRow } from './row-of-record.js';
import { UTC } from './zones.js';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const NO_KEY = new Uint8Array(0);

/** The SDK returns an expansion as the last annotation; a row has it in a column. */
function withExpansion(data: Uint8Array, expansion: Uint8Array | null): Uint8Array {
  if (expansion === null) return data;
  const message = fromBinary(GrantSchema, data);
  const annotation = anyPack(GrantExpandableSchema, fromBinary(GrantExpandableSchema, expansion));
  return toBinary(
    GrantSchema,
    create(GrantSchema, { ...message, annotations: [...message.annotations, annotation] }),
  );
}

function messageOf(type: string, value: Uint8Array): Uint8Array | undefined {
  switch (type) {
    case 'resource_type':
      return resourceTypeRow(decodeRecord(type, NO_KEY, value), UTC).data;
    case 'resource':
      return resourceRow(decodeRecord(type, NO_KEY, value), UTC).data;
    case 'entitlement':
      return entitlementRow(decodeRecord(type, NO_KEY, value), UTC).data;
    case 'grant': {
      const { data, expansion } = grantRow(decodeRecord(type, NO_KEY, value), UTC);
      return withExpansion(data, expansion);
    }
    default:
      return undefined;
  }
}

describe.runIf(SAMPLE_NAMES.length > 0).each(SAMPLE_NAMES)(
  'the records of the sample %s',
  (name) => {
    const expected = sampleMessages(name).map(({ type, pb }) => `${type} ${pb}`);

    test.runIf(expected.length > 0)('become the messages that the SDK derives from them', () => {
      const found = sampleRecords(name).flatMap(({ type, pb }) => {
        const message = messageOf(type, bytes(pb));
        return message === undefined ? [] : [`${type} ${toHex(message)}`];
      });
      expect(found.sort()).toEqual(expected.sort());
    });
  },
);

describe.runIf(SAMPLE_NAMES.length === 0)('samples', () => {
  test.skip('are skipped: ../shared/data/c1z3 is missing', () => {});
});
