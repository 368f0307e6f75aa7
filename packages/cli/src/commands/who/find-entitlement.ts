// Finds the entitlement that a text on the command line names.
import type { ReadableEngine } from '@sstitch/contract';
import { type EntitlementRecord, SyncReader } from '@sstitch/records';
import { CliError, usageError } from '../../errors.js';
import { keyOf, type RecordNames } from '../../records/record-names.js';
import type { SearchOptions } from './find-resource.js';

/** How many of the matching entitlements a message names. */
const MAX_NAMED = 5;
/** Between a resource and its entitlement, as `who` prints them. */
const SEPARATOR = ': ';

/**
 * Finds the entitlement that a text names: by its id; by its display name, its slug, or its name as `who` prints it,
 * in any case, if it is the only one; or by a part of one of these that matches no other.
 *
 * @returns its id
 * @throws CliError SSTITCH_NAME_NOT_FOUND; SSTITCH_USAGE if the text may be any of several
 */
export async function findEntitlement(
  engine: ReadableEngine,
  syncId: string,
  text: string,
  names: RecordNames,
  { signal, onRead }: SearchOptions,
): Promise<string> {
  const reader = new SyncReader(engine);
  if ((await reader.getEntitlement(syncId, text)) !== undefined) return text;
  const wanted = text.toLowerCase();
  const [exact, partial]: [EntitlementRecord[], EntitlementRecord[]] = [[], []];
  let read = 0;
  for await (const entitlement of reader.listEntitlements(syncId, { signal })) {
    onRead(read++);
    if (exact.length > MAX_NAMED) break;
    if (await isNamed(entitlement, wanted, names)) exact.push(entitlement);
    else if (partial.length <= MAX_NAMED && isPart(entitlement, wanted)) partial.push(entitlement);
  }
  const fitting = exact.length > 0 ? exact : partial;
  const [only, ...others] = fitting;
  if (only === undefined) {
    // Grants may name an entitlement without a record.
    const grants = reader.listGrantsByEntitlement(syncId, text, { limit: 1, signal });
    for await (const _grant of grants) return text;
    throw new CliError(
      'SSTITCH_NAME_NOT_FOUND',
      `the sync holds no entitlement ${JSON.stringify(text)}: --resource shows those of a resource, \`sstitch scan STORE --bucket entitlement\` those of a store`,
    );
  }
  if (others.length === 0) return only.externalId;
  const named = fitting.slice(0, MAX_NAMED).map(described);
  const more = fitting.length > MAX_NAMED ? ', …' : '';
  throw usageError(
    `${JSON.stringify(text)} may be any of ${named.join(', ')}${more}: name the entitlement by its id`,
  );
}

async function isNamed(
  { displayName, slug, resource }: EntitlementRecord,
  wanted: string,
  names: RecordNames,
): Promise<boolean> {
  for (const name of [displayName, slug]) {
    if (name === '') continue;
    const folded = name.toLowerCase();
    if (folded === wanted) return true;
    if (resource === undefined || !wanted.endsWith(`${SEPARATOR}${folded}`)) continue;
    const label = `${await names.resource(resource)}${SEPARATOR}${name}`;
    if (label.toLowerCase() === wanted) return true;
  }
  return false;
}

function isPart({ displayName, slug, externalId }: EntitlementRecord, wanted: string): boolean {
  return [displayName, slug, externalId].some((name) => name.toLowerCase().includes(wanted));
}

/** `keys:open "Open" of vault/keys`. */
function described({ externalId, displayName, slug, resource }: EntitlementRecord): string {
  const of = resource === undefined ? '' : ` of ${keyOf(resource)}`;
  return `${externalId} ${JSON.stringify(displayName || slug)}${of}`;
}
