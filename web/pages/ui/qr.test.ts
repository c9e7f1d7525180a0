// The code on the kit: read back module by module, the way a scanner sees it.
import { generate } from "lean-qr";
import { expect, it } from "vitest";
import { qrPath } from "./qr.tsx";

it("draws every dark module once, with white all around", () => {
  const text = "7K3M-9QWE-R2T4-Y6HP-4ZXC-V8BN-MJ5G-FD0S-A2\n5f0c6a0be2f94d1c8a7e3b2d90c41f6e\nhttps://vault.example.com\n";
  const { size, path } = qrPath(text);
  const code = generate(text);
  expect(size).toBe(code.size + 8);
  const drawn = new Map<string, number>();
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let i = 0; i < Number(run); i++) {
      const at = `${Number(x) + i} ${y}`;
      drawn.set(at, (drawn.get(at) ?? 0) + 1);
    }
  }
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) expect(drawn.get(`${x} ${y}`) ?? 0, `${x} ${y}`).toBe(code.get(x - 4, y - 4) ? 1 : 0);
  }
});
