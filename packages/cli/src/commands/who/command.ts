import { defineCommand } from '../../command-line/command-spec.js';
import { storeOrFileArgument, zoneOption } from '../../command-line/shared-options.js';

export const whoCommand = defineCommand({
  name: 'who',
  summary: 'show who has what, and why',
  description:
    'Reads a store or a file of syncs. With --principal, lists what the principal has, directly and ' +
    'through groups; with --entitlement, who has it; with --resource, who has any of its ' +
    'entitlements; with --principal and --entitlement, the ways by which the principal has it, the ' +
    'shortest first. Exits with 1 if it finds nothing, or the sync holds no such name. The answer is the ' +
    'same before and after expansion. A principal or resource is named by type/id, or by a part of its name that matches ' +
    'no other; an entitlement by its id, or by its name or slug if no other entitlement has it.',
  arguments: [storeOrFileArgument],
  options: {
    sync: {
      summary: 'the sync',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      default: 'latest',
    },
    principal: {
      summary: 'list what this principal has',
      value: { type: 'text' },
      placeholder: 'type/id',
    },
    entitlement: {
      summary: 'list who has this entitlement',
      value: { type: 'text' },
      placeholder: 'id',
    },
    resource: {
      summary: 'list who has an entitlement of this resource',
      value: { type: 'text' },
      placeholder: 'type/id',
    },
    why: { summary: 'show the shortest way to each result' },
    limit: {
      summary: 'the most principals, or entitlements of a principal, to list',
      value: { type: 'count', least: 1 },
      placeholder: 'n',
      default: 100,
    },
    after: {
      summary: 'continue after the previous answer, by its cursor',
      value: { type: 'text' },
      placeholder: 'cursor',
    },
    zone: zoneOption,
  },
  examples: [
    ['who sync.c1z --principal user/ann', 'what a user has'],
    ['who base --sync latest --principal "Ann Lee" --why', 'and why'],
    ['who base --entitlement group:admins:member', 'who has it'],
    ['who base --entitlement "Apollo: admin"', 'the same by its name'],
    ['who base --resource project/apollo', 'who has access to it'],
    ['who base --principal user/ann --entitlement group:admins:member', 'why'],
  ],
});
