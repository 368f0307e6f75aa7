import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { byteEncodings, type ReadableEngine } from '@sstitch/contract';
import { parseKey } from '@sstitch/keys';
import { RecordsError, type RecordsErrorCode } from '../src/errors.js';
import * as gen from '../src/gen/c1/storage/v3/records_pb.js';

/** The sync that most tests fill. */
export const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
/** A neighbouring sync, whose data must not change. */
export const OTHER_SYNC = '36zfOAoWMxQdISbixanQCRBiX7F';

export function resourceType(externalId: string, syncId = SYNC): gen.ResourceTypeRecord {
  return create(gen.ResourceTypeRecordSchema, { syncId, externalId, displayName: externalId });
}

/** Creates a resource named 'type:id', with a parent named the same way. */
export function resource(name: string, parent?: string, syncId = SYNC): gen.ResourceRecord {
  return create(gen.ResourceRecordSchema, {
    syncId,
    ...nameOf(name),
    ...(parent === undefined ? {} : { parent: nameOf(parent) }),
  });
}

/** Creates an entitlement on the resource named 'type:id'. */
export function entitlement(externalId: string, on?: string, syncId = SYNC): gen.EntitlementRecord {
  return create(gen.EntitlementRecordSchema, {
    syncId,
    externalId,
    ...(on === undefined ? {} : { resource: nameOf(on) }),
  });
}

/** Creates a grant, by default of the membership in group:staff to user:ann. */
export function grant(
  externalId: string,
  more: Exclude<MessageInitShape<typeof gen.GrantRecordSchema>, gen.GrantRecord> = {},
): gen.GrantRecord {
  return create(gen.GrantRecordSchema, {
    syncId: SYNC,
    externalId,
    entitlement: { resourceTypeId: 'group', resourceId: 'staff', entitlementId: 'staff:member' },
    principal: { resourceTypeId: 'user', resourceId: 'ann' },
    ...more,
  });
}

export function asset(externalId: string, data: Uint8Array): gen.AssetRecord {
  return create(gen.AssetRecordSchema, {
    syncId: SYNC,
    externalId,
    contentType: 'image/png',
    data,
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Returns every key of the engine as readable text, 'bucket element/element', in key order. */
export async function readableKeys(engine: ReadableEngine, syncId = SYNC): Promise<string[]> {
  const iterator = engine.iterator({ ...byteEncodings });
  const lines: string[] = [];
  for (let entry = await iterator.next(); entry; entry = await iterator.next()) {
    const key = parseKey(entry[0]);
    if (key.syncId === syncId) lines.push(`${key.bucket} ${key.elements.join('/')}`.trim());
  }
  await iterator.close();
  return lines;
}

/** The code of the RecordsError with which `run` fails; undefined if it succeeds. */
export async function codeOf(run: () => unknown): Promise<RecordsErrorCode | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof RecordsError) return error.code;
    throw error;
  }
}

function nameOf(name: string): { resourceTypeId: string; resourceId: string } {
  const [resourceTypeId = '', resourceId = ''] = name.split(':');
  return { resourceTypeId, resourceId };
}
