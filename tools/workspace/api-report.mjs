// Writes the public surface of a package as text: api/X.api.md for each entry of its package.json, so that a
// review shows changes for users. API Extractor derives it from the built declarations.
//
//   node ../../tools/workspace/api-report.mjs           in a package: writes its reports (`pnpm api` for all)
//   node ../../tools/workspace/api-report.mjs --check   fails if a report differs from the declarations
//
// Both fail if a member has no doc comment.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const directory = process.cwd();
const reports = join(directory, 'api');
const isCheck = process.argv.includes('--check');
const { name, exports: entries } = JSON.parse(
  readFileSync(join(directory, 'package.json'), 'utf8'),
);

const problems = [];
const expected = new Set();
mkdirSync(reports, { recursive: true });
const temporary = mkdtempSync(join(tmpdir(), 'sstitch-api-'));
try {
  for (const [entry, { types }] of Object.entries(entries)) {
    if (types === undefined) continue;
    const report = entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-');
    expected.add(`${report}.api.md`);
    extract(join(directory, types), report);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
for (const file of readdirSync(reports)) {
  if (expected.has(file)) continue;
  if (isCheck) problems.push(`api/${file} belongs to no entry`);
  else rmSync(join(reports, file));
}
if (problems.length > 0) {
  console.error(problems.map((problem) => `${name}: ${problem}`).join('\n'));
  console.error(
    '`pnpm api` rewrites the reports: commit them if the change is intended; document each public member',
  );
  process.exit(1);
}
console.log(`${expected.size} reports of ${name} ${isCheck ? 'agree' : 'are written'}`);

function extract(declarations, report) {
  if (!existsSync(declarations)) {
    problems.push(`${declarations} is missing: build the package first`);
    return;
  }
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
    localBuild: !isCheck,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel !== ExtractorLogLevel.Error) return;
      const place = message.sourceFilePath ? ` (${basename(message.sourceFilePath)})` : '';
      problems.push(`${report}: ${message.text}${place}`);
    },
  });
  if (isCheck && result.apiReportChanged) {
    problems.push(`api/${report}.api.md differs from the declarations`);
  }
}
