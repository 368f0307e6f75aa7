import { packageTests } from '@sstitch/build-config/vitest';

// Families choose between memory and disk themselves.
export default packageTests({ env: {} });
