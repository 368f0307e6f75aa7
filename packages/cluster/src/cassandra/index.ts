export type { ClusterPort } from '../port.js';
