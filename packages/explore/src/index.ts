export { ExploreError, type ExploreErrorCode } from './errors.js';
export { type ExploreOptions, type Explorer, explore } from './explore.js';
export type { OpenedState, ViewedEngine, ViewSource } from './view/view-source.js';
