// Where views come from: a store in a directory, or any store that the caller opens, such as one on a cluster.
import { constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ReadableEngine } from '@sstitch/contract';
import { openReadOnly } from '@sstitch/engine';
import { ExploreError } from '../errors.js';

/** An engine that may know the size of a range. */
export interface ViewedEngine extends ReadableEngine {
  /** About how many bytes a range takes where it is stored. */
  approximateSize?(start: Uint8Array, end: Uint8Array): Promise<number>;
}

/** One state of a store. */
export interface OpenedState {
  /** The engine that answers reads of this state. */
  readonly engine: ViewedEngine;
  /** Ends the reads of the state. No question is open then. */
  close(): Promise<void>;
}

/** A store that its caller opens. It has no files that the page could show. */
export interface ViewSource {
  /** Where the store is, as shown on the page. */
  readonly location: string;
  /** The store's name on the page, unless the option `name` overrides it. */
  readonly name: string;
  /** Opens the state that the store has now; called again for each refresh. */
  open(signal: AbortSignal | undefined): Promise<OpenedState>;
}

/** The state of a store in a directory, with the name of its generation. */
export interface OpenedGeneration extends OpenedState {
  readonly generation: string;
}

/** A store in a directory. */
export class DirectorySource implements ViewSource {
  readonly location: string;

  constructor(location: string) {
    this.location = location;
  }

  get name(): string {
    return basename(this.location);
  }

  /** @throws EngineError as `openReadOnly` */
  async open(signal: AbortSignal | undefined): Promise<OpenedGeneration> {
    for (;;) {
      // If there is no store, the engine reports it.
      const before = await currentGeneration(this.location).catch(() => '');
      const engine = await openReadOnly<Uint8Array, Uint8Array>(this.location, {
        keyEncoding: 'view',
        valueEncoding: 'view',
        signal,
      });
      try {
        // The generation is known only if no commit happened meanwhile.
        if ((await currentGeneration(this.location)) === before) {
          return { engine, generation: before, close: () => engine.close() };
        }
      } catch (error) {
        await engine.close();
        throw error;
      }
      await engine.close();
    }
  }
}

/** Does not wait for the writer of a pipe, which no store has in the place of a file. */
const UNWAITING = { encoding: 'latin1', flag: constants.O_RDONLY | constants.O_NONBLOCK } as const;

/**
 * Reads the name of the current generation from CURRENT.
 *
 * @throws {@link ExploreError} SSTITCH_STORE_NOT_FOUND
 */
export async function currentGeneration(location: string): Promise<string> {
  try {
    return (await readFile(join(location, 'CURRENT'), UNWAITING)).trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause;
    const message = `the store is no longer at ${location}: it was moved or removed`;
    throw new ExploreError('SSTITCH_STORE_NOT_FOUND', message, { cause });
  }
}
