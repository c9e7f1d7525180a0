// Build step after bundling: puts the style sheet and an import map into index.html, so that a policy of hashes alone admits
// every script and style, writes assets.json for the server, and the compressed copies.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** One file of the web app as the server needs to know it. */
interface Asset {
  integrity: string;
  type: string;
  size: number;
}

/** What dist/assets.json holds: every file, and the sources that the content security policy has to name. */
interface Manifest {
  files: Record<string, Asset>;
  script_src: string[];
  style_src: string[];
}

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

const hash = (bytes: Buffer | string): string => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

const quoted = (source: string): string => `'${source}'`;

/** Runs when the bundle lies on disk. */
export function finishAssets(): Plugin {
  let outDir = "dist";
  return {
    name: "clavitor-finish-assets",
    apply: "build",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      finish(outDir);
    },
  };
}

function finish(dir: string): void {
  const html = join(dir, "index.html");
  const page = secured(dir, readFileSync(html, "utf8"));
  writeFileSync(html, page.html);

  const manifest: Manifest = { files: {}, script_src: page.scripts.map(quoted), style_src: page.styles.map(quoted) };
  for (const path of walk(dir)) {
    const bytes = readFileSync(path);
    const name = `/${relative(dir, path)}`;
    const extension = name.slice(name.lastIndexOf("."));
    const type = TYPES[extension];
    if (type === undefined) throw new Error(`no content type for ${name}`);
    manifest.files[name] = { integrity: hash(bytes), type, size: bytes.length };
    if (extension === ".js") manifest.script_src.push(quoted(hash(bytes)));
    compress(path, bytes);
  }
  writeFileSync(join(dir, "assets.json"), `${JSON.stringify(manifest, null, 1)}\n`);
}

/** The page with its style sheet inside, an import map that vouches for every chunk, and integrity on its script. */
function secured(dir: string, source: string): { html: string; scripts: string[]; styles: string[] } {
  const scripts: string[] = [];
  const styles: string[] = [];
  const integrity: Record<string, string> = {};
  for (const path of walk(dir).filter((name) => name.endsWith(".js"))) {
    integrity[`/${relative(dir, path)}`] = hash(readFileSync(path));
  }
  let html = source.replace(/<link rel="stylesheet"[^>]*href="([^"]+)"[^>]*>/g, (_, href: string) => {
    const css = readFileSync(join(dir, href), "utf8").trim();
    rmSync(join(dir, href));
    styles.push(hash(css));
    return `<style>${css}</style>`;
  });
  html = html.replace(/<script type="module"[^>]*src="([^"]+)"[^>]*><\/script>/g, (_, src: string) => {
    const map = JSON.stringify({ integrity });
    scripts.push(hash(map));
    return `<script type="importmap">${map}</script>\n    ` + `<script type="module" src="${src}" integrity="${integrity[src]}"></script>`;
  });
  if (scripts.length !== 1 || styles.length !== 1) throw new Error("index.html needs one script and one style sheet");
  return { html, scripts, styles };
}

function compress(path: string, bytes: Buffer): void {
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, options));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}

function walk(dir: string): string[] {
  mkdirSync(dir, { recursive: true });
  return readdirSync(dir)
    .filter((name) => !/\.(br|gz)$/.test(name) && name !== "assets.json")
    .map((name) => join(dir, name))
    .flatMap((path) => (statSync(path).isDirectory() ? walk(path) : [path]))
    .sort();
}
