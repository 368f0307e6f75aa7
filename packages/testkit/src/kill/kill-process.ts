// Starts victims of the kill family, kills them, and reads their reports.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TestkitError } from '../errors.js';
import type { KillPoint } from './kill-points.js';
import type { VictimOrders } from './kill-victim.js';
import { parseReport, type VictimReport } from './victim-report.js';
import { NOT_REACHED } from './victim-tools.js';

/** When a victim dies. */
export interface Death {
  /** The point at which it kills itself. */
  readonly point?: KillPoint | undefined;
  /** How long after its readiness it is killed; with a point, the limit for a victim that hangs. */
  readonly lifeMs: number;
  readonly readyAtOnce?: boolean;
}

export interface Killed {
  readonly report: VictimReport;
  /** Whether it died at its point. */
  readonly atPoint: boolean;
}

/** The limit for a victim that does not become ready, or a dry run that does not end. */
const MAX_START_MS = 600_000;

/** Starts a victim and kills it. @param reportPath the file for its report */
export async function killVictim(
  work: VictimOrders['work'],
  death: Death,
  reportPath: string,
): Promise<Killed> {
  const { point, lifeMs, readyAtOnce = false } = death;
  const run = await runVictim(
    { work, point, readyAtOnce, dryRounds: undefined },
    reportPath,
    lifeMs,
  );
  if (run.end !== 'SIGKILL') {
    throw new Error(`the victim ended by itself (${run.end}): ${run.errors}`);
  }
  if (run.isLate)
    throw new Error(`the victim was not ready after ${MAX_START_MS} ms: ${run.errors}`);
  const isMissed = run.isKilledFromHere || run.errors.includes(NOT_REACHED);
  return { report: run.report, atPoint: point !== undefined && !isMissed };
}

/** Lets a victim run some rounds and end; returns how often it passed each point. */
export async function listPoints(
  work: VictimOrders['work'],
  rounds: number,
  reportPath: string,
): Promise<ReadonlyMap<string, number>> {
  const orders = { work, point: undefined, readyAtOnce: false, dryRounds: rounds };
  const { end, errors, report } = await runVictim(orders, reportPath, MAX_START_MS);
  if (end !== 'code 0') throw new Error(`the dry run ended by ${end}: ${errors}`);
  return report.points;
}

async function runVictim(orders: VictimOrders, reportPath: string, lifeMs: number) {
  // A file, not a pipe: written lines survive the writer, whatever kills it.
  const reportFile = openSync(reportPath, 'w');
  let errors = '';
  let isKilledFromHere = false;
  let isLate = false;
  try {
    const victim = spawn(process.execPath, [victimFile(), JSON.stringify(orders)], {
      stdio: ['pipe', reportFile, 'pipe'],
      // An interrupt at a terminal must reach only this process: a victim that it ended would count as a failure.
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
    const report = parseReport(readFileSync(reportPath, 'utf8'));
    return { end, errors, isKilledFromHere, isLate, report };
  } finally {
    closeSync(reportFile);
  }
}

function ended(victim: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    victim.on('error', reject);
    victim.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

/** The built victim, beside this module or, if tests run the sources, in dist/. */
function victimFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const path = isSource ? '../../dist/kill-victim.js' : './kill-victim.js';
  const file = fileURLToPath(new URL(path, import.meta.url));
  if (existsSync(file)) return file;
  throw new TestkitError('SSTITCH_OPTION_INVALID', `${file} is missing: build the package first`);
}
