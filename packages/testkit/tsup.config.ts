import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({
  index: 'src/index.ts',
  metamorphic: 'src/metamorphic.ts',
  torture: 'src/torture.ts',
  // The process that the kill family kills.
  'kill-victim': 'src/kill/kill-victim.ts',
});
