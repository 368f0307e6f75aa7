// Opens the files of the payload of a format 3 file in any encoding.
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadableFileSystem } from '@sstitch/pebble';
import { checkDecodedSize, decodeStream, loadDecoder } from '../envelope/decode-zstd.js';
import { readFrameIndex } from '../envelope/frame-index.js';
import type { InputFile } from '../envelope/input-range.js';
import type { Manifest } from '../envelope/manifest.js';
import { FramedFiles, TarFiles } from '../envelope/payload.js';
import { Spool } from '../envelope/spool.js';
import { readTarIndex } from '../envelope/tar-index.js';
import { loadXxhash } from '../envelope/xxhash64.js';
import { C1zError } from '../errors.js';
import { PayloadEncoding } from '../gen/c1/c1z/v3/manifest_pb.js';
import type { C1zLimits, C1zProgress } from '../options.js';
import { appendToPrivateFile, newPrivateFile } from '../private-file.js';

/** The files of a payload. */
export interface Payload {
  readonly fileSystem: ReadableFileSystem;
  readonly decodedBytes: number;
  /** Releases the resources of the files, none of which may be open. */
  close(): void;
}

const TAR_FILE = 'payload.tar';

/**
 * Opens the files of a payload.
 * @param directory the directory for decoded files; its owner removes it
 * @throws C1zError SSTITCH_C1Z_FORMAT_UNSUPPORTED, SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE,
 * SSTITCH_FILE_OPERATION
 */
export async function openPayload(
  file: InputFile,
  manifest: Manifest,
  directory: string,
  limits: C1zLimits,
  onProgress: (progress: C1zProgress) => void | Promise<void>,
): Promise<Payload> {
  const range = { file, start: manifest.payloadStart, end: file.fileBytes };
  switch (manifest.payloadEncoding) {
    case PayloadEncoding.INDEXED_ZSTD: {
      await loadDecoder();
      await loadXxhash();
      const frames = readFrameIndex(file, manifest, limits);
      const fileSystem = new FramedFiles(file, frames, new Spool(directory));
      return { fileSystem, decodedBytes: fileSystem.sizeBytes, close: () => {} };
    }
    case PayloadEncoding.TAR: {
      const decodedBytes = range.end - range.start;
      checkDecodedSize(decodedBytes, { file, part: 'tar' }, limits);
      const fileSystem = new TarFiles(file, readTarIndex({ ...range, part: 'tar' }));
      return { fileSystem, decodedBytes, close: () => {} };
    }
    case PayloadEncoding.TAR_ZSTD: {
      const part = 'zstd stream of the payload';
      const path = join(directory, TAR_FILE);
      const target = newPrivateFile(path, file.path);
      try {
        const write = (bytes: Uint8Array) => appendToPrivateFile(target, bytes, file.path);
        const tarBytes = await decodeStream({ ...range, part }, write, limits, onProgress);
        const tar: InputFile = { fileDescriptor: target, path: file.path, fileBytes: tarBytes };
        const files = readTarIndex({ file: tar, part: 'tar', start: 0, end: tarBytes });
        const close = () => closeSync(target);
        return { fileSystem: new TarFiles(tar, files), decodedBytes: tarBytes, close };
      } catch (error) {
        closeSync(target);
        throw error;
      }
    }
    default:
      throw new C1zError(
        'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
        `the payload has the unknown encoding ${manifest.payloadEncoding}: read the file with a newer @sstitch/c1z`,
        { path: file.path, part: 'manifest' },
      );
  }
}
