import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({ index: 'src/index.ts', testing: 'src/wrap-file-system.ts' });
