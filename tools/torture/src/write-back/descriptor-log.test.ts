import { expect, test } from 'vitest';
import {
  type DescriptorEvent,
  markLine,
  parseDescriptorLog,
  WatchedFiles,
} from './descriptor-log.js';

const log = (text: string) => parseDescriptorLog(text.replaceAll(/^ +/gm, '')) as DescriptorEvent[];
const follow = (text: string) => {
  const files = new WatchedFiles();
  for (const event of log(text)) files.apply(event);
  return files;
};
const file = { path: '/x', inode: 7, sizeBytes: 10 };

test('a file is safe if the descriptor that wrote it is fsynced', () => {
  expect(follow('open 7 3 0 /x\nsync 7 3 10 /x\nclose 7 3 10 /x').unsafeBytes(file)).toEqual([]);
});

test('a file is not safe if it is closed and then fsynced by another descriptor', () => {
  const files = follow('open 7 3 0 /x\nclose 7 3 10 /x\nopen 7 3 10 /x\nsync 7 3 10 /x');
  expect(files.unsafeBytes(file)).toEqual([[0, 10]]);
});

test('a file is safe if another descriptor that was open before the write is fsynced', () => {
  const files = follow('open 7 3 0 /x\nopen 7 4 0 /x\nclose 7 4 10 /x\nsync 7 3 10 /x');
  expect(files.unsafeBytes(file)).toEqual([]);
});

test('bytes that are appended later are a range of their own', () => {
  const start = 'open 7 3 0 /x\nsync 7 3 4 /x\nclose 7 3 4 /x\nopen 7 3 4 /x\n';
  expect(follow(start).unsafeBytes(file)).toEqual([[4, 10]]);
  expect(follow(start).dirtyBytes(file)).toEqual([4, 10]);
  expect(follow(`${start}sync 7 3 8 /x`).unsafeBytes(file)).toEqual([[8, 10]]);
});

test('bytes from before the log are safe, and an empty file with a known inode is new', () => {
  expect(follow('').unsafeBytes(file)).toEqual([]);
  expect(follow('open 7 3 10 /x').unsafeBytes(file)).toEqual([]);
  const files = follow('open 7 3 0 /x\nsync 7 3 10 /x\nclose 7 3 10 /x\nopen 7 3 0 /x');
  expect(files.unsafeBytes(file)).toEqual([[0, 10]]);
});

test('a mark lists files, and an unknown line is refused', () => {
  expect(parseDescriptorLog(markLine([file]))).toEqual([{ kind: 'mark', files: [file] }]);
  expect(() => parseDescriptorLog('half a li')).toThrow('half a li');
});
