import { readFile, readdir } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { build } from "vite";

test("a production build knows no test key and no mock", async ({}, testInfo) => {
  const outDir = testInfo.outputPath("dist");
  const options = { mode: "production", logLevel: "silent", build: { outDir } } as const;
  delete process.env["VITE_STRIPE_KEY"];
  await expect(build(options)).rejects.toThrow("set VITE_STRIPE_KEY");
  process.env["VITE_STRIPE_KEY"] = "pk_of_yours";
  await build(options);
  const files = await readdir(outDir, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(`${file.parentPath}/${file.name}`, "utf8"));
  const all = (await Promise.all(texts)).join("\n");
  expect(all).toContain("pk_of_yours");
  expect(all).toContain("js.stripe.com");
  for (const word of ["sk_test_", "_mock", "127.0.0.1", "?key="]) expect(all).not.toContain(word);
});
