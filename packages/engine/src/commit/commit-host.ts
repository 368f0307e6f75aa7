// The interfaces between a commit and its store.
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

/** The store, as a commit uses it. */
export interface CommitHost {
  readonly pool: WorkerPool;
  /** The store's directory. */
  readonly directory: string;
  readonly gate: WriteGate;
  current(): CommitBase;
  /**
   * Flushes every write acknowledged before the call. Returns the least log number that a version read afterwards can
   * have.
   */
  flush(base: CommitBase): Promise<number>;
  openNext(directory: string): Promise<LevelDatabase>;
  /** Removes a directory of the store, even while the store closes. */
  readonly removeDirectory: (directory: string) => Promise<void>;
  now(): number;
}

/** One commit. */
export interface CommitInput {
  /** The number of the next generation. */
  readonly number: number;
  readonly nextDirectory: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
  /** The tables for these spans, or a function that makes them, whose errors pass through. */
  readonly tables: IncomingTables | (() => Promise<IncomingTables>);
  readonly moveIncoming: boolean;
  /** The ranges in which no file of the next generation may hold excised entries; see tables/purge-tables.ts. */
  readonly purge: readonly Span[];
  readonly policy: SplitPolicy;
  readonly signal: AbortSignal | undefined;
  /** Makes the next generation the current one in memory. */
  switchTo(database: LevelDatabase): void;
  /** Poisons the store if an fsync failed. Returns the error to throw. */
  failed(error: unknown, renamed: boolean): EngineError;
  /** Keeps the next generation open and locked until the store closes, as CURRENT may name it. */
  keepOpen(database: LevelDatabase): void;
}
