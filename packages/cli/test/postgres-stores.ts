// A PostgreSQL server for the tests of one file, and addresses of stores on it.
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import { afterAll, beforeAll } from 'vitest';
import { sstitchJson } from './in-process.js';
import { expectValid } from './json-schemas.js';

export const isPostgresMissing = missingPostgres !== undefined;
if (isPostgresMissing) console.warn(`skipped: ${missingPostgres}`);

export interface PostgresStores {
  /** The address of the database. */
  url(): string;
  /** The address of a store that no other test has. */
  newAddress(): string;
}

/** Starts a server before the tests of the surrounding `describe`, and stops it after them. */
export function postgresStores(): PostgresStores {
  let server: PostgresServer;
  let stores = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  return {
    url: () => server.url,
    newAddress: () => {
      stores += 1;
      // Other processes may use the same server.
      return `${server.url}/tests%2F${process.pid}%2F${stores}`;
    },
  };
}

/** Runs a command with --json, whose document must match its schema. */
export async function valid<T = Record<string, unknown>>(
  name: string,
  ...line: readonly string[]
): Promise<T> {
  const document = await sstitchJson<T>(...name.split(' '), ...line);
  expectValid(name, document);
  return document;
}
