import type { Options } from 'tsup';

export function thirdPartyNotices(target: string): NonNullable<Options['esbuildPlugins']>[number];
