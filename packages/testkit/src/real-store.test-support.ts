import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '@sstitch/engine';

export type ByteStore = Store<Uint8Array, Uint8Array>;

export async function openStore(directory: string, options: object = {}): Promise<ByteStore> {
  const store: ByteStore = new Store<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    ...options,
  });
  await store.open();
  return store;
}

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sstitch-testkit-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
