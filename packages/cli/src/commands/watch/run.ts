import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { errorOfFiles, failureText } from '../../operations/failed-files.js';
import { formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { requireDirectory } from '../../stores/input-path.js';
import { escapeText, jsonText } from '../../terminal/escape.js';
import type { watchCommand } from './command.js';
import { type SettledFile, SettledFiles } from './settled-files.js';
import { isFaultOfFile, type TakenFile, takeFile } from './take-file.js';

type Input = InputOf<typeof watchCommand>;

export const run: Run<typeof watchCommand> = async (context, input) => {
  const started = performance.now();
  requireDirectory(input.directory);
  const intervalMs = input.interval * 1000;
  const files = new SettledFiles(input.directory, intervalMs);
  files.look(performance.now());
  const taken: TakenFile[] = [];
  do {
    context.progress.update({ doing: `watching ${input.directory}` });
    await sleep(intervalMs, undefined, { signal: context.signal });
    for (const file of files.look(performance.now())) {
      const result = await take(context, input, files, file);
      if (input.once) taken.push(result);
    }
  } while (!input.once);
  return resultOf(taken, performance.now() - started);
};

/** Imports a file and prints its line. */
async function take(
  context: CommandContext,
  input: Input,
  files: SettledFiles,
  file: SettledFile,
): Promise<TakenFile> {
  const started = performance.now();
  const taken = await takeFile(context, file, input);
  const isRetried =
    taken.outcome === 'failed' &&
    !input.once &&
    !context.signal.aborted &&
    files.retry(file, performance.now(), isFaultOfFile(taken.error));
  // The result is on a line of its own.
  await context.progress.clear();
  if (!context.json) {
    const line = lineOf(taken, performance.now() - started, isRetried);
    await context.io.stdout.write(`${escapeText(line)}\n`);
  } else if (!input.once) {
    await context.io.stdout.write(`${jsonText(taken)}\n`);
  }
  return taken;
}

function lineOf(taken: TakenFile, tookMs: number, isRetried: boolean): string {
  const { file } = taken;
  switch (taken.outcome) {
    case 'imported': {
      const parts = taken.syncs.map(
        ({ syncId, grants }) => `${syncId} (${formatCount(grants)} grants)`,
      );
      return `imported ${file}: ${parts.join(', ')} in ${formatMs(tookMs)}`;
    }
    case 'unchanged':
      return `${file}: nothing new`;
    case 'skipped':
      return `${file}: skipped, because a sheet of grants holds less than a sync; \`sstitch import\` imports it`;
    case 'failed':
      return failureText(file, taken.error, isRetried ? ', will be retried' : '');
  }
}

function resultOf(files: readonly TakenFile[], elapsedMs: number): CommandResult {
  const errors = files.flatMap((each) => (each.outcome === 'failed' ? each.error : []));
  const error = errorOfFiles(errors, files.length);
  return {
    document: { files, durationMs: roundMs(elapsedMs) },
    ...(error !== undefined && { error }),
  };
}
