// What a metamorphic run needs of an engine. Everything beyond the contract may be left out: actions that
// need it then do nothing.
import type { ByteOperation, Engine, ReadWriteEngine, Span } from '@sstitch/engine';

/** Bounds as abstract-level's `clear` takes them. */
export interface ClearRange {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface MetamorphicTarget {
  /** Empty at first. */
  readonly engine: Engine;
  /** Opens what the engine stored anew; closes it first, if it is open. */
  reopen?(): Promise<Engine>;
  /** Closes the engine. With `reopen` only. */
  close?(): Promise<void>;
  clear?(range: ClearRange): Promise<void>;
  compactRange?(start: Uint8Array, end: Uint8Array): Promise<void>;
  /** Removes all in the spans. */
  excise?(spans: readonly Span[]): Promise<void>;
  /** A second engine that keeps its contents through the run, empty at first. */
  readonly source?: ReadWriteEngine;
  compactSource?(): Promise<void>;
  /** Replaces the spans by what the source holds in them, by whatever moves data fastest. */
  transfer?(spans: readonly Span[], move: boolean): Promise<void>;
  /** Makes a copy of the engine as it is now, and opens it. */
  checkpoint?(): Promise<{ readonly engine: Engine; destroy(): Promise<void> }>;
  destroy(): Promise<void>;
}

export type MakeTarget = () => Promise<MetamorphicTarget>;

export type { ByteOperation };
