// What the store's face asks of its core.

import type { Span } from '@sstitch/contract';
import type { StoreFolderOptions } from '../store-folder/open-store-folder.js';
import type { StoreEvent } from './activity.js';
import type { StoreOptions } from './options.js';

/** What a store's core is opened with. */
export interface CoreOptions extends StoreFolderOptions {
  readonly narrowFromBytes: number;
  readonly fileSystem: StoreOptions<unknown, unknown>['fileSystem'];
  readonly now: () => number;
  /** Told of each event; must not throw. */
  readonly observe: (event: StoreEvent) => void;
}

/** How tables are committed. */
export interface CommitOptions {
  readonly moveIncoming: boolean;
  /** See `CommitInput`. @defaultValue nowhere */
  readonly purge?: readonly Span[] | undefined;
  readonly signal: AbortSignal | undefined;
}
