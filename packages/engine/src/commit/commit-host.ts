// What a commit needs of its store, and its input.
import type { Span } from '@sstitch/contract';
import type { EngineError } from '../errors.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import type { IncomingTables } from '../tables/extracted-tables.js';
import type { SplitPolicy } from '../tables/split-policy.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import type { WriteGate } from './write-gate.js';

/** The generation that a commit starts from. */
export interface CommitBase {
  readonly directory: string;
  readonly database: LevelDatabase;
}

/** What the commit needs of a store. */
export interface CommitHost {
  readonly pool: WorkerPool;
  /** The store's directory. */
  readonly directory: string;
  readonly gate: WriteGate;
  current(): CommitBase;
  /** Flushes what was acknowledged before; returns the least log number of a version read afterwards. */
  flush(base: CommitBase): Promise<number>;
  openNext(directory: string): Promise<LevelDatabase>;
  /** Removes a directory of the store, also while it closes. */
  readonly removeDirectory: (directory: string) => Promise<void>;
  now(): number;
}

export interface CommitInput {
  readonly number: number;
  readonly nextDirectory: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
  /** For these spans; or what makes them, whose errors pass through as they are. */
  readonly tables: IncomingTables | (() => Promise<IncomingTables>);
  readonly moveIncoming: boolean;
  /** Where no file of the next generation may hold what was excised; see purge-tables.ts. */
  readonly purge: readonly Span[];
  readonly policy: SplitPolicy;
  readonly signal: AbortSignal | undefined;
  /** Puts the next generation in force, in memory. */
  switchTo(database: LevelDatabase): void;
  /** Turns a failed sync into a poisoned store; returns the error to throw. */
  failed(error: unknown, renamed: boolean): EngineError;
  /** Keeps the next generation open, with its lock, until the store closes: CURRENT may name it. */
  keepOpen(database: LevelDatabase): void;
}
