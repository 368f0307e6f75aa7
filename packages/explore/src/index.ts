export { ExploreError, type ExploreErrorCode } from './errors.js';
export { type ExploreOptions, Explorer, explore } from './explore.js';
