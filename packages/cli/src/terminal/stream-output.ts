// Writes text or bytes to a stream of the process and learns how that went. Only a reader that has gone is no error.
import { fstatSync, writeSync } from 'node:fs';
import { CliError } from '../errors.js';
import { DEFAULT_COLUMNS, type Output, OutputClosed } from './io.js';

type ProcessStream = typeof process.stdout | typeof process.stderr;

/** Standard output: what cannot be written rejects. */
export function standardOutput(stream: ProcessStream): Output {
  const write = writerOf(stream);
  let failure: unknown;
  return outputOf(stream, async (content) => {
    // What follows a failed part would leave a hole in the file.
    if (failure !== undefined) throw failure;
    try {
      await write(content);
    } catch (cause) {
      failure = outputFailure(cause);
      throw failure;
    }
  });
}

/** Standard error: what cannot be written is lost. */
export function standardError(stream: ProcessStream): Output {
  const write = writerOf(stream);
  return outputOf(stream, (content) => write(content).catch(() => undefined));
}

function outputOf(stream: ProcessStream, write: Output['write']): Output {
  return {
    write,
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      // A terminal that does not know its size has 0.
      return stream.columns || DEFAULT_COLUMNS;
    },
  };
}

function writerOf(stream: ProcessStream): Output['write'] {
  // Each failure comes to the callback of its write too.
  stream.on('error', () => undefined);
  if (isFile(stream)) return async (content) => writeWhole(stream.fd, bytesOf(content));
  return (content) =>
    new Promise((resolve, reject) => {
      stream.write(content, (error) => (error == null ? resolve() : reject(error)));
    });
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** Node's stream for files takes a short write, as a disk that fills up causes, for a whole one. */
function writeWhole(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.byteLength) written += writeSync(fd, bytes, written);
}

/** A file or a device that is no terminal. */
function isFile(stream: ProcessStream): boolean {
  if (stream.isTTY === true) return false;
  try {
    // Not in plain numbers: Node 20 resolves modules by what it last saw in those, and stops at a pipe.
    const status = fstatSync(stream.fd, { bigint: true });
    return status.isFile() || status.isCharacterDevice() || status.isBlockDevice();
  } catch {
    // It is not open: the write says so.
    return false;
  }
}

function outputFailure(cause: unknown): Error {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') {
    return new OutputClosed('the reader of standard output has gone', { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError('SSTITCH_OUTPUT_FAILED', `cannot write to standard output: ${reason}`, {
    cause,
  });
}
