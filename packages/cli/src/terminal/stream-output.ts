// Writes text or bytes to a stream of the process and reports failures. A reader that closes the stream is not
// an error.
import { fstatSync, writeSync } from 'node:fs';
import { CliError } from '../errors.js';
import { DEFAULT_COLUMNS, type Output, OutputClosed } from './io.js';

type ProcessStream = typeof process.stdout | typeof process.stderr;

/** Standard output: a write that fails rejects. */
export function standardOutput(stream: ProcessStream): Output {
  const write = writerOf(stream);
  let failure: unknown;
  return outputOf(stream, async (content) => {
    // A write after a failed one would leave a gap in the file.
    if (failure !== undefined) throw failure;
    try {
      await write(content);
    } catch (cause) {
      failure = outputFailure(cause);
      throw failure;
    }
  });
}

/** Standard error: output that cannot be written is lost. */
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
      // A terminal of unknown size reports 0.
      return stream.columns || DEFAULT_COLUMNS;
    },
  };
}

function writerOf(stream: ProcessStream): Output['write'] {
  // The callback of the write also receives the error.
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

/** Writes all bytes. Node's stream for files treats a short write, which a full disk causes, as complete. */
function writeWhole(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.byteLength) written += writeSync(fd, bytes, written);
}

/** Whether the stream is a file or a device that is not a terminal. */
function isFile(stream: ProcessStream): boolean {
  if (stream.isTTY === true) return false;
  try {
    // With bigint, because Node 20 resolves modules with the last result of a plain fstat and fails if that was a pipe.
    const status = fstatSync(stream.fd, { bigint: true });
    return status.isFile() || status.isCharacterDevice() || status.isBlockDevice();
  } catch {
    // The descriptor is not open; the write reports that.
    return false;
  }
}

function outputFailure(cause: unknown): Error {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') {
    return new OutputClosed('the reader of standard output has closed it', { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError('SSTITCH_OUTPUT_FAILED', `cannot write to standard output: ${reason}`, {
    cause,
  });
}
