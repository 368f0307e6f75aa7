import { thirdPartyNotices } from '@sstitch/build-config/third-party-notices';
import { packageBuild } from '@sstitch/build-config/tsup';

export default [
  // The page is built beside this, into a directory of its own.
  packageBuild({ index: 'src/index.ts' }, { clean: ['!page/**'] }),
  packageBuild(
    { main: 'src/page/main.tsx' },
    {
      outDir: 'dist/page',
      target: 'es2022',
      platform: 'browser',
      publicDir: 'src/page/public',
      tsconfig: 'tsconfig.page.json',
      noExternal: [/./],
      minify: true,
      splitting: false,
      sourcemap: false,
      esbuildPlugins: [thirdPartyNotices('dist/page/THIRD_PARTY_NOTICES.txt')],
    },
  ),
];
