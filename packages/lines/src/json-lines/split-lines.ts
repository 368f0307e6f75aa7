// Splits an untrusted stream into lines. A line that is too long is refused before all of it is held in memory.
import { LinesError } from '../errors.js';
import { textBeforeDamage } from '../streams/find-damage.js';

/** A line without its end (\n or \r\n). */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Options of `splitLines`. */
export interface SplitOptions {
  readonly maxLineBytes: number;
  /** The name of the file in errors. */
  readonly name: string | undefined;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Yields the lines of a stream, those of one chunk at a time.
 * @throws LinesError SSTITCH_LINES_TOO_LARGE, SSTITCH_LINES_INVALID on bytes that are not UTF-8
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes, name }: SplitOptions,
): AsyncGenerator<readonly Line[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let number = 1;

  const hold = (part: Uint8Array) => {
    heldBytes += part.length;
    if (heldBytes > maxLineBytes) {
      const problem = `longer than ${maxLineBytes} bytes: no record is that long`;
      throw new LinesError('SSTITCH_LINES_TOO_LARGE', problem, { path: name, line: number });
    }
    held.push(part);
  };
  const take = (): Line => {
    const [first = new Uint8Array(0), ...others] = held;
    const bytes = others.length === 0 ? first : Buffer.concat(held);
    const isReturned = bytes.at(-1) === CARRIAGE_RETURN;
    const text = textOf(isReturned ? bytes.subarray(0, -1) : bytes);
    held = [];
    heldBytes = 0;
    return { number: number++, text };
  };
  const textOf = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new LinesError('SSTITCH_LINES_INVALID', 'it is not UTF-8', {
        path: name,
        line: number,
        column: textBeforeDamage(bytes).length + 1,
        cause,
      });
    }
  };

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      hold(chunk.subarray(from, end));
      lines.push(take());
      from = end + 1;
    }
    // Copies the bytes that are kept, because the stream may reuse the memory of the chunk.
    if (from < chunk.length) hold(chunk.slice(from));
    if (lines.length > 0) yield lines;
  }
  if (heldBytes > 0) yield [take()];
}
