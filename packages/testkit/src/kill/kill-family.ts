// Child processes compact, write, make checkpoints and adopt, and are killed with SIGKILL at a random moment or
// kill themselves at a named point (kill-points.ts). This process then opens and checks everything they worked
// on (killed-compactions.ts, killed-adoptions.ts).
//
// Rounds run in lanes, each with its own stores. In half of the rounds the victim dies at a named point: a dry
// run lists the points that exist, and the rounds visit all of them in an order derived from the seed.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfAborted } from '../errors.js';
import { type CountedReport, type FamilyOptions, FamilyTally } from '../torture/family.js';
import { seededRandom } from '../torture/random.js';
import { tortureDirectory } from '../torture/torture-directory.js';
import { type KillPoint, orderPoints } from './kill-points.js';
import { type Death, killVictim, listPoints } from './kill-process.js';
import { KilledAdoptions } from './killed-adoptions.js';
import { KilledCompactions, type KilledWork } from './killed-compactions.js';

/** Options of the kill family. */
export interface KillOptions extends FamilyOptions {
  /** How many processes to kill. */
  readonly rounds: number;
  /** How many rounds run at a time. @defaultValue 2 */
  readonly lanes?: number;
  /** How many grants each sync has. @defaultValue 100 */
  readonly grants?: number;
  /** The longest time from the victim's readiness to its death. @defaultValue 250 */
  readonly maxLifeMs?: number;
  /** Run only rounds whose description, such as `adopt, before link table`, contains this. @defaultValue all */
  readonly only?: string;
  /**
   * A directory on the disk to test; everything created there is removed.
   *
   * @defaultValue a directory in memory, if the system has one
   */
  readonly directory?: string | undefined;
  /** Ends the family between two rounds; the call rejects with an AbortError whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

type WorkKind = 'compact' | 'adopt';

/** The kinds of rounds, in turn: half of the victims die at points, a third of them adopt. */
const TURNS: ReadonlyArray<readonly [kind: WorkKind, atPoint: boolean]> = [
  ['compact', false],
  ['compact', true],
  ['adopt', false],
  ['adopt', true],
  ['compact', true],
  ['compact', false],
];
/** How many dry rounds cover each strategy with each source, checkpoints, and each plain directory. */
const DRY_ROUNDS: Record<WorkKind, number> = { compact: 9, adopt: 6 };
/**
 * The limit for a victim that hangs. One that does not reach its point ends by itself after some rounds
 * (kill-victim.ts).
 */
const MAX_LIFE_AT_POINT_MS = 600_000;
/** The share of victims that may be killed from their start on, while they open stores. */
const READY_AT_ONCE_SHARE = 0.25;
const KEPT_FAILURES = 3;

/** Runs the family, as the top of this file describes. The counts say how the victims died. */
export async function runKillFamily(options: KillOptions): Promise<CountedReport> {
  const { rounds, seed, lanes = 2, grants = 100, only = '', signal } = options;
  throwIfAborted(signal);
  const tally = new FamilyTally('kill', options);
  const counts: Record<string, number> = {};
  const inDirectory =
    options.directory === undefined ? undefined : { inDirectory: options.directory };
  const directory = tortureDirectory('kill', inDirectory ?? 'memory');
  const otherDirectory = tortureDirectory('kill-other', inDirectory ?? 'disk');
  try {
    const points = await findPoints(directory.path, otherDirectory.path, grants, seed);
    for (const [kind, list] of points) {
      counts[`${kind} points`] = list.length;
      counts[`${kind} point names`] = new Set(list.map(({ name }) => name)).size;
    }
    const ends = await Promise.allSettled(
      Array.from({ length: lanes }, async (_, lane) => {
        const paths = [directory.path, otherDirectory.path].map((path) =>
          join(path, `lane-${lane}`),
        );
        const [laneDirectory = '', laneOther = ''] = paths;
        const run = new KillLane(laneDirectory, laneOther, tally, counts, options);
        // Each lane runs its share of the rounds and points.
        for (const { round, ...turn } of listRounds(rounds, points, only)) {
          if (round % lanes !== lane) continue;
          throwIfAborted(signal);
          await run.round(round, turn);
        }
      }),
    );
    // Waits for all lanes, because the directories are removed next.
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    directory.remove();
    otherDirectory.remove();
  }
  return { ...tally.report(), counts };
}

interface Round {
  readonly round: number;
  readonly kind: WorkKind;
  readonly point: KillPoint | undefined;
}

type PointsByKind = ReadonlyMap<WorkKind, readonly KillPoint[]>;

/** Yields all rounds in order. The nth round of a kind whose victim dies at a point uses the nth point of that kind. */
function* listRounds(rounds: number, points: PointsByKind, only: string): Generator<Round> {
  const used = new Map<WorkKind, number>();
  let round = 0;
  for (let turn = 0; round < rounds; turn++) {
    const [kind, atPoint] = TURNS[turn % TURNS.length] ?? ['compact', false];
    let point: KillPoint | undefined;
    if (atPoint) {
      const list = points.get(kind) ?? [];
      const place = used.get(kind) ?? 0;
      used.set(kind, place + 1);
      point = list[place % list.length];
      // All points were visited, and none matches.
      if (place > list.length && round === 0) return;
    }
    if (describe(kind, point).includes(only)) yield { round: round++, kind, point };
  }
}

function describe(kind: WorkKind, point: KillPoint | undefined): string {
  return point === undefined ? `${kind}, at random` : `${kind}, ${point.name} #${point.nth}`;
}

/** Lets a victim of each kind finish its work; returns the points that it passed, in the order to visit them. */
async function findPoints(
  directory: string,
  otherDirectory: string,
  grants: number,
  seed: number,
): Promise<PointsByKind> {
  const random = seededRandom(seed);
  const points = new Map<WorkKind, readonly KillPoint[]>();
  for (const kind of ['compact', 'adopt'] as const) {
    const [dry, otherDry] = [join(directory, `dry-${kind}`), join(otherDirectory, `dry-${kind}`)];
    const work = await makeWork(kind, dry, otherDry, grants);
    const passed = await listPoints(work.orders(), DRY_ROUNDS[kind], join(dry, 'report'));
    points.set(kind, orderPoints(passed, random));
    for (const path of [dry, otherDry]) rmSync(path, { recursive: true });
  }
  return points;
}

async function makeWork(
  kind: WorkKind,
  directory: string,
  otherDirectory: string,
  grants: number,
): Promise<KilledWork> {
  mkdirSync(directory, { recursive: true });
  mkdirSync(otherDirectory, { recursive: true });
  return kind === 'compact'
    ? KilledCompactions.make(directory, grants)
    : KilledAdoptions.make(directory, otherDirectory);
}

/** Runs rounds one after another on the same stores, which are created again after a failure. */
class KillLane {
  readonly #directory: string;
  readonly #otherDirectory: string;
  readonly #tally: FamilyTally;
  readonly #counts: Record<string, number>;
  readonly #options: KillOptions;
  readonly #works = new Map<WorkKind, KilledWork>();
  #failed = 0;

  constructor(
    directory: string,
    otherDirectory: string,
    tally: FamilyTally,
    counts: Record<string, number>,
    options: KillOptions,
  ) {
    this.#directory = directory;
    this.#otherDirectory = otherDirectory;
    this.#tally = tally;
    this.#counts = counts;
    this.#options = options;
    mkdirSync(directory, { recursive: true });
  }

  async round(round: number, { kind, point }: Omit<Round, 'round'>): Promise<void> {
    const { seed, maxLifeMs = 250, grants = 100 } = this.#options;
    const random = seededRandom(seed * 1_000_003 + round);
    const death: Death = {
      point,
      lifeMs: point === undefined ? Math.floor(random() * maxLifeMs) : MAX_LIFE_AT_POINT_MS,
      readyAtOnce: point === undefined && random() < READY_AT_ONCE_SHARE,
    };
    const when = point === undefined ? `, life ${death.lifeMs} ms` : '';
    const replay = `seed ${seed}, round ${round}, ${describe(kind, point)}${when}`;
    const survived = await this.#tally.try(replay, async () => {
      try {
        let work = this.#works.get(kind);
        if (work === undefined) {
          const paths = [join(this.#directory, kind), join(this.#otherDirectory, kind)] as const;
          work = await makeWork(kind, ...paths, grants);
          this.#works.set(kind, work);
        }
        const reportPath = join(this.#directory, `report-${kind}`);
        const { report, atPoint } = await killVictim(work.orders(), death, reportPath);
        await work.check(report);
        this.#count(`${kind} ${atPoint ? 'at a point' : 'at random'}`);
        if (point !== undefined && !atPoint) this.#count(`${kind} point not reached`);
      } catch (error) {
        throw new Error(this.#keepEvidence(kind, round), { cause: error });
      }
    });
    if (survived) return;
    for (const directory of [this.#directory, this.#otherDirectory]) {
      rmSync(join(directory, kind), { recursive: true, force: true });
    }
    this.#works.delete(kind);
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  /** Copies the files of a failed round, in the state after this process's check. */
  #keepEvidence(kind: WorkKind, round: number): string {
    if (++this.#failed > KEPT_FAILURES) return 'not all survived';
    const kept = join(tmpdir(), `sstitch-kill-failed-${process.pid}-${round}`);
    cpSync(join(this.#directory, kind), kept, { recursive: true });
    cpSync(join(this.#directory, `report-${kind}`), join(kept, 'report'));
    return `not all survived; a copy of the files is in ${kept}`;
  }
}
