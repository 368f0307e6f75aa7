import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts a worker thread. Its entry is worker.js, next to this module's bundle. */
export function startWorker(options: WorkerOptions): Worker {
  // Bundlers recognise this exact expression. Tests of the sources replace this module (vitest.config.ts).
  return new Worker(new URL('./worker.js', import.meta.url), options);
}
