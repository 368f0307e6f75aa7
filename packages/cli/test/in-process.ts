// Runs command lines in this process, against real stores in directories of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestSync } from '@sstitch/records';
import { onTestFinished } from 'vitest';
import type { ExitCode } from '../src/exit-codes.js';
import { run } from '../src/run-program.js';
import { findSyncIds } from '../src/stores/find-syncs.js';
import { withReader } from '../src/stores/open-store.js';
import type { Environment, Io, Output } from '../src/terminal/io.js';

export interface RunOptions {
  readonly isTerminal?: boolean;
  /** @defaultValue 80 */
  readonly columns?: number;
  /** Answers to questions, in order; without them there is no terminal to ask on. */
  readonly answers?: readonly string[];
  readonly env?: Environment;
  readonly signal?: AbortSignal;
  /** The content of standard input. @defaultValue nothing */
  readonly stdin?: Uint8Array;
}

export interface Finished {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  /** Standard output as bytes. */
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
}

/** Runs `sstitch` with these arguments. */
export async function sstitch(
  commandLine: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const stdout = capture(options);
  const stderr = capture(options);
  const answers = [...(options.answers ?? [])];
  const io: Io = {
    stdout,
    stderr,
    async *stdin() {
      if (options.stdin !== undefined) yield options.stdin;
    },
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
    ask: async (question) => {
      await stderr.write(question);
      return answers.shift();
    },
  };
  const exitCode = await run(commandLine, io);
  const finished = { exitCode, stdout: stdout.text, stderr: stderr.text };
  // Not enumerable, so that tests can compare the whole result without it.
  return Object.defineProperty(finished, 'stdoutBytes', { value: stdout.bytes }) as Finished;
}

/** Runs with --json, expects success, and returns the document. */
export async function sstitchJson<T>(...commandLine: readonly string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await sstitch([...commandLine, '--json']);
  if (exitCode !== 0) throw new Error(`sstitch ${commandLine.join(' ')}: ${exitCode} ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The digests of all syncs in a store, by sync id. Opens the store once, because opening takes longer than reading. */
export async function digestsOf(store: string): Promise<Record<string, string>> {
  const { signal } = new AbortController();
  return withReader(store, async (reader) => {
    const digests: Record<string, string> = {};
    for (const syncId of await findSyncIds(reader, signal)) {
      digests[syncId] = (await digestSync(reader, syncId, { signal })).digest;
    }
    return digests;
  });
}

/** A directory that is removed after the test. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function capture({
  isTerminal = false,
  columns = 80,
}: RunOptions): Output & { readonly text: string; readonly bytes: Uint8Array } {
  const parts: Uint8Array[] = [];
  return {
    isTerminal,
    columns,
    get text() {
      return Buffer.concat(parts).toString('utf8');
    },
    get bytes() {
      return Buffer.concat(parts);
    },
    write: async (content) => {
      parts.push(Buffer.from(content));
    },
  };
}
