// Starts victims of the kill family, sees to it that they die, and reads what they said.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TestkitError } from '../errors.js';
import type { KillPoint } from './kill-points.js';
import type { VictimOrders } from './kill-victim.js';
import { type LastWords, parseWords } from './kill-words.js';
import { NOT_REACHED } from './victim-tools.js';

/** When a victim dies. */
export interface Death {
  /** It kills itself there. */
  readonly point?: KillPoint | undefined;
  /** It is killed so long after it is ready; with a point that is a limit for one that hangs. */
  readonly lifeMs: number;
  readonly readyAtOnce?: boolean;
}

export interface Killed {
  readonly words: LastWords;
  /** It died at its point. */
  readonly atPoint: boolean;
}

/** A victim that is never ready, or a dry run that never ends, hangs. */
const MAX_START_MS = 600_000;

/** Starts a victim and kills it. @param wordsPath a file for what it says */
export async function killVictim(
  work: VictimOrders['work'],
  death: Death,
  wordsPath: string,
): Promise<Killed> {
  const { point, lifeMs, readyAtOnce = false } = death;
  const run = await runVictim(
    { work, point, readyAtOnce, dryRounds: undefined },
    wordsPath,
    lifeMs,
  );
  if (run.end !== 'SIGKILL') {
    throw new Error(`the victim ended by itself (${run.end}): ${run.errors}`);
  }
  if (run.isLate)
    throw new Error(`the victim was not ready after ${MAX_START_MS} ms: ${run.errors}`);
  const isMissed = run.isKilledFromHere || run.errors.includes(NOT_REACHED);
  return { words: run.words, atPoint: point !== undefined && !isMissed };
}

/** Lets a victim do so many rounds, and end; gives how often it passed each point. */
export async function listPoints(
  work: VictimOrders['work'],
  rounds: number,
  wordsPath: string,
): Promise<ReadonlyMap<string, number>> {
  const orders = { work, point: undefined, readyAtOnce: false, dryRounds: rounds };
  const { end, errors, words } = await runVictim(orders, wordsPath, MAX_START_MS);
  if (end !== 'code 0') throw new Error(`the dry run ended by ${end}: ${errors}`);
  return words.points;
}

async function runVictim(orders: VictimOrders, wordsPath: string, lifeMs: number) {
  // A file and not a pipe: what was written to it is there, whatever happens to the writer.
  const words = openSync(wordsPath, 'w');
  let errors = '';
  let isKilledFromHere = false;
  let isLate = false;
  try {
    const victim = spawn(process.execPath, [victimFile(), JSON.stringify(orders)], {
      stdio: ['pipe', words, 'pipe'],
      // An interrupt at a terminal is for this process: a victim that ended by it would seem to have failed.
      detached: process.platform !== 'win32',
    });
    const kill = () => {
      isKilledFromHere = victim.kill('SIGKILL');
    };
    let timer = setTimeout(() => {
      isLate = true;
      kill();
    }, MAX_START_MS);
    let isReady = false;
    victim.stderr?.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-4000);
      if (isReady || !errors.includes('ready\n')) return;
      isReady = true;
      clearTimeout(timer);
      timer = setTimeout(kill, lifeMs);
    });
    const end = await ended(victim);
    clearTimeout(timer);
    const said = parseWords(readFileSync(wordsPath, 'utf8'));
    return { end, errors, isKilledFromHere, isLate, words: said };
  } finally {
    closeSync(words);
  }
}

function ended(victim: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    victim.on('error', reject);
    victim.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

/** Built beside this module; when the sources run under a test, in dist/. */
function victimFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const path = isSource ? '../../dist/kill-victim.js' : './kill-victim.js';
  const file = fileURLToPath(new URL(path, import.meta.url));
  if (existsSync(file)) return file;
  throw new TestkitError('SSTITCH_OPTION_INVALID', `${file} is missing: build the package first`);
}
