import { defineCommand } from '../../command-line/command-spec.js';
import { storeOrFileArgument, syncsOption, zoneOption } from '../../command-line/shared-options.js';

export const digestCommand = defineCommand({
  name: 'digest',
  summary: 'print a SHA-256 of everything a sync holds',
  description:
    'Computes a SHA-256 over every entry of a sync, bucket by bucket: key length, key, value length, ' +
    'value. Two syncs with the same digest hold the same bytes. Verifies the checksums of the tables ' +
    'first. Exits with 3 if the store does not hold a sync. With --json, prints an object for one ' +
    'sync and an array of objects for several, in the order given.',
  arguments: [storeOrFileArgument],
  options: {
    sync: { ...syncsOption('the syncs', ['store']), required: true },
    zone: zoneOption,
  },
  examples: [
    ['digest base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'each bucket, and the whole sync'],
    ['digest base --sync latest --json', 'JSON, for a program that compares'],
  ],
});
