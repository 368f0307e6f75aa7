import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Flips a byte of the store's first table. */
export function damageTable(store: string): void {
  const generation = join(store, readFileSync(join(store, 'CURRENT'), 'latin1').trim());
  const name = readdirSync(generation).find((file) => file.endsWith('.ldb')) ?? '';
  const bytes = readFileSync(join(generation, name));
  bytes.writeUInt8(bytes.readUInt8(10) ^ 0xff, 10);
  // Writes a new file, because links share the old one.
  unlinkSync(join(generation, name));
  writeFileSync(join(generation, name), bytes);
}
