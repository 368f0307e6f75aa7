// Unpacks the files of the payload of a .c1z file of format 3. It trusts the file, so it is only for samples.

import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readManifest } from '../src/envelope/manifest.js';
import { PAYLOAD_DIRECTORY } from '../src/envelope/payload.js';
import { openPayload } from '../src/format3/open-payload.js';
import { checkLimits } from '../src/options.js';
import type { Files } from './format3-databases.js';

export async function unpackFormat3(
  bytes: Uint8Array,
): Promise<{ readonly engine: string; readonly files: Files }> {
  const directory = await mkdtemp(join(tmpdir(), 'unpack-format3-'));
  const path = join(directory, 'file.c1z');
  await writeFile(path, bytes);
  const fileDescriptor = openSync(path, 'r');
  try {
    const file = { fileDescriptor, path, fileBytes: bytes.length };
    const manifest = readManifest(file);
    const limits = checkLimits({}, 3, bytes.length);
    const { fileSystem, close } = await openPayload(file, manifest, directory, limits, () => {});
    const files = new Map<string, Uint8Array>();
    for (const name of fileSystem.readdir(PAYLOAD_DIRECTORY)) {
      const handle = fileSystem.open(join(PAYLOAD_DIRECTORY, name), 'read');
      const content = new Uint8Array(handle.sizeBytes());
      handle.read(content, 0);
      handle.close();
      files.set(basename(name), content);
    }
    close();
    return { engine: manifest.engine, files };
  } finally {
    closeSync(fileDescriptor);
    await rm(directory, { recursive: true });
  }
}
