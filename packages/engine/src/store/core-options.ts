// What the store's face asks of its core.

import type { Span } from '@sstitch/contract';
import type { StoreDirectoryOptions } from '../store-directory/open-store-directory.js';
import { EVERYTHING } from '../tables/purge-tables.js';
import type { SplitPolicy } from '../tables/split-policy.js';
import type { StoreEvent } from './activity.js';
import type { StoreOptions } from './options.js';

/** What a store's core is opened with. */
export interface CoreOptions extends StoreDirectoryOptions {
  readonly policy: SplitPolicy;
  readonly fileSystem: StoreOptions<unknown, unknown>['fileSystem'];
  readonly now: () => number;
  /** Reported of each event; must not throw. */
  readonly observe: (event: StoreEvent) => void;
}

/** Where a commit purges, by its option. */
export function purgeOf({ purge = false }: { readonly purge?: boolean }): readonly Span[] {
  return purge ? [EVERYTHING] : [];
}

/** How tables are committed. */
export interface CommitOptions {
  readonly moveIncoming: boolean;
  /** See `CommitInput`. @defaultValue nowhere */
  readonly purge?: readonly Span[] | undefined;
  readonly signal: AbortSignal | undefined;
}
