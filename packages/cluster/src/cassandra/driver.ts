// The npm package cassandra-driver, an optional peer: loaded when a connection is opened.
import { ClusterError } from '../errors.js';

export type Driver = typeof import('cassandra-driver');

/** @throws ClusterError SSTITCH_DRIVER_MISSING */
export async function loadDriver(): Promise<Driver> {
  try {
    const { default: driver } = await import('cassandra-driver');
    return driver;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new ClusterError(
      'SSTITCH_DRIVER_MISSING',
      'a store in Cassandra needs the package cassandra-driver: npm install cassandra-driver',
      { cause },
    );
  }
}
