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
 * Finds the resource that a text names: by `type/id`, or by a part of a name or id that matches only one.
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
  const named = resourceNamed(text);
  const reader = new SyncReader(engine);
  if (named !== undefined && (await reader.getResource(syncId, named)) !== undefined) return named;
  const resources: ResourceRecord[] = [];
  let read = 0;
  for (let after: ResourceRecord | undefined; ; read += PAGE_RESOURCES) {
    onRead(read);
    const limit = MAX_NAMED + 1 - resources.length;
    const options = { after, limit, maxScanned: PAGE_RESOURCES, signal };
    const found = await searchResources(engine, syncId, text, options);
    resources.push(...found.resources);
    after = found.last;
    if (after === undefined || resources.length > MAX_NAMED) break;
  }
  const exact = resources.filter(
    ({ displayName, resourceId }) => displayName === text || resourceId === text,
  );
  const fitting = exact.length > 0 ? exact : resources;
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined) {
    // A principal without a record can also be named.
    if (named !== undefined) return named;
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

function resourceNamed(text: string): ResourceName | undefined {
  const at = text.indexOf(SEPARATOR);
  if (at <= 0) return undefined;
  return { resourceTypeId: text.slice(0, at), resourceId: text.slice(at + SEPARATOR.length) };
}
