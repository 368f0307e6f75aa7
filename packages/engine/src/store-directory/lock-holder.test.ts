import { expect, test } from 'vitest';
import { holderIn } from './lock-holder.js';

const LOCKS = `1: FLOCK  ADVISORY  WRITE 11 fe:00:501 0 EOF
2: POSIX  ADVISORY  READ  12 fe:00:502 0 EOF
3: POSIX  ADVISORY  WRITE 13 fe:01:503 0 EOF
4: POSIX  ADVISORY  WRITE 14 fe:00:503 0 EOF
4: -> POSIX  ADVISORY  WRITE 15 fe:00:504 0 EOF
5: OFDLCK ADVISORY  WRITE -1 fe:00:505 0 EOF
6: POSIX  ADVISORY  WRITE 0 fe:00:506 0 EOF
7: POSIX  ADVISORY  WRITE 17 103:05:507 128 128
`;

/** Composes a device number as the C library does. */
const device = (major: bigint, minor: bigint) => ((major & 0xfffn) << 8n) | (minor & 0xffn);

test('the holder of a POSIX write lock is found by device and inode', () => {
  expect(holderIn(LOCKS, device(0xfen, 0n), 503n)).toBe(14);
  expect(holderIn(LOCKS, device(0xfen, 1n), 503n)).toBe(13);
  expect(holderIn(LOCKS, device(0x103n, 5n), 507n)).toBe(17);
});

test('other kinds of locks, waiting processes and invisible processes are not holders', () => {
  for (const inode of [501n, 502n, 504n, 505n, 506n, 508n]) {
    expect(holderIn(LOCKS, device(0xfen, 0n), inode)).toBeUndefined();
  }
  expect(holderIn('', 0n, 0n)).toBeUndefined();
});
