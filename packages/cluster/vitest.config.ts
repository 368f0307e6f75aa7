import { packageTests } from '@sstitch/build-config/vitest';

export default packageTests();
