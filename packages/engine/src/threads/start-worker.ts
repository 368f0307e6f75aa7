import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts the worker thread's entry: a file of its own, beside this module's. */
export function startWorker(options: WorkerOptions): Worker {
  // Bundlers know this form, as a whole. Tests of the sources replace this module (vitest.config.ts).
  return new Worker(new URL('./worker.js', import.meta.url), options);
}
