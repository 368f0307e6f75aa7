import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({
  index: 'src/index.ts',
  'temporary-files': 'src/temporary-files.ts',
});
