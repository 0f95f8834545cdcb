import { defineConfig } from 'vitest/config';

// The long versions: tests that take their numbers from SSLSHUT_SOAK, and those that exist only here.
export default defineConfig({
  test: {
    include: [
      'tests/soak/**/*.test.ts',
      'tests/sim/network.test.ts',
      'tests/sim/dtls.test.ts',
      'tests/proto/tls-mutations.test.ts',
      'tests/proto/dtls-mutations.test.ts',
      'tests/sim/quic.test.ts',
      'tests/proto/quic/mutations.test.ts',
    ],
    testTimeout: 3_600_000,
    maxWorkers: 2,
  },
});
