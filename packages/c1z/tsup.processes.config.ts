// The build of the reader and the writer process, which runs after that of the library. A process shares no modules with
// its main program. Finding and loading a file takes longer than running its code, so packages of many plain JavaScript
// files are bundled.
import { thirdPartyNotices } from '@sstitch/build-config/third-party-notices';
import { packageBuild } from '@sstitch/build-config/tsup';

export default packageBuild(
  { reader: 'src/process/reader-main.ts', writer: 'src/process/writer-main.ts' },
  {
    // The library is in the same directory.
    clean: false,
    noExternal: [/^@bufbuild\/protobuf/, '@sstitch/contract', '@sstitch/keys', '@sstitch/records'],
    esbuildPlugins: [thirdPartyNotices('dist/THIRD_PARTY_NOTICES.txt')],
  },
);
