// Looks at every page in a real browser; apart from the unit tests, since it needs Chromium.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["pages/testing/**/*.look.ts"], fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 },
});
