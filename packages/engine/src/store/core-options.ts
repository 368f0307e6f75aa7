// What the store's face asks of its core.

import type { Span } from '@sstitch/contract';
import type { StoreDirectoryOptions } from '../store-directory/open-store-directory.js';
import type { StoreEvent } from './activity.js';
import type { StoreOptions } from './options.js';

/** What a store's core is opened with. */
export interface CoreOptions extends StoreDirectoryOptions {
  readonly shareFromBytes: number;
  readonly fileSystem: StoreOptions<unknown, unknown>['fileSystem'];
  readonly now: () => number;
  /** Reported of each event; must not throw. */
  readonly observe: (event: StoreEvent) => void;
}

/** How tables are committed. */
export interface CommitOptions {
  readonly moveIncoming: boolean;
  /** See `CommitInput`. @defaultValue nowhere */
  readonly purge?: readonly Span[] | undefined;
  readonly signal: AbortSignal | undefined;
}
