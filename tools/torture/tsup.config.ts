import { packageBuild } from '@sstitch/build-config/tsup';

// Families run their cases in separate processes, whose entries are listed here.
export default packageBuild({
  main: 'src/main.ts',
  'case-child': 'src/case-child.ts',
  'crash-checker': 'src/crash/crash-checker.ts',
  'fault-child': 'src/faults/fault-child.ts',
  'leveldb-fault-child': 'src/leveldb-faults/leveldb-fault-child.ts',
  'operation-child': 'src/operation-kills/operation-child.ts',
  'write-back-child': 'src/write-back/write-back-child.ts',
});
