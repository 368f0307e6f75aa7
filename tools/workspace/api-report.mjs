// Writes the public surface of each package as text: api/X.api.md for each entry of its package.json, so that a
// review shows changes for users. API Extractor derives it from the built declarations.
//
//   node tools/workspace/api-report.mjs                     writes the reports (`pnpm api` builds first)
//   node tools/workspace/api-report.mjs --check             fails if a report differs from the declarations
//   node tools/workspace/api-report.mjs packages/keys       of one package
//
// Both fail if a member has no doc comment. One process reports on all packages: starting API Extractor takes
// longer than a report.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { root } from './pnpm.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false } },
});
const problems = [];
const temporary = mkdtempSync(join(tmpdir(), 'sstitch-api-'));
let reported = 0;
try {
  const named = positionals.map((each) => resolve(each));
  for (const directory of named.length > 0 ? named : packageDirectories()) reportOn(directory);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(
    '`pnpm api` rewrites the reports: commit them if the change is intended; document each public member',
  );
  process.exit(1);
}
console.log(`${reported} reports ${options.check ? 'agree' : 'are written'}`);

function packageDirectories() {
  return readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
}

/** Reports on each entry of a package, and removes the reports of entries that it no longer has. */
function reportOn(directory) {
  const { name, exports: entries } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  // The compiler looks for the types of Node from here.
  process.chdir(directory);
  const reports = join(directory, 'api');
  mkdirSync(reports, { recursive: true });
  const expected = new Set();
  for (const [entry, { types }] of Object.entries(entries)) {
    if (types === undefined) continue;
    const report = entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-');
    expected.add(`${report}.api.md`);
    const found = extract({ directory, reports, declarations: join(directory, types), report });
    problems.push(...found.map((problem) => `${name}: ${problem}`));
    reported++;
  }
  for (const file of readdirSync(reports)) {
    if (expected.has(file)) continue;
    if (options.check) problems.push(`${name}: api/${file} belongs to no entry`);
    else rmSync(join(reports, file));
  }
}

/** @returns {string[]} problems */
function extract({ directory, reports, declarations, report }) {
  if (!existsSync(declarations)) return [`${declarations} is missing: build the package first`];
  const problems = [];
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: directory,
      mainEntryPointFilePath: declarations,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            skipLibCheck: true,
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable'],
            module: 'nodenext',
            moduleResolution: 'nodenext',
            types: ['node'],
            strict: true,
          },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        // What a public class inherits of one that is not exported is public too.
        includeForgottenExports: true,
        reportFileName: report,
        reportFolder: reports,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.Error },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(directory, 'package.json'),
  });
  const result = Extractor.invoke(config, {
    localBuild: !options.check,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel !== ExtractorLogLevel.Error) return;
      const place = message.sourceFilePath ? ` (${basename(message.sourceFilePath)})` : '';
      problems.push(`${report}: ${message.text}${place}`);
    },
  });
  if (options.check && result.apiReportChanged) {
    problems.push(`api/${report}.api.md differs from the declarations`);
  }
  return problems;
}
