// Opens the base. An empty store takes the place of one that a dry run would have to create: a dry run creates nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import type { CommandContext, CommandResult } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { isClusterName } from '../../command-line/store-name.js';
import { reportOf } from '../../errors.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { namesIn, requireStorePlace } from '../../stores/input-path.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import type { compactCommand } from './command.js';

type Input = InputOf<typeof compactCommand>;
type UseBase = (base: ByteStore) => Promise<CommandResult>;

/** Runs `use` with the base. @throws the errors of opening a store */
export async function withBase(
  context: CommandContext,
  { base, create, dryRun, wait }: Input,
  use: UseBase,
): Promise<CommandResult> {
  const patience = patienceOf(context, wait);
  if (!create || !dryRun) return withStore(base, create ? 'create' : 'refuse', use, patience);
  let isOpen = false;
  try {
    const useOpened: UseBase = (opened) => {
      isOpen = true;
      return use(opened);
    };
    return await withStore(base, 'refuse', useOpened, patience);
  } catch (error) {
    if (isOpen || !canBeCreated(base, error)) throw error;
  }
  const result = await withEmptyStore(base, use);
  return { ...result, text: `would create ${base}\n${result.text ?? ''}` };
}

/** Whether the real run would create the base, which could not be opened. @throws CliError as {@link requireStorePlace} */
function canBeCreated(base: string, error: unknown): boolean {
  const { code, reason } = reportOf(error);
  if (isClusterName(base)) {
    return code === 'SSTITCH_CLUSTER_NOT_FOUND' && reason !== 'database-missing';
  }
  requireStorePlace(base, 'SSTITCH_INPUT_UNFIT');
  return code === 'SSTITCH_STORE_NOT_FOUND' && (!existsSync(base) || namesIn(base).length === 0);
}

async function withEmptyStore(base: string, use: UseBase): Promise<CommandResult> {
  if (isClusterName(base)) {
    const { withEmptyCluster } = await import('../../stores/open-cluster.js');
    return withEmptyCluster(use);
  }
  const directory = await makeTemporaryDirectory('sstitch-planned-');
  try {
    return await withStore(join(directory, 'store'), 'create', use);
  } finally {
    await removeTemporary(directory);
  }
}
