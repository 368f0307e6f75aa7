import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({
  index: 'src/index.ts',
  main: 'src/main.ts',
  // For the benchmark alone, which compares it with writing in batches.
  'bulk-import': 'src/bulk-import.ts',
});
