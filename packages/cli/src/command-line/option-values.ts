// Parsers of arguments and options: what they refuse is wrong usage, and nothing has been touched yet.
import { isSyncId } from '@sstitch/keys';
import { InvalidArgumentError } from 'commander';
import { RepeatableOption } from './strict-command.js';

/** One sync id. */
export function syncIdArgument(text: string): string {
  if (isSyncId(text)) return text;
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not a sync id (27 of 0-9 A-Z a-z).`);
}

/** `--sync` of a command that takes several: between commas, or the option again. */
export function syncsOption(description: string): RepeatableOption {
  const option = new RepeatableOption('--sync <ids>', `${description}; several between commas`);
  option.argParser(syncIdsArgument);
  return option;
}

function syncIdsArgument(text: string, before: readonly string[] = []): readonly string[] {
  const syncIds = [...before, ...text.split(',').map((part) => syncIdArgument(part.trim()))];
  const twice = syncIds.find((syncId, at) => syncIds.indexOf(syncId) !== at);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is given twice.`);
  return syncIds;
}

/** A whole number from `least` on. */
export function wholeNumberArgument(
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const bound = most === Number.MAX_SAFE_INTEGER ? `${least} on` : `${least} to ${most}`;
    throw new InvalidArgumentError(`${JSON.stringify(text)} is not a whole number from ${bound}.`);
  };
}

/** Bytes in hex. */
export function hexArgument(text: string): Uint8Array {
  if (/^([0-9a-fA-F]{2})*$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not bytes in hex.`);
}
