// Runs numbered cases in child processes, many in each. A case may kill its process by a signal, hang, or
// exhaust memory. That is a failure with the case's replay string, and another process continues after the
// case.
//
// The child reports on its standard output by synchronous writes, so that the parent knows which case killed it:
//
//   b N what         case N begins; `what` replays it
//   f N "message"    case N failed
//   c name count     a count, at the end
//   e                all cases are done
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FamilyTally } from '@sstitch/testkit/torture';
import { childFile } from './child-file.js';

/** The orders to a child, as JSON in its first argument. */
export interface CaseOrders {
  readonly family: 'corruption' | 'fuzz' | 'hostile';
  /** The input from which the family makes its cases. */
  readonly setup: unknown;
  readonly from: number;
  /** The number after the last case. */
  readonly to: number;
  /** The child runs the cases whose number modulo `of` is `share`, so that several children split a range. */
  readonly share: number;
  readonly of: number;
}

export interface CaseRunOptions {
  readonly family: CaseOrders['family'];
  readonly setup: unknown;
  readonly cases: number;
  /** The beginning of each replay string. */
  readonly replay: string;
  /** @defaultValue 2 */
  readonly processes?: number | undefined;
  /** A case that takes longer counts as hanging. @defaultValue 600000 */
  readonly caseTimeoutMs?: number | undefined;
  /** The limit of a child's JavaScript heap. @defaultValue 512 */
  readonly heapMebibytes?: number | undefined;
}

/** The run ends after this many dead processes. */
const MAX_DEATHS = 50;
const KEPT_STDERR_CHARACTERS = 4000;

/** Runs all cases and counts them in `tally`; returns the children's own counts. */
export async function runCases(
  tally: FamilyTally,
  options: CaseRunOptions,
): Promise<ReadonlyMap<string, number>> {
  const { processes = 2 } = options;
  const counts = new Map<string, number>();
  await Promise.all(
    Array.from({ length: processes }, (_, share) =>
      runShare(tally, options, { share, of: processes }, counts),
    ),
  );
  return counts;
}

async function runShare(
  tally: FamilyTally,
  options: CaseRunOptions,
  part: { readonly share: number; readonly of: number },
  counts: Map<string, number>,
): Promise<void> {
  const { family, setup, cases, replay } = options;
  let from = 0;
  for (let deaths = 0; from < cases; deaths++) {
    if (deaths > MAX_DEATHS) {
      tally.fail(`${replay}, from case ${from}`, 'too many processes died');
      return;
    }
    const end = await runChild(tally, options, { family, setup, from, to: cases, ...part }, counts);
    if (end.lastCase !== undefined) from = end.lastCase + 1;
    if (end.death === undefined) return;
    const at = end.lastCase === undefined ? 'before its first case' : `case ${end.what}`;
    tally.fail(`${replay}, ${at}`, `${end.death}\n${end.errors}`);
    if (end.lastCase === undefined) return;
  }
}

interface ChildEnd {
  readonly lastCase: number | undefined;
  readonly what: string;
  /** How the child died; undefined if it did all of its work. */
  readonly death: string | undefined;
  readonly errors: string;
}

async function runChild(
  tally: FamilyTally,
  options: CaseRunOptions,
  orders: CaseOrders,
  counts: Map<string, number>,
): Promise<ChildEnd> {
  const { caseTimeoutMs = 600_000, heapMebibytes = 512, replay } = options;
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMebibytes}`, childFile('case-child'), JSON.stringify(orders)],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  let lastCase: number | undefined;
  let what = '';
  let done = false;
  let hung = false;
  let errors = '';
  const onHang = () => {
    hung = true;
    child.kill('SIGKILL');
  };
  let watchdog = setTimeout(onHang, caseTimeoutMs);
  child.stderr?.on('data', (bytes: Buffer) => {
    errors = (errors + bytes.toString()).slice(-KEPT_STDERR_CHARACTERS);
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(onHang, caseTimeoutMs);
    const [word = '', number = ''] = line.split(' ', 2);
    const rest = line.slice(word.length + number.length + 2);
    if (word === 'b') {
      lastCase = Number(number);
      what = `${number} (${rest})`;
      tally.add(1);
    } else if (word === 'f') tally.fail(`${replay}, case ${what}`, JSON.parse(rest) as string);
    else if (word === 'c') counts.set(number, (counts.get(number) ?? 0) + Number(rest));
    else if (word === 'e') done = true;
  });
  const [signal] = await Promise.all([
    ended(child),
    new Promise((resolve) => lines.once('close', resolve)),
  ]);
  clearTimeout(watchdog);
  const death = done
    ? undefined
    : hung
      ? `the process reported nothing for ${caseTimeoutMs} ms`
      : `the process died (${signal})`;
  return { lastCase, what, death, errors };
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}
