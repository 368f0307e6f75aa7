// The outside of the real process.
import { createInterface } from 'node:readline/promises';
import type { WriteStream } from 'node:tty';
import { EXIT_CODES } from './exit-codes.js';
import { DEFAULT_COLUMNS, type Io, type Output, OutputClosed } from './io.js';

/**
 * This process's streams, environment and Ctrl-C. The first Ctrl-C (or SIGTERM) asks the command to stop;
 * a second one ends the process at once: a store survives that too, its next open cleans up.
 */
export function processIo(): Io {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(EXIT_CODES.interrupted);
    interrupt.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    stdout: outputOf(process.stdout, interrupt),
    stderr: outputOf(process.stderr, interrupt),
    env: process.env,
    signal: interrupt.signal,
    ask: (question) => ask(question, interrupt.signal),
  };
}

function outputOf(stream: WriteStream, interrupt: AbortController): Output {
  let isBroken = false;
  // The reader has gone, as `head` does when it has seen enough: stop without a word.
  stream.on('error', () => {
    isBroken = true;
    interrupt.abort(new OutputClosed());
  });
  return {
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (isBroken) resolve();
        else stream.write(text, () => resolve());
      }),
  };
}

async function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // readline takes Ctrl-C for itself while it asks.
  terminal.on('SIGINT', () => process.emit('SIGINT'));
  try {
    return await terminal.question(question, { signal });
  } finally {
    terminal.close();
  }
}
