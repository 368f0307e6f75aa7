export { ClusterError, type ClusterErrorCode } from './errors.js';
export type { ClusterPort } from './port.js';
