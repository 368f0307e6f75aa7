// Finds the resource that a text on the command line names.
import { searchResources } from '@sstitch/access';
import type { ReadableEngine } from '@sstitch/contract';
import { type ResourceName, type ResourceRecord, SyncReader } from '@sstitch/records';
import { CliError, usageError } from '../../errors.js';
import { keyOf } from '../../records/record-names.js';

/** How many of the matching resources a message names. */
const MAX_NAMED = 5;
const SEPARATOR = '/';
/** How many resources are read between two reports of progress. */
const PAGE_RESOURCES = 10_000;

/** How to search. */
export interface SearchOptions {
  readonly signal: AbortSignal;
  /** Called from time to time with the number of records read so far. */
  readonly onRead: (records: number) => void;
}

/**
 * Finds the resource that a text names: by `type/id`; by its whole name or id, if it is the only one; or by a part of one
 * of these that matches no other.
 *
 * @param what the kind of resource, for messages
 * @throws CliError SSTITCH_NAME_NOT_FOUND; SSTITCH_USAGE if the text may be any of several
 */
export async function findResource(
  engine: ReadableEngine,
  syncId: string,
  text: string,
  what: string,
  { signal, onRead }: SearchOptions,
): Promise<ResourceName> {
  const named = resourcesNamed(text);
  const reader = new SyncReader(engine);
  for (const each of named) if (await isHeld(reader, syncId, each, signal)) return each;
  const [exact, partial]: [ResourceRecord[], ResourceRecord[]] = [[], []];
  let read = 0;
  for (let after: ResourceRecord | undefined; ; read += PAGE_RESOURCES) {
    onRead(read);
    const page = { after, limit: PAGE_RESOURCES, maxScanned: PAGE_RESOURCES, signal };
    const { resources, last } = await searchResources(engine, syncId, text, page);
    for (const resource of resources) {
      if (isNamed(resource, text)) exact.push(resource);
      else if (partial.length <= MAX_NAMED) partial.push(resource);
    }
    after = last;
    // Any number of resources may have a part of their name in common with one that has the whole name.
    if (after === undefined || exact.length > MAX_NAMED) break;
  }
  const fitting = exact.length > 0 ? exact : partial;
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined) {
    // A mistyped name: the answer, that it has nothing, says so.
    const [mistyped] = named;
    if (mistyped !== undefined) return mistyped;
    throw new CliError(
      'SSTITCH_NAME_NOT_FOUND',
      `the sync holds no ${what} ${JSON.stringify(text)}: name it by type/id, or by a part of its name; \`sstitch scan STORE --bucket resource\` shows those that it holds`,
    );
  }
  const names = fitting
    .slice(0, MAX_NAMED)
    .map((each) => `${keyOf(each)} ${JSON.stringify(each.displayName)}`);
  const more = fitting.length > MAX_NAMED ? ', …' : '';
  throw usageError(
    `${JSON.stringify(text)} may be any of ${names.join(', ')}${more}: name the ${what} by type/id`,
  );
}

/** Whether the sync has a record of a resource, a grant to it, or an entitlement of it. */
async function isHeld(
  reader: SyncReader,
  syncId: string,
  name: ResourceName,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await reader.getResource(syncId, name)) !== undefined) return true;
  const one = { limit: 1, signal };
  for await (const _grant of reader.listGrantsByPrincipal(syncId, name, one)) return true;
  for await (const _own of reader.listEntitlementsByResource(syncId, name, one)) return true;
  return false;
}

function isNamed({ displayName, resourceId }: ResourceRecord, text: string): boolean {
  return displayName === text || resourceId === text;
}

/** The resources that a text names by `type/id`: several, if it has several separators, which a type can contain too. */
function resourcesNamed(text: string): readonly ResourceName[] {
  const parts = text.split(SEPARATOR);
  return parts
    .slice(1)
    .map((_, at) => ({
      resourceTypeId: parts.slice(0, at + 1).join(SEPARATOR),
      resourceId: parts.slice(at + 1).join(SEPARATOR),
    }))
    .filter(({ resourceTypeId }) => resourceTypeId !== '');
}
