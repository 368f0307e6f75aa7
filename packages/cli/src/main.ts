#!/usr/bin/env node
import * as module from 'node:module';

// Node 22.1 and later cache compiled code, by default in the temporary directory (NODE_COMPILE_CACHE,
// NODE_DISABLE_COMPILE_CACHE).
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { processIo, run } = await import('./start.js');
// All output is written and every store is closed: an idle thread must not keep the process alive. An exit at once
// leaves the handlers of signals in place; when Node ends by itself, it removes them first, and a signal that arrives
// then would end the process as if the command had been interrupted.
process.exit(await run(process.argv.slice(2), processIo()));
