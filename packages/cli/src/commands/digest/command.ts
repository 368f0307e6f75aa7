import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const digestCommand = defineCommand({
  name: 'digest',
  summary: 'SHA-256 of everything a sync holds',
  description:
    'Computes a SHA-256 over every entry of a sync: bucket by bucket, each entry as key length, ' +
    'key, value length, value. Two syncs with the same digest hold the same bytes. Checksums of ' +
    'the tables are checked first. Exits with 3 if the store holds nothing of a sync. With --json ' +
    'one sync makes an object, several make an array of them, in the order given.',
  arguments: [
    { name: 'store', summary: 'the store to read', value: { type: 'path', of: 'store' } },
  ],
  options: { sync: { ...syncsOption('the syncs', ['store']), required: true } },
  examples: [
    ['digest base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'each bucket and the whole'],
    ['digest base --sync latest --json', 'for a comparison by a program'],
  ],
});
