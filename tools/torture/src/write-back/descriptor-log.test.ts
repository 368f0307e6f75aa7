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

test('a file that is synced by the descriptor that wrote it is safe', () => {
  expect(follow('open 7 3 0 /x\nsync 7 3 10 /x\nclose 7 3 10 /x').unsafeBytes(file)).toEqual([]);
});

test('a file that is closed and synced by another descriptor is not', () => {
  const files = follow('open 7 3 0 /x\nclose 7 3 10 /x\nopen 7 3 10 /x\nsync 7 3 10 /x');
  expect(files.unsafeBytes(file)).toEqual([[0, 10]]);
});

test('another descriptor will do that was open before the file was written', () => {
  const files = follow('open 7 3 0 /x\nopen 7 4 0 /x\nclose 7 4 10 /x\nsync 7 3 10 /x');
  expect(files.unsafeBytes(file)).toEqual([]);
});

test('what is appended later is a range of its own', () => {
  const start = 'open 7 3 0 /x\nsync 7 3 4 /x\nclose 7 3 4 /x\nopen 7 3 4 /x\n';
  expect(follow(start).unsafeBytes(file)).toEqual([[4, 10]]);
  expect(follow(start).dirtyBytes(file)).toEqual([4, 10]);
  expect(follow(`${start}sync 7 3 8 /x`).unsafeBytes(file)).toEqual([[8, 10]]);
});

test('what there was before is safe, and an empty file with a known inode is a new one', () => {
  expect(follow('').unsafeBytes(file)).toEqual([]);
  expect(follow('open 7 3 10 /x').unsafeBytes(file)).toEqual([]);
  const files = follow('open 7 3 0 /x\nsync 7 3 10 /x\nclose 7 3 10 /x\nopen 7 3 0 /x');
  expect(files.unsafeBytes(file)).toEqual([[0, 10]]);
});

test('a mark lists files, and a line that is none is refused', () => {
  expect(parseDescriptorLog(markLine([file]))).toEqual([{ kind: 'mark', files: [file] }]);
  expect(() => parseDescriptorLog('half a li')).toThrow('half a li');
});
