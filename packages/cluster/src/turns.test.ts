import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('turns', () => {
  it('are limited in number, and are given in the order of the calls, to urgent ones first', async () => {
    const turns = new Turns(2);
    const got: string[] = [];
    const take = (name: string, isUrgent = false) =>
      turns.take(isUrgent).then(() => got.push(name));
    const all = [take('a'), take('b'), take('c'), take('d'), take('e', true), take('f', true)];
    await Promise.all(all.slice(0, 2));
    expect(got).toEqual(['a', 'b']);
    for (let ended = 0; ended < 4; ended += 1) turns.end();
    await Promise.all(all);
    expect(got).toEqual(['a', 'b', 'e', 'f', 'c', 'd']);
  });

  it('are refused to all calls that wait, and are given again later', async () => {
    const turns = new Turns(1);
    await turns.take(false);
    const waiting = [turns.take(false), turns.take(true)];
    turns.refuse(new Error('no server'));
    for (const one of waiting) await expect(one).rejects.toThrow('no server');
    turns.end();
    await turns.take(false);
  });
});
