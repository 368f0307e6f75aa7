// The engine that a metamorphic run tests. Everything beyond the contract is optional: actions that need a
// missing part do nothing.
import type { Engine, ReadableEngine, ReadWriteEngine, Span } from '@sstitch/contract';
import type { StoreOptions } from '@sstitch/engine';

/** Bounds as abstract-level's `clear` takes them. */
export interface ClearRange {
  /** The lower bound, exclusive. */
  readonly gt?: Uint8Array;
  /** The lower bound, inclusive. */
  readonly gte?: Uint8Array;
  /** The upper bound, exclusive. */
  readonly lt?: Uint8Array;
  /** The upper bound, inclusive. */
  readonly lte?: Uint8Array;
  /** Whether a limit counts from the last key. @defaultValue false */
  readonly reverse?: boolean;
  /** The most entries to remove. @defaultValue all */
  readonly limit?: number;
}

/** Options that change how a store works, but not what its users see. */
export type StoreSettings = Required<
  Pick<
    StoreOptions<Uint8Array, Uint8Array>,
    | 'writeBufferSize'
    | 'maxFileSize'
    | 'blockSize'
    | 'blockRestartInterval'
    | 'cacheSize'
    | 'maxOpenFiles'
    | 'compression'
    | 'shareTablesFromBytes'
  >
>;

/** A view of the engine's content that is opened for one comparison. */
export interface OpenedView {
  /** The view's engine, for reads. */
  readonly engine: ReadableEngine;
  /** Closes the view and removes its data. */
  destroy(): Promise<void>;
}

/** How a transfer moves data. */
export interface TransferSpec {
  /** Whether the table files move; otherwise the source keeps them and they are linked. */
  readonly move: boolean;
  /** Whether the source's tables are linked, or new ones are built from them. */
  readonly tables: 'linked' | 'rebuilt';
}

/** The engine under test and what it can do beyond the contract. */
export interface MetamorphicTarget {
  /** The engine, empty at first. */
  readonly engine: Engine;
  /** Reopens the engine's data; closes the engine first if it is open. */
  reopen?(): Promise<Engine>;
  /** Closes the engine. Requires `reopen`. */
  close?(): Promise<void>;
  /** Removes the entries of a range, at most as many as its limit. Without it, runs clear nothing. */
  clear?(range: ClearRange): Promise<void>;
  /** Compacts a key range of the engine; its content stays the same. */
  compactRange?(start: Uint8Array, end: Uint8Array): Promise<void>;
  /** Removes everything in the spans. */
  excise?(spans: readonly Span[]): Promise<void>;
  /** A second engine, empty at first, that keeps its content through the run. */
  readonly source?: ReadWriteEngine;
  /** Compacts all of the source, so that its tables lie in a lower level. */
  compactSource?(): Promise<void>;
  /** Replaces the content of the spans by that of the source, by the fastest way to move data. */
  transfer?(spans: readonly Span[], how: TransferSpec): Promise<void>;
  /** Creates a copy of the engine's current state and opens it, as an engine or with plain classic-level. */
  checkpoint?(openedBy: 'engine' | 'classic-level'): Promise<OpenedView>;
  /** Opens the engine's data read-only while the engine is open. */
  openReadOnly?(): Promise<OpenedView>;
  /** Closes whatever is open and removes the data. */
  destroy(): Promise<void>;
}

/** Creates an engine; `settings` are for its first opening, for the source, and for later openings, in turn. */
export type MakeTarget = (
  settings: readonly [StoreSettings, ...StoreSettings[]],
) => Promise<MetamorphicTarget>;
