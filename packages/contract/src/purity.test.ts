import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const directory = new URL('./', import.meta.url);
const sources = readdirSync(directory).filter((name) => !name.includes('.test'));

test.each(sources)('%s imports only files of this package', (name) => {
  const text = readFileSync(new URL(name, directory), 'utf8');
  const source = text.replace(/^ *(\/\/|\/?\*).*$/gm, '');
  const imported = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1]);
  const allowed = (module: string) => module.startsWith('./');
  expect(imported.filter((module) => !allowed(module ?? ''))).toEqual([]);
  expect(source).not.toMatch(/\b(Buffer|process|require)\b[.(]/);
});
