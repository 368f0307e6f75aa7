// The process of a case of the write-back family: runs one scenario with the shim preloaded, and marks in the
// shim's log which files are durable from then on.
import { appendFileSync, lstatSync, readdirSync } from 'node:fs';
import { errorText } from '@sstitch/testkit/torture';
import { markLine, type PromisedFile } from './descriptor-log.js';
import { generationIn, type Place, writeBackScenarios } from './write-back-scenarios.js';

export interface WriteBackOrders extends Place {
  readonly scenario: string;
  /** The shim's log. */
  readonly log: string;
}

export interface WriteBackNews {
  /** The stores declared durable; undefined if the scenario failed before. */
  readonly promised: readonly string[] | undefined;
  readonly failure: string | undefined;
}

async function main({ scenario, log, ...place }: WriteBackOrders): Promise<WriteBackNews> {
  let promised: readonly string[] | undefined;
  try {
    const chosen = writeBackScenarios.find(({ name }) => name === scenario);
    await chosen?.act(place, (...stores) => {
      promised = stores;
      const files = stores.flatMap((store) => filesOf(`${place.directory}/${store}`));
      appendFileSync(log, markLine(files));
    });
    return { promised, failure: undefined };
  } catch (error) {
    return { promised, failure: errorText(error) };
  }
}

/** The files of a store that must survive, which excludes LevelDB's lock and info logs and the reserve. */
function filesOf(store: string): PromisedFile[] {
  const generation = `${store}/${generationIn(store)}`;
  const manifest = generationIn(generation);
  const names = readdirSync(generation).filter(
    (name) => name === manifest || /^(CURRENT|\d+\.(ldb|log))$/.test(name),
  );
  const paths = [
    ...['CURRENT', 'FORMAT'].map((name) => `${store}/${name}`),
    ...names.map((name) => `${generation}/${name}`),
  ];
  return paths.map((path) => {
    const { ino: inode, size: sizeBytes } = lstatSync(path);
    return { path, inode, sizeBytes };
  });
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('write-back-child')) {
  const news = await main(JSON.parse(orders) as WriteBackOrders);
  process.send?.(news, () => process.exit());
}
