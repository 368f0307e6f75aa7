// The steps of the transcripts of `expand` and `who`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECOND } from './every-command.js';
import { teamLines } from './team-sync.js';
import type { Step } from './transcript-steps.js';

export const ACCESS_STEPS: Readonly<Record<string, readonly (string | Step)[]>> = {
  expand: [
    'import team.jsonl --into team --quiet',
    `expand team --sync latest --as ${SECOND}`,
    `expand team --sync latest --as ${SECOND}`,
    `expand team --sync latest --as ${SECOND.slice(0, 4)} --replace`,
    'expand team --sync latest',
    'expand team --sync latest',
    'expand team --sync latest --quiet',
    'verify team',
    'expand base --sync @2',
    {
      line: 'import wrong.jsonl --into wrong',
      before: (scene) => {
        const lines = teamLines().replace('["oncall:member"]', '["operators:member","gone"]');
        writeFileSync(join(scene, 'wrong.jsonl'), lines);
      },
    },
    'expand wrong --sync latest',
    'expand wrong --sync latest --skip-mismatches',
    'expand base --sync zzz',
    `expand fresh --sync ${SECOND}`,
    'expand nothing --sync latest',
  ],
  who: [
    'who team.jsonl --principal user/ann',
    'who team.jsonl --principal user/ann --why',
    { line: 'who team.jsonl --principal', words: ['Ann Lee', '--json', '--why'] },
    'who team.jsonl --entitlement keys:open',
    'who team.jsonl --entitlement keys:open --limit 2',
    'who team.jsonl --entitlement keys:open --limit 2 --after WyJob2xkZXIiLCJ1c2VyIiwiYW5uIl0',
    'who team.jsonl --resource vault/keys --why',
    'who team.jsonl --principal user/ann --entitlement keys:open',
    'who team.jsonl --principal user/ann --entitlement keys:open --json',
    'who team.jsonl --principal user/eve --entitlement oncall:member',
    'who team.jsonl --principal user/nobody',
    'who team.jsonl --principal nobody',
    'who team.jsonl --principal e',
    { line: 'who team.jsonl --entitlement', words: ['Key vault: open'] },
    'who team.jsonl --entitlement member',
    'who team.jsonl --entitlement nothing',
    'who team.jsonl --entitlement keys:open --after x',
    'who team.jsonl',
    'who team.jsonl --resource vault/keys --principal user/ann',
    'who base --entitlement group:group-0000000:member --limit 3',
    `who fresh --sync ${SECOND} --principal user/ann`,
    'who nothing --principal user/ann',
  ],
};
