import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({
  index: 'src/index.ts',
  cassandra: 'src/cassandra/index.ts',
  postgres: 'src/postgres/index.ts',
});
