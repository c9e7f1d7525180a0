// How the end-to-end stories run: one after another, since each drives a browser, and in real time.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    bail: 1,
    reporters: ["verbose"],
  },
});
