// Every command, in the order in which help shows them.
import type { CommandRegistry } from '../command-line/command.js';
import { addAdoptCommand } from './adopt/run.js';
import { addCheckpointCommand } from './checkpoint/run.js';
import { addCompactCommand } from './compact/run.js';
import { addCompletionCommand } from './completion/run.js';
import { addDemoCommand } from './demo/run.js';
import { addDiffCommand } from './diff/run.js';
import { addDigestCommand } from './digest/run.js';
import { addDropCommand } from './drop/run.js';
import { addExportCommand } from './export/run.js';
import { addGenerateCommand } from './generate/run.js';
import { addGetCommand } from './get/run.js';
import { addImportCommand } from './import/run.js';
import { addLevelsCommand } from './levels/run.js';
import { addManifestCommand } from './manifest/run.js';
import { addSalvageCommand } from './salvage/run.js';
import { addScanCommand } from './scan/run.js';
import { addSelfTestCommand } from './selftest/run.js';
import { addSpaceCommand } from './space/run.js';
import { addSstCommand } from './sst/run.js';
import { addSyncsCommand } from './syncs/run.js';
import { addVerifyCommand } from './verify/run.js';

type AddCommand = (registry: CommandRegistry) => void;

export const COMMAND_GROUPS: ReadonlyArray<readonly [title: string, add: readonly AddCommand[]]> = [
  ['Change a store', [addCompactCommand, addImportCommand, addDropCommand, addGenerateCommand]],
  [
    'Read a store (also while another process has it open)',
    [
      addSyncsCommand,
      addDigestCommand,
      addVerifyCommand,
      addDiffCommand,
      addExportCommand,
      addGetCommand,
      addScanCommand,
      addLevelsCommand,
      addSpaceCommand,
    ],
  ],
  ['Make a store', [addCheckpointCommand, addAdoptCommand]],
  ['Mend a store', [addSalvageCommand]],
  [
    'Look inside, try out',
    [addSstCommand, addManifestCommand, addDemoCommand, addSelfTestCommand, addCompletionCommand],
  ],
];
