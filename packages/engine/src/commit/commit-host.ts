// What a commit needs of its store, what it is given, and what it reports.
import type { Span } from '@sstitch/sst';
import type { EngineError } from '../errors.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import type { OriginTotals } from '../tables/origin-totals.js';
import type { TableSet } from '../tables/table-set.js';
import type { TaskRunner } from '../threads/task-runner.js';
import type { WriteGate } from './write-gate.js';

/** The generation that a commit starts from. */
export interface CommitBase {
  readonly folder: string;
  readonly database: LevelDatabase;
}

/** What the commit needs of a store. */
export interface CommitHost {
  readonly runner: TaskRunner;
  /** The store's folder. */
  readonly folder: string;
  readonly gate: WriteGate;
  current(): CommitBase;
  /** Flushes what was acknowledged before; gives the least log number of a version read afterwards. */
  flush(base: CommitBase): Promise<number>;
  openNext(folder: string): Promise<LevelDatabase>;
  /** Removes a folder of the store, also while it closes. */
  readonly removeFolder: (folder: string) => Promise<void>;
  now(): number;
}

export interface CommitInput {
  readonly number: number;
  readonly nextFolder: string;
  /** Sorted and disjoint. */
  readonly spans: readonly Span[];
  /** For these spans; or what makes them, whose errors pass through as they are. */
  readonly tables: TableSet | (() => Promise<TableSet>);
  readonly moveIncoming: boolean;
  /** Where no file of the next generation may hold what was excised; see purge-tables.ts. */
  readonly purge: readonly Span[];
  /** Size from which a part of a table is kept in its file; see `StoreOptions`. */
  readonly narrowFromBytes: number;
  readonly signal: AbortSignal | undefined;
  /** Puts the next generation in force, in memory. */
  switchTo(database: LevelDatabase): void;
  /** Turns a failed sync into a poisoned store; gives the error to throw. */
  failed(error: unknown, renamed: boolean): EngineError;
  /** Keeps the next generation open, with its lock, until the store closes: CURRENT may name it. */
  keepOpen(database: LevelDatabase): void;
}

/** What a commit did, and how long each step took. */
export interface CommitReport {
  readonly generation: number;
  /** The store's tables outside the spans. */
  readonly base: OriginTotals;
  /** The incoming tables, one member a span. */
  readonly spans: readonly OriginTotals[];
  /** Tables of the whole store. */
  readonly tables: number;
  /** Writes that came in while the commit staged and were replayed. */
  readonly replayedOperations: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  readonly durationMs: number;
  /** With the option `purge`: what still holds excised bytes. */
  readonly purge?: PurgeReport;
  readonly steps: {
    readonly flushMs: number;
    readonly stageMs: number;
    readonly openMs: number;
    readonly catchUpMs: number;
  };
}

/** What is left, after a commit with the option `purge`, of what this and earlier commits excised. */
export interface PurgeReport {
  /** Open iterators and snapshots of earlier generations: as each ends, its generation is removed. */
  readonly readers: number;
  /**
   * Folders that hold it: of generations that are read, or could not be removed, and of read-only opens,
   * of which some may be younger than the commit. Empty: no byte of it is in any file of the store.
   */
  readonly folders: readonly string[];
}
