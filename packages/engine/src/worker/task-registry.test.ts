import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { taskRegistry } from './task-registry.js';

test('every task that a module defines is registered under its name', () => {
  const source = fileURLToPath(new URL('..', import.meta.url));
  const defined = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(join(source, name), 'utf8').matchAll(/= defineTask\(\s*'(\w+)'/g),
    ])
    .map(([, name]) => name);
  expect([...taskRegistry.keys()].sort()).toEqual(defined.sort());
});
