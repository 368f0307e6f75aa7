// Preloaded with `node --import`: writes the modules that a process loads to the file that SSTITCH_TEST_MODULES
// names, one a line: `import`, `require` or `addon`, and a path.
import { appendFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const list = (how, path) => appendFileSync(process.env.SSTITCH_TEST_MODULES, `${how} ${path}\n`);

// Node runs the hook itself in a thread of its own.
if (isMainThread) {
  module.register(import.meta.url);
  process.on('exit', () => {
    for (const path of Object.keys(module._cache)) list('require', path);
    for (const path of process.report.getReport().sharedObjects) {
      if (path.endsWith('.node')) list('addon', path);
    }
  });
}

export function load(url, context, next) {
  if (url.startsWith('file:')) list('import', fileURLToPath(url));
  return next(url, context);
}
