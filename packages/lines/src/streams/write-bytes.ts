// Writes arbitrary bytes with the compression and durability of this package's files.
import { throwIfAborted } from '../errors.js';
import { untilAborted } from './until-aborted.js';
import { type LinesTarget, Output, type OutputOptions } from './write-output.js';

/**
 * Writes bytes to a file or stream, compressed if the name of the file or the option says so.
 * @returns the number of bytes before compression
 * @throws LinesError SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED; the errors of `chunks`.
 * No file is left after an error.
 */
export async function writeBytes(
  target: LinesTarget,
  chunks: AsyncIterable<Uint8Array>,
  options: OutputOptions = {},
): Promise<number> {
  const output = new Output(target, options);
  let bytes = 0;
  try {
    for await (const chunk of untilAborted(chunks, options.signal)) {
      bytes += chunk.length;
      await output.write(chunk);
    }
    await output.finish();
    return bytes;
  } catch (error) {
    throwIfAborted(options.signal, output.path);
    throw error;
  } finally {
    await output.close();
  }
}
