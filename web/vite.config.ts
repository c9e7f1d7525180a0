// How the web app is built: hashed files, integrity for every script, styles inside index.html, precompressed copies.
import { defineConfig } from "vitest/config";
import { finishAssets } from "./bundle/finish.ts";

export default defineConfig({
  plugins: [finishAssets()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    // The preload helper writes elements at run time; the import map already carries what it would add.
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    sourcemap: false,
    chunkSizeWarningLimit: 400,
  },
  server: { port: 5173, proxy: { "/v1": "http://localhost:1984", "/health": "http://localhost:1984" } },
  test: { include: ["**/*.test.ts"], exclude: ["node_modules", "dist", "e2e"], testTimeout: 60_000 },
});
