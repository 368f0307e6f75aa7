// Stores in a Cassandra cluster.
export { openCassandra } from './connection.js';
export type { CassandraOptions } from './options.js';
