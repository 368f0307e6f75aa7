// Builds the Go programs on demand, into a cache outside version control, and runs them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));
const STDERR_CHARACTERS = 4000;

/** Whether Go is installed. */
export function hasGo() {
  return spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
}

/** Builds the program in a directory next to `src`; returns its path. */
export function buildProgram(name) {
  mkdirSync(CACHE, { recursive: true });
  const source = fileURLToPath(new URL(`../${name}/`, import.meta.url));
  const program = join(CACHE, process.platform === 'win32' ? `${name}.exe` : name);
  // Without cgo no C compiler is needed.
  const env = { ...process.env, CGO_ENABLED: '0' };
  const args = ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'];
  const { status, stderr } = spawnSync('go', args, { cwd: source, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`go build: ${stderr}`);
  return program;
}

/** Runs a command of the program; returns the lines that it prints, parsed. */
export async function runProgram(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-STDERR_CHARACTERS);
  });
  const ended = once(child, 'close');
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  const [code, signal] = await ended;
  if (code !== 0) {
    throw new Error(`pebble ${args.join(' ')} ended with ${signal ?? code}: ${stderr.trim()}`);
  }
  return lines;
}
