// Preloaded with `node --import`: the packages of database drivers are not installed.
import module from 'node:module';
import { isMainThread } from 'node:worker_threads';

const DRIVERS = new Set(['pg', 'cassandra-driver']);

// Node runs the hook itself in a thread of its own.
if (isMainThread) module.register(import.meta.url);

export function resolve(specifier, context, next) {
  if (!DRIVERS.has(specifier)) return next(specifier, context);
  const error = new Error(`Cannot find package '${specifier}'`);
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}
