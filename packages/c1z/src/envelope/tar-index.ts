// Lists the files of a plain tar by their headers. A tar has blocks of 512 bytes, and a header before each file:
//
//     0  100  name                   124  12  size, octal           156    1  type
//   100    8  mode, octal            148   8  sum of the bytes      345  155  prefix of the name
//
// The sum of the header's bytes counts its own field as blanks. Types: 0 or a zero byte for a file, x for a PAX
// header, whose records ("length name=value\n") apply to the next file; this reader ignores others. Two blocks
// of zeros end the tar.
import { C1zError } from '../errors.js';
import { type InputFile, type InputRange, readExactly } from './input-range.js';
import { checkPayloadName, MAX_PAYLOAD_FILES } from './payload-names.js';

const BLOCK_BYTES = 512;
const PART = 'tar';
const MAX_MODE = 0o777;
const MAX_PAX_BYTES = 64 * 1024;
const UTF8 = new TextDecoder();

/** The place of a file. */
export interface TarFile {
  readonly name: string;
  readonly start: number;
  readonly sizeBytes: number;
}

/** The records of a PAX header about the next file. */
interface PaxRecords {
  readonly path?: string | undefined;
  readonly size?: string | undefined;
}

/**
 * Lists the files of a tar.
 * @param range the tar
 * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_FILE_OPERATION
 */
export function readTarIndex(range: InputRange): ReadonlyMap<string, TarFile> {
  const files = new Map<string, TarFile>();
  const tar = { ...range, part: PART };
  let pax: PaxRecords = {};
  let headers = 0;
  for (let offset = range.start; ; ) {
    const header = new Header(readExactly(tar, offset, BLOCK_BYTES), range.file, offset);
    if (header.isEmpty) {
      const next = readExactly(tar, offset + BLOCK_BYTES, BLOCK_BYTES);
      if (new Header(next, range.file, offset + BLOCK_BYTES).isEmpty) return files;
      throw header.refusal('one block of zeros where two must end the tar');
    }
    headers += 1;
    // Each file may have a PAX header.
    const isOneMore = header.isFile && files.size === MAX_PAYLOAD_FILES;
    if (isOneMore || headers > 2 * MAX_PAYLOAD_FILES) {
      throw header.refusal(
        `there are more than ${MAX_PAYLOAD_FILES} files`,
        'SSTITCH_C1Z_TOO_LARGE',
      );
    }
    header.check();
    const sizeBytes = header.isPax ? header.size(undefined) : header.size(pax.size);
    const start = offset + BLOCK_BYTES;
    if (start + sizeBytes > range.end) {
      throw header.refusal(
        `a file of ${sizeBytes} bytes follows, but ${range.end - start} bytes are left: the file was truncated`,
      );
    }
    if (header.isPax) {
      if (sizeBytes > MAX_PAX_BYTES) throw header.refusal(`a PAX header of ${sizeBytes} bytes`);
      pax = paxRecords(readExactly(tar, start, sizeBytes), header);
    } else {
      if (header.isFile) {
        const name = pax.path ?? header.name;
        checkPayloadName(name, { path: range.file.path, part: PART, offset });
        if (files.has(name)) throw header.refusal(`two files are named ${JSON.stringify(name)}`);
        files.set(name, { name, start, sizeBytes });
      }
      pax = {};
    }
    offset = start + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

class Header {
  readonly #bytes: Uint8Array;
  readonly #file: InputFile;
  readonly #offset: number;

  constructor(bytes: Uint8Array, file: InputFile, offset: number) {
    this.#bytes = bytes;
    this.#file = file;
    this.#offset = offset;
  }

  get isEmpty(): boolean {
    return this.#bytes.every((byte) => byte === 0);
  }

  get isFile(): boolean {
    return this.#type === '0' || this.#type === '';
  }

  get isPax(): boolean {
    return this.#type === 'x';
  }

  get name(): string {
    const before = this.#text(345, 155);
    return before === '' ? this.#text(0, 100) : `${before}/${this.#text(0, 100)}`;
  }

  get #type(): string {
    return this.#text(156, 1);
  }

  check(): void {
    const sumField = { start: 148, end: 156, blank: 0x20 };
    let sum = 0;
    for (const [at, byte] of this.#bytes.entries()) {
      sum += at >= sumField.start && at < sumField.end ? sumField.blank : byte;
    }
    if (this.#octal(sumField.start, 8, 'sum') !== sum) {
      throw this.refusal('the header of a file does not match its sum');
    }
    // GNU tar writes a long name in a header of its own, without which the next name would be truncated; Go does not.
    if (this.#type === 'L' || this.#type === 'K') throw this.refusal('a header of GNU tar');
    if (this.isFile && this.#octal(100, 8, 'mode') > MAX_MODE) {
      throw this.refusal('a file has permissions beyond 0777');
    }
  }

  /** @param pax the size in a PAX header, which takes precedence */
  size(pax: string | undefined): number {
    if (pax === undefined) return this.#octal(124, 12, 'size');
    const size = /^\d{1,15}$/.test(pax) ? Number(pax) : Number.NaN;
    if (!Number.isSafeInteger(size))
      throw this.refusal(`a file has the size ${JSON.stringify(pax)}`);
    return size;
  }

  refusal(
    problem: string,
    code: 'SSTITCH_C1Z_CORRUPT' | 'SSTITCH_C1Z_TOO_LARGE' = 'SSTITCH_C1Z_CORRUPT',
  ): C1zError {
    return new C1zError(code, `${problem}; copy the file again from its origin`, {
      path: this.#file.path,
      part: PART,
      offset: this.#offset,
    });
  }

  #octal(start: number, length: number, what: string): number {
    const text = this.#text(start, length).trim();
    if (!/^[0-7]{0,12}$/.test(text)) {
      throw this.refusal(`the ${what} in the header of a file is not an octal number`);
    }
    return Number.parseInt(text === '' ? '0' : text, 8);
  }

  /** The text of a field, up to the first zero byte. */
  #text(start: number, length: number): string {
    const field = this.#bytes.subarray(start, start + length);
    const end = field.indexOf(0);
    return UTF8.decode(end === -1 ? field : field.subarray(0, end));
  }
}

function paxRecords(bytes: Uint8Array, header: Header): PaxRecords {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const [, digits] = /^(\d{1,5}) /.exec(UTF8.decode(bytes.subarray(at, at + 6))) ?? [];
    const length = Number(digits);
    const record = UTF8.decode(bytes.subarray(at, at + length));
    const [, name, value] = /^\d+ ([^=]+)=(.*)\n$/s.exec(record) ?? [];
    if (
      digits === undefined ||
      at + length > bytes.length ||
      name === undefined ||
      value === undefined
    ) {
      throw header.refusal('a PAX header is not "length name=value" lines');
    }
    records.set(name, value);
    at += length;
  }
  return { path: records.get('path'), size: records.get('size') };
}
