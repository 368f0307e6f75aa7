import { fileURLToPath } from 'node:url';
import { packageTests } from '@sstitch/build-config/vitest';

export default packageTests({
  // The sources lie in several directories, the built worker in one.
  alias: [
    {
      find: /^.*\/start-worker\.js$/,
      replacement: fileURLToPath(new URL('test/start-worker.ts', import.meta.url)),
    },
  ],
});
