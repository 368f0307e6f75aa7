// Parses the values of arguments and options. A refused value is wrong usage: nothing has been touched yet.
import { InvalidArgumentError } from 'commander';
import type { PathKind, ValueSpec } from './command-spec.js';
import { isClusterName, parseClusterDatabase, parseClusterName } from './store-name.js';
import { isSyncReference } from './sync-reference.js';

/**
 * Parses the text of a value.
 *
 * @param before the values of earlier occurrences, for an option that takes several
 * @throws InvalidArgumentError
 */
export function parseValue(spec: ValueSpec, text: string, before?: unknown): unknown {
  switch (spec.type) {
    case 'text':
      return text;
    case 'choice':
      if (spec.choices.includes(text)) return text;
      throw new InvalidArgumentError(
        `${JSON.stringify(text)} is not one of ${spec.choices.join(', ')}`,
      );
    case 'path':
      return parsePath(spec.of, text);
    case 'hex':
      return parseHex(text);
    case 'count':
      return parseCount(text, spec.least, spec.most);
    case 'sync':
      return parseSync(text);
    case 'syncs':
      return parseSyncs(text, before as readonly string[] | undefined);
  }
}

/** What an address names, and one. */
const ADDRESSES = {
  'cluster store': ['a store on a cluster', 'postgres://host/database/store'],
  'cluster database': ['a database with stores', 'postgres://host/database'],
} as const;

function parsePath(kind: PathKind, text: string): string {
  if (text === '') {
    const what = kind === 'store directory' ? 'store' : kind;
    throw new InvalidArgumentError(`the path of the ${what} is empty`);
  }
  if (!isClusterName(text)) {
    const [scheme] = /^[a-z][a-z0-9+.-]+:\/\//i.exec(text) ?? [];
    if (scheme !== undefined && kind !== 'file' && kind !== 'directory') {
      throw new InvalidArgumentError(
        `the address of a store begins with postgres:// or cassandra://, not ${scheme}`,
      );
    }
    if (kind === 'cluster store' || kind === 'cluster database') {
      const [what, example] = ADDRESSES[kind];
      throw new InvalidArgumentError(
        `${JSON.stringify(text)} is not the address of ${what}, such as ${example}`,
      );
    }
    return text;
  }
  if (kind === 'cluster database') {
    parseClusterDatabase(text);
    return text;
  }
  parseClusterName(text);
  if (kind === 'store' || kind === 'cluster store') return text;
  throw new InvalidArgumentError(
    kind === 'store directory'
      ? 'this command needs a store in a directory; this one is on a cluster'
      : `the address of a store on a cluster is not a ${kind}`,
  );
}

function parseSync(text: string): string {
  if (isSyncReference(text)) return text;
  throw new InvalidArgumentError(
    `${JSON.stringify(text)} does not name a sync: use an id, the beginning of one, latest, latest-finished, or @2`,
  );
}

function parseSyncs(text: string, before: readonly string[] = []): readonly string[] {
  const syncs = [...before, ...text.split(',').map((part) => parseSync(part.trim()))];
  const twice = syncs.find((sync, at) => syncs.indexOf(sync) !== at);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is given twice`);
  return syncs;
}

function parseCount(text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const bound =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not an integer ${bound}`);
}

function parseHex(text: string): Uint8Array {
  if (/^([0-9a-fA-F]{2})*$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not bytes in hex`);
}
