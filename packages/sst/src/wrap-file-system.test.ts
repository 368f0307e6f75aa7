import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem } from './files/node-file-system.js';
import { type FileOperation, type FileSystemHooks, wrapFileSystem } from './wrap-file-system.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-wrap-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs every operation of a file system, and returns what the hooks see. */
function doAll(hooks: FileSystemHooks): void {
  const fileSystem = wrapFileSystem(nodeFileSystem, hooks);
  const at = (name: string) => join(directory, name);
  fileSystem.mkdir(at('sub'));
  const file = fileSystem.open(at('a'), 'create');
  file.write(Buffer.from('text'));
  file.sync();
  file.sizeBytes();
  file.close();
  const reading = fileSystem.open(at('a'), 'read');
  reading.read(new Uint8Array(4), 0);
  reading.close();
  fileSystem.chmod(at('a'), 0o600);
  fileSystem.readFile(at('a'));
  fileSystem.status(at('a'));
  fileSystem.link(at('a'), at('b'));
  const copied = fileSystem.copy(at('a'), at('c'));
  fileSystem.attach({ path: at('c'), descriptor: copied.descriptor as number }).close();
  fileSystem.rename(at('b'), at('d'));
  fileSystem.fsyncDir(directory);
  fileSystem.readdir(directory);
  fileSystem.realPath(directory);
  for (const name of ['a', 'c', 'd']) fileSystem.unlink(at(name));
  fileSystem.removeDirectory(at('sub'));
}

describe('wrapFileSystem', () => {
  test('shows every operation of the file system and of its files before and after, in order', () => {
    const seen: string[] = [];
    const show = ({ name, path, to, mode }: FileOperation) =>
      [name, path, to, mode]
        .filter((part) => part !== undefined)
        .map((part) => part.replace(directory, '.'))
        .join(' ');
    doAll({
      before: (operation) => seen.push(`before ${show(operation)}`),
      after: (operation) => seen.push(`after ${show(operation)}`),
    });
    const operations = [
      ...['mkdir ./sub', 'open ./a create', 'write ./a', 'sync ./a', 'sizeBytes ./a'],
      ...['close ./a', 'open ./a read', 'read ./a', 'close ./a', 'chmod ./a', 'readFile ./a'],
      ...['status ./a', 'link ./a ./b', 'copy ./a ./c', 'attach ./c', 'close ./c'],
      ...['rename ./b ./d', 'fsyncDir .'],
      ...['readdir .', 'realPath .', 'unlink ./a', 'unlink ./c', 'unlink ./d'],
      'removeDirectory ./sub',
    ];
    expect(seen).toEqual(operations.flatMap((each) => [`before ${each}`, `after ${each}`]));
    const names = new Set(operations.map((each) => each.split(' ')[0]));
    expect([...names]).toEqual(expect.arrayContaining(Object.keys(nodeFileSystem)));
  });

  test('an operation does not run if the hook before it throws', () => {
    const fileSystem = wrapFileSystem(nodeFileSystem, {
      before: ({ name }) => {
        if (name === 'mkdir') throw new Error('forced');
      },
    });
    expect(() => fileSystem.mkdir(join(directory, 'sub'))).toThrow('forced');
    expect(nodeFileSystem.readdir(directory)).toEqual([]);
  });

  test('an operation has run if the hook after it throws, and a failed one is not shown after', () => {
    const after: string[] = [];
    const fileSystem = wrapFileSystem(nodeFileSystem, {
      after: ({ name }) => {
        after.push(name);
        if (name === 'mkdir') throw new Error('forced');
      },
    });
    expect(() => fileSystem.mkdir(join(directory, 'sub'))).toThrow('forced');
    expect(nodeFileSystem.readdir(directory)).toEqual(['sub']);
    expect(() => fileSystem.readFile(join(directory, 'none'))).toThrow('ENOENT');
    expect(after).toEqual(['mkdir']);
  });

  test('a hook can write a part of the bytes of a write that it makes fail', () => {
    const path = join(directory, 'torn');
    const fileSystem = wrapFileSystem(nodeFileSystem, {
      before: ({ name, handle, bytes }) => {
        if (name !== 'write' || bytes === undefined) return;
        handle?.write(bytes.subarray(0, 2));
        throw new Error('forced');
      },
    });
    const file = fileSystem.open(path, 'create');
    expect(() => file.write(Buffer.from('text'))).toThrow('forced');
    file.close();
    expect(Buffer.from(nodeFileSystem.readFile(path)).toString()).toBe('te');
  });
});
