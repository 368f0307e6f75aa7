// Serves the files of a payload through the file system port of Pebble's reader. A frame is decoded when its
// file is opened, and removed when its last reader closes it.
import { basename } from 'node:path';
import type { ReadableFileSystem } from '@sstitch/pebble';
import { C1zError } from '../errors.js';
import { decodeFrame } from './decode-zstd.js';
import type { Frame } from './frame-index.js';
import { type InputFile, readSome } from './input-range.js';
import type { Spool, SpooledFile } from './spool.js';
import type { TarFile } from './tar-index.js';
import { newXxhash64 } from './xxhash64.js';

/** The virtual directory of all files of a payload. */
export const PAYLOAD_DIRECTORY = '/payload';

type FileHandle = ReturnType<ReadableFileSystem['open']>;

/** The bytes of an open file. */
interface Content {
  read(target: Uint8Array, position: number): number;
  /** Called when the last handle is closed. */
  release(): void;
}

abstract class PayloadFiles<Entry extends { readonly sizeBytes: number }>
  implements ReadableFileSystem
{
  /** The files by name. */
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #open = new Map<string, { readonly content: Content; users: number }>();

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  /** The total size of the files. */
  get sizeBytes(): number {
    let sum = 0;
    for (const { sizeBytes } of this.#entries.values()) sum += sizeBytes;
    return sum;
  }

  readdir(): string[] {
    return [...this.#entries.keys()].sort();
  }

  status(path: string) {
    const { sizeBytes } = this.#entry(path);
    return { kind: 'file' as const, sizeBytes, mode: 0o600, links: 1 };
  }

  open(path: string): FileHandle {
    const entry = this.#entry(path);
    const name = basename(path);
    const opened = this.#open.get(name) ?? { content: this.contentOf(entry), users: 0 };
    this.#open.set(name, opened);
    opened.users += 1;
    let isOpen = true;
    return {
      read: (target, position) => opened.content.read(target, position),
      sizeBytes: () => entry.sizeBytes,
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        opened.users -= 1;
        if (opened.users > 0) return;
        this.#open.delete(name);
        opened.content.release();
      },
      write: readOnly,
      sync: readOnly,
    };
  }

  protected abstract contentOf(entry: Entry): Content;

  #entry(path: string): Entry {
    const entry = this.#entries.get(basename(path));
    if (entry !== undefined) return entry;
    throw Object.assign(new Error(`ENOENT: no such file, '${path}'`), { code: 'ENOENT' });
  }
}

/** The files of an indexed payload. */
export class FramedFiles extends PayloadFiles<Frame> {
  readonly #file: InputFile;
  readonly #spool: Spool;

  constructor(file: InputFile, frames: ReadonlyMap<string, Frame>, spool: Spool) {
    super(frames);
    this.#file = file;
    this.#spool = spool;
  }

  protected contentOf(frame: Frame): Content {
    const spooled = this.#spool.newFile(frame.sizeBytes);
    try {
      this.#decode(frame, spooled);
    } catch (error) {
      spooled.remove();
      throw error;
    }
    return {
      read: (target, position) => spooled.read(target, position),
      release: () => spooled.remove(),
    };
  }

  #decode({ name, start, end, sizeBytes, xxhash64 }: Frame, spooled: SpooledFile): void {
    const hash = newXxhash64();
    const range = { file: this.#file, part: name, start, end };
    const decodedBytes = decodeFrame(range, sizeBytes, (bytes) => {
      hash.update(bytes);
      spooled.write(bytes);
    });
    if (decodedBytes === sizeBytes && hash.digest() === xxhash64) return;
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      'the frame of this file does not match the index: it is damaged; copy the file again from its origin',
      { path: this.#file.path, part: name, offset: start },
    );
  }
}

/** The files of a tar. */
export class TarFiles extends PayloadFiles<TarFile> {
  readonly #file: InputFile;

  /** @param file the file that holds the tar */
  constructor(file: InputFile, files: ReadonlyMap<string, TarFile>) {
    super(files);
    this.#file = file;
  }

  protected contentOf({ name, start, sizeBytes }: TarFile): Content {
    const range = { file: this.#file, part: name, start, end: start + sizeBytes };
    return {
      read: (target, position) => readSome(range, start + position, target),
      release: () => {},
    };
  }
}

function readOnly(): never {
  throw new Error('a payload is read-only');
}
