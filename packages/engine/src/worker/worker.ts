// The worker thread's entry. A bundler that makes a file of it, beside the app's, need know nothing else of it.
import { parentPort, workerData } from 'node:worker_threads';
import { shareHeldFilesCount } from '../files/held-files.js';
import { READY, type ThreadData } from '../threads/thread-messages.js';
import { lowerThreadPriority } from '../threads/thread-priority.js';
import { RequestServer } from './request-server.js';

// Imported elsewhere, it does nothing.
if (parentPort !== null) {
  const data = workerData as ThreadData;
  shareHeldFilesCount(data.heldFiles);
  if (data.lowPriority) lowerThreadPriority();
  new RequestServer(parentPort, data);
  parentPort.postMessage(READY);
}
