// Replaces src/threads/start-worker.ts in tests: starts the worker of the built package.
import { Worker, type WorkerOptions } from 'node:worker_threads';

export function startWorker(options: WorkerOptions): Worker {
  return new Worker(new URL('../dist/worker.js', import.meta.url), options);
}
