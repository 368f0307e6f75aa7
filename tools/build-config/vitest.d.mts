import type { ViteUserConfig } from 'vitest/config';

export function packageTests(overrides?: NonNullable<ViteUserConfig['test']>): ViteUserConfig;
