import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';

test('a private directory has another name than those that a killed process of the same id left', async () => {
  const store = mkdtempSync(join(tmpdir(), 'sstitch-private-'));
  onTestFinished(() => rmSync(store, { recursive: true }));
  for (let process = 0; process < 3; process++) {
    // A container's processes have the same ids again.
    vi.resetModules();
    const { withPrivateDirectory } = await import('./private-directory.js');
    const directory = await withPrivateDirectory(store, async (made) => made);
    expect(readdirSync(join(store, 'readers'))).toHaveLength(process);
    mkdirSync(directory);
  }
});
