// Every command, in the order in which help shows them.
import type { CommandRegistry } from '../command-context.js';
import { addAdoptCommand } from './adopt.js';
import { addCheckpointCommand } from './checkpoint.js';
import { addCompactCommand } from './compact.js';
import { addCompletionCommand } from './completion.js';
import { addDemoCommand } from './demo.js';
import { addDiffCommand } from './diff.js';
import { addDigestCommand } from './digest.js';
import { addDropCommand } from './drop.js';
import { addExportCommand } from './export.js';
import { addGenerateCommand } from './generate.js';
import { addGetCommand } from './get.js';
import { addImportCommand } from './import.js';
import { addLevelsCommand } from './levels.js';
import { addManifestCommand } from './manifest.js';
import { addSalvageCommand } from './salvage.js';
import { addScanCommand } from './scan.js';
import { addSelfTestCommand } from './selftest.js';
import { addSpaceCommand } from './space.js';
import { addSstCommand } from './sst.js';
import { addSyncsCommand } from './syncs.js';
import { addVerifyCommand } from './verify.js';

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
