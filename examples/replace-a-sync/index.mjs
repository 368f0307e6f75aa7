// Replaces one sync of a base store by its newer version, after a connector has run again.
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { compact } from '@sstitch/compactor';
import { Store } from '@sstitch/engine';
import { GrantRecordSchema, SyncStore } from '@sstitch/records';

const directory = process.argv[2] ?? '.';
const syncId = '36zfOAoWMxQdISbixanQCRBiX7E';

/** Writes a sync: the members of the group "staff". */
async function fill(store, members) {
  const syncs = new SyncStore(store);
  await syncs.startSync({ syncId });
  for (const member of members) {
    const grant = create(GrantRecordSchema, {
      syncId,
      externalId: `staff:member:${member}`,
      entitlement: { resourceTypeId: 'group', resourceId: 'staff', entitlementId: 'staff:member' },
      principal: { resourceTypeId: 'user', resourceId: member },
    });
    await syncs.put(syncId, grant);
  }
  await syncs.endSync(syncId);
}

/** Reads the members back, through the index of grants by entitlement. */
async function membersOf(store) {
  const members = [];
  for await (const grant of new SyncStore(store).listGrantsByEntitlement(syncId, 'staff:member')) {
    members.push(grant.principal?.resourceId);
  }
  return members.join(', ');
}

const base = new Store(join(directory, 'base'));
const source = new Store(join(directory, 'source'));
await fill(base, ['ann', 'bob', 'cem']);
await fill(source, ['ann', 'dora']);
console.log(`before: ${await membersOf(base)}`);

const { entries } = await compact({ base, source, syncIds: [syncId] });
console.log(`after: ${await membersOf(base)}`);
console.log(`the sync has ${entries} entries`);

await base.close();
await source.close();
