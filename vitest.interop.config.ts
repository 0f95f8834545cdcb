import { defineConfig } from 'vitest/config';

// Real peers on loopback: one file at a time, so that one peer's load never shows in another's timing.
export default defineConfig({
  test: {
    include: ['tests/interop/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
