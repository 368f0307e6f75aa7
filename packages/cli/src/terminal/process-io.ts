// Connects commands to the streams, environment and signals of this process.
import type { Readable, Writable } from 'node:stream';
import { endedBy } from './ended-by.js';
import { Interruption, type Io, SIGNAL_EXIT_CODES } from './io.js';
import { standardError, standardOutput } from './stream-output.js';

/**
 * This process's streams, environment and signals. The first SIGINT (Ctrl-C), SIGTERM or SIGHUP asks the
 * command to stop. A second one ends the process at once: temporary directories are removed, and the next open
 * of a store cleans the store up.
 */
export function processIo(): Io {
  const interrupt = new AbortController();
  const onSignal = (signal: keyof typeof SIGNAL_EXIT_CODES) => {
    if (interrupt.signal.aborted) process.exit(SIGNAL_EXIT_CODES[signal]);
    interrupt.abort(new Interruption(signal));
  };
  for (const signal of Object.keys(SIGNAL_EXIT_CODES)) {
    process.on(signal, () => onSignal(signal as keyof typeof SIGNAL_EXIT_CODES));
  }
  return {
    stdout: standardOutput(process.stdout),
    stderr: standardError(process.stderr),
    stdin: () => endedBy(interrupt.signal, process.stdin),
    env: process.env,
    signal: interrupt.signal,
    ask: async (question) => {
      if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
      return askOn(process.stdin, process.stderr, question, interrupt.signal, () =>
        onSignal('SIGINT'),
      );
    },
  };
}

/**
 * Asks on a terminal.
 *
 * @param onInterrupt called on Ctrl-C, which readline intercepts while it asks
 * @returns the answer; '' if the input ends (Ctrl-D)
 * @throws the signal's reason when it fires
 */
export async function askOn(
  input: Readable,
  output: Writable,
  question: string,
  signal: AbortSignal,
  onInterrupt: () => void,
): Promise<string> {
  // Few commands ask, and the module is slow to load.
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input, output });
  terminal.on('SIGINT', onInterrupt);
  try {
    const ended = new Promise<string>((resolve) => {
      terminal.once('close', () => {
        // The next output must begin on a new line.
        output.write('\n');
        resolve('');
      });
    });
    return await Promise.race([terminal.question(question, { signal }), ended]);
  } finally {
    terminal.removeAllListeners('close');
    terminal.close();
  }
}
