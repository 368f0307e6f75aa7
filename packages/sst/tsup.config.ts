import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({
  index: 'src/index.ts',
  'file-format': 'src/file-format.ts',
  testing: 'src/wrap-file-system.ts',
});
