// In the place of src/threads/start-worker.ts in tests: starts the worker as it was built.
import { Worker, type WorkerOptions } from 'node:worker_threads';

export function startWorker(options: WorkerOptions): Worker {
  return new Worker(new URL('../dist/worker.js', import.meta.url), options);
}
