import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild({
  index: 'src/index.ts',
  'csv-cells': 'src/csv/cells.ts',
  'record-object': 'src/json-lines/record-object.ts',
});
