// The options of `StoreCore`, as `Store` passes them.

import type { Span } from '@sstitch/contract';
import type { StoreDirectoryOptions } from '../store-directory/open-store-directory.js';
import { EVERYTHING } from '../tables/purge-tables.js';
import type { SplitPolicy } from '../tables/split-policy.js';
import type { StoreEvent } from './activity.js';
import type { StoreOptions } from './options.js';

/** Options that a store's core is opened with. */
export interface CoreOptions extends StoreDirectoryOptions {
  readonly policy: SplitPolicy;
  readonly fileSystem: StoreOptions<unknown, unknown>['fileSystem'];
  readonly now: () => number;
  /** Called with each event. It must not throw. */
  readonly observe: (event: StoreEvent) => void;
}

/** Returns the ranges that a commit purges, by its option. */
export function purgeOf({ purge = false }: { readonly purge?: boolean }): readonly Span[] {
  return purge ? [EVERYTHING] : [];
}

/** Options of a commit. */
export interface CommitOptions {
  readonly moveIncoming: boolean;
  /** The ranges to purge; see `CommitInput`. @defaultValue none */
  readonly purge?: readonly Span[] | undefined;
  readonly signal: AbortSignal | undefined;
}
