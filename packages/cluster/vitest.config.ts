import { packageTests } from '@sstitch/build-config/vitest';

// Each file has a database server of its own, which its process stops.
export default packageTests({ isolate: true });
