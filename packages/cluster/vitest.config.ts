import { packageTests } from '@sstitch/build-config/vitest';

// Each file has a database server of its own, which its process stops. Several wait for time limits, so there are more
// workers than cores.
export default packageTests({ isolate: true, maxWorkers: 3 });
