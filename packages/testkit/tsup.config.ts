import { packageBuild } from '@sstitch/build-config/tsup';

// The torture families run their cases in processes of their own.
export default packageBuild({
  index: 'src/index.ts',
  'case-child': 'src/torture/case-child.ts',
  'crash-checker': 'src/torture/crash-checker.ts',
  'fault-child': 'src/torture/fault-child.ts',
  'leveldb-fault-child': 'src/torture/leveldb-fault-child.ts',
  'kill-victim': 'src/torture/kill-victim.ts',
});
