export { ExploreError, type ExploreErrorCode } from './errors.js';
export { type ExploreOptions, type Explorer, explore } from './explore.js';
