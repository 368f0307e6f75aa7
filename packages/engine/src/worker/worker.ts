// The entry of a worker thread. Bundlers have to emit it as a file of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { shareHeldFilesCount } from '../files/held-files.js';
import { READY, type ThreadData } from '../threads/thread-messages.js';
import { lowerThreadPriority } from '../threads/thread-priority.js';
import { RequestServer } from './request-server.js';

// Outside a worker thread this module does nothing.
if (parentPort !== null) {
  const data = workerData as ThreadData;
  shareHeldFilesCount(data.heldFiles);
  if (data.lowPriority) lowerThreadPriority();
  new RequestServer(parentPort, data);
  parentPort.postMessage(READY);
}
