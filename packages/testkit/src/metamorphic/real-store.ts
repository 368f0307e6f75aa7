import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '@sstitch/engine';

export type ByteStore = Store<Uint8Array, Uint8Array>;

/** Small tables and a small write buffer: even little data makes levels and compactions. */
export const SMALL = {
  writeBufferSize: 64 * 1024,
  maxFileSize: 64 * 1024,
  blockSize: 1024,
  narrowTablesFromBytes: 0,
};

export async function openStore(folder: string, options: object = {}): Promise<ByteStore> {
  const store: ByteStore = new Store<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    ...options,
  });
  await store.open();
  return store;
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sstitch-testkit-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
