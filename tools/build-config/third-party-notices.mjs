// An esbuild plugin that writes the licenses of the packages whose code is bundled, which must ship with it.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Matches the directory of the package that a bundled file belongs to. */
const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
/** Matches the comments at the head of a file. */
const HEAD = /^(?:\/\/[^\n]*\n)+/;

/**
 * Creates the plugin.
 *
 * @param {string} target the file to write
 */
export function thirdPartyNotices(target) {
  return {
    name: 'third-party-notices',
    setup(build) {
      build.initialOptions.metafile = true;
      build.onEnd(async ({ metafile }) => {
        const filesByPackage = new Map();
        for (const file of Object.keys(metafile?.inputs ?? {})) {
          const directory = PACKAGE.exec(file)?.[0];
          if (directory === undefined) continue;
          filesByPackage.set(directory, [...(filesByPackage.get(directory) ?? []), file]);
        }
        const notices = [...filesByPackage].map(([directory, files]) => noticeOf(directory, files));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, (await Promise.all(notices)).sort().join('\n'));
      });
    },
  };
}

/**
 * @param {string} directory
 * @param {readonly string[]} files
 */
async function noticeOf(directory, files) {
  const text = await readFile(join(directory, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text);
  const licenseFile = (await readdir(directory)).find((file) => /^licen[cs]e/i.test(file));
  const heads = await Promise.all(
    files.map(async (file) => HEAD.exec(await readFile(file, 'utf8'))?.[0] ?? ''),
  );
  const parts = [
    `${name} ${version}: ${license}\n`,
    ...(licenseFile === undefined ? [] : [await readFile(join(directory, licenseFile), 'utf8')]),
    ...new Set(heads.filter((head) => head.includes('Copyright'))),
  ];
  return parts.join('\n');
}
