// What commands need of an open store: of one in a directory, or of one on a cluster.
import type {
  CommitReport,
  Engine,
  OriginTotals,
  PurgeReport,
  ReadableEngine,
  Span,
} from '@sstitch/contract';
import type { LoadedTables, TableLoaderOptions } from '@sstitch/engine';
import type { EntryTables } from '@sstitch/records';

/** What to do where there is no store. */
export type MissingStore = 'refuse' | 'create';

interface SignalOption {
  readonly signal?: AbortSignal | undefined;
}

/** What stores have beyond reads and writes. */
interface StoredSpans {
  /** About how many bytes a range takes where it is stored. Undefined if the store cannot tell. */
  approximateSize?(start: Uint8Array, end: Uint8Array): Promise<number>;
  /** Checks the stored data of spans, as far as reads do not. @throws if it is damaged */
  verifySpans(spans: readonly Span[], options?: SignalOption): Promise<void>;
}

/** A store that is open for reading: one state of it, whatever others write. */
export interface ByteReader extends ReadableEngine, StoredSpans {
  /** The spans in which another reader certainly shows the same. */
  sharedSpans(
    other: unknown,
    spans: readonly Span[],
    options?: SignalOption,
  ): Promise<readonly Span[]>;
}

/** What a commit did. */
export interface StoreCommit extends Pick<CommitReport, 'pauseMs' | 'durationMs'> {
  /** Undefined on a cluster, which has no generations. */
  readonly generation?: number;
  /** Incoming tables; empty on a cluster. */
  readonly spans: readonly OriginTotals[];
  readonly purge?: PurgeReport;
}

interface CommitOptions extends SignalOption {
  /** Leave no byte of the removed data in any file; refused on a cluster. */
  readonly purge?: boolean;
}

/** A store that is open for writing. */
export interface ByteStore extends Engine, StoredSpans {
  excise(spans: readonly Span[], options?: CommitOptions): Promise<StoreCommit>;
  tableLoader(options?: TableLoaderOptions): EntryTables<LoadedTables>;
  ingestAndExcise(
    tables: LoadedTables,
    options?: CommitOptions & { readonly move?: boolean },
  ): Promise<StoreCommit>;
  /** Undefined on a cluster. */
  metrics?(): Promise<{ readonly generation: number }>;
}
