import { defineCommand } from '../../command-line/command-spec.js';

export const whoCommand = defineCommand({
  name: 'who',
  summary: 'who has what, and why',
  description:
    'Answers from a store, or from a file of syncs: with --principal what it has, directly and ' +
    'through groups; with --entitlement who has it; with --resource who has any entitlement of it; ' +
    'with --principal and --entitlement by which ways, the shortest first, and exits with 1 if there ' +
    'is none. Before and after expansion the answer is the same. A principal or resource is named ' +
    'by type/id, or by a part of its name that fits no other; an entitlement by its id.',
  arguments: [
    {
      name: 'store',
      summary: 'the store, or the .c1z, .jsonl or .csv file, to read',
      value: { type: 'path', of: 'store' },
    },
  ],
  options: {
    sync: {
      summary: 'the sync',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      default: 'latest',
    },
    principal: {
      summary: 'what this principal has',
      value: { type: 'text' },
      placeholder: 'type/id',
    },
    entitlement: {
      summary: 'who has this entitlement',
      value: { type: 'text' },
      placeholder: 'id',
    },
    resource: {
      summary: 'who has an entitlement of this resource',
      value: { type: 'text' },
      placeholder: 'type/id',
    },
    why: { summary: 'show the shortest way to each' },
    limit: {
      summary: 'principals, or entitlements of a principal, at most',
      value: { type: 'count', least: 1 },
      placeholder: 'n',
      default: 100,
    },
    after: {
      summary: 'go on where the answer before ended: its cursor',
      value: { type: 'text' },
      placeholder: 'cursor',
    },
    zone: {
      summary: 'the time zone of times in a .c1z file that name none; by default that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
  },
  examples: [
    ['who sync.c1z --principal user/ann', 'what somebody has'],
    ['who base --sync latest --principal "Ann Lee" --why', 'and how she came to it'],
    ['who base --entitlement group:admins:member', 'who has it'],
    ['who base --resource project/apollo', 'who touches it'],
    ['who base --principal user/ann --entitlement group:admins:member', 'why'],
  ],
});
