// Lines of a file whose length is not trusted: node:readline holds a line whole, however long it is.
import { createReadStream } from 'node:fs';

export interface BoundedLinesOptions {
  /** A line with more characters is refused before it is held. */
  readonly maxLineCharacters: number;
  /** The error for it; lines count from 1. */
  readonly tooLong: (lineNumber: number) => Error;
  /** Called with the bytes of the file that are read so far. */
  readonly onRead?: (bytes: number) => void;
}

/** The lines of a file, without their ends (\n or \r\n). Only what follows the last one may be empty. */
export async function* boundedLines(
  path: string,
  { maxLineCharacters, tooLong, onRead }: BoundedLinesOptions,
): AsyncGenerator<string, void, undefined> {
  let parts: string[] = [];
  let characters = 0;
  let lineNumber = 1;
  const add = (part: string) => {
    parts.push(part);
    characters += part.length;
    if (characters > maxLineCharacters) throw tooLong(lineNumber);
  };
  const take = (): string => {
    const line = parts.join('');
    parts = [];
    characters = 0;
    lineNumber += 1;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  };
  const stream = createReadStream(path, { encoding: 'utf8' });
  for await (const chunk of stream as AsyncIterable<string>) {
    onRead?.(stream.bytesRead);
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      add(chunk.slice(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.slice(from));
  }
  if (parts.length > 0) yield take();
}
