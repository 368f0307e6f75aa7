// The start of a process on a host that has no room for it. Each case runs in a program of its own, in a process group
// of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeC1z } from '../make-c1z.js';

let directory: string;
let temporaryDirectory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'worker-process-'));
  temporaryDirectory = join(directory, 'temporary');
  path = join(directory, 'some.c1z');
  await mkdir(temporaryDirectory);
  await makeC1z(path, { syncs: [] });
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs `prepare`, opens or creates a file, and prints the error. Returns how the program ended. */
async function run(call: 'openC1z' | 'createC1z', prepare: string) {
  const built = new URL('../../dist/index.js', import.meta.url).href;
  const program = `
    import { closeSync, openSync, readdirSync } from 'node:fs';
    import * as c1z from ${JSON.stringify(built)};
    const temporaryDirectory = ${JSON.stringify(temporaryDirectory)};
    ${prepare}
    await c1z.${call}(${JSON.stringify(path)}, { temporaryDirectory }).catch((error) => {
      console.log(error.name, error.code, error.message.includes(${JSON.stringify(path)}));
    });
    while (free.length > 0) closeSync(free.pop());
    console.log(readdirSync(temporaryDirectory).length);`;
  const limited = `ulimit -n 100; exec "$0" --input-type=module --eval "$1"`;
  const main = spawn('/bin/sh', ['-c', limited, process.execPath, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const [output, [code, signal]] = await Promise.all([text(main.stdout), once(main, 'exit')]);
  return { output, code, signal };
}

/** Leaves room for the .c1z file and the list of a directory, but not for the pipes of a process. */
const NO_DESCRIPTORS = `
  const free = [];
  for (;;) try { free.push(openSync('/dev/null')); } catch { break; }
  for (const descriptor of free.splice(-3)) closeSync(descriptor);`;

/** No operating system passes such an environment to a process. */
const NO_ROOM_FOR_ENVIRONMENT = `
  const free = [];
  process.env.LARGE = 'x'.repeat(2 ** 24);`;

describe.skipIf(process.platform === 'win32')('without', () => {
  test.each([
    ['descriptors', 'openC1z', NO_DESCRIPTORS, 'SSTITCH_C1Z_READER_FAILED'],
    ['descriptors', 'createC1z', NO_DESCRIPTORS, 'SSTITCH_C1Z_WRITER_FAILED'],
    ['room for its environment', 'openC1z', NO_ROOM_FOR_ENVIRONMENT, 'SSTITCH_C1Z_READER_FAILED'],
    ['room for its environment', 'createC1z', NO_ROOM_FOR_ENVIRONMENT, 'SSTITCH_C1Z_WRITER_FAILED'],
  ] as const)('%s, a process is not started, and %s says so', async (_, call, prepare, code) => {
    expect(await run(call, prepare)).toEqual({
      output: `C1zError ${code} true\n0\n`,
      code: 0,
      signal: null,
    });
    expect(readdirSync(directory).sort()).toEqual(['some.c1z', 'temporary']);
  });
});
