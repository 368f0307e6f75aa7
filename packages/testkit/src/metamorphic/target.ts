// What a metamorphic run needs of an engine. Everything beyond the contract may be left out: actions that
// need it then do nothing.
import type { Engine, ReadableEngine, ReadWriteEngine, Span } from '@sstitch/contract';
import type { StoreOptions } from '@sstitch/engine';

/** Bounds as abstract-level's `clear` takes them. */
export interface ClearRange {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Options that change how a store works, and nothing that its users see. */
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

/** A view of the engine's content that is opened for one look. */
export interface OpenedView {
  readonly engine: ReadableEngine;
  destroy(): Promise<void>;
}

/** How a transfer moves data. */
export interface TransferSpec {
  /** The tables' files go over; else the source's stay, and are linked. */
  readonly move: boolean;
  /** The source's tables as they are, or new ones made of them. */
  readonly tables: 'linked' | 'rebuilt';
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
  transfer?(spans: readonly Span[], how: TransferSpec): Promise<void>;
  /** Makes a copy of the engine as it is now, and opens it: as what it is, or with plain classic-level. */
  checkpoint?(openedBy: 'engine' | 'classic-level'): Promise<OpenedView>;
  /** Opens what the engine stored to read only, beside the engine. */
  openReadOnly?(): Promise<OpenedView>;
  destroy(): Promise<void>;
}

/** Makes an engine; `settings` are for its first opening, the source's, and those after, in turn. */
export type MakeTarget = (
  settings: readonly [StoreSettings, ...StoreSettings[]],
) => Promise<MetamorphicTarget>;
