import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { expect, test } from "./support";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("axe reports nothing: a busy account, invalid forms, a dialog", async ({
      account,
      billing,
      cardForm,
      page,
    }) => {
      await account.startAs("new");
      await account.addCard("pm_card_visa");
      await account.deposit(1900);
      for (let count = 0; count < 8; count++) await account.use(10_000);
      await billing.open(account.key);
      await expect(billing.alert).toBeVisible();
      await expect(billing.transactions).toHaveCount(10);
      await billing.startDeposit("1");
      await expect(page.getByLabel("Amount in dollars")).toHaveAttribute("aria-invalid", "true");
      await cardForm.open();
      await cardForm.save("4000 0000 0000 0002");
      await expect(cardForm.problem).toContainText("declined");
      expect(await violations(page)).toEqual([]);
      await page.getByRole("button", { name: /^Remove/ }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    test("axe reports nothing: an empty balance, a notice, a failed section", async ({
      account,
      billing,
      page,
    }) => {
      await account.startAs("exhausted");
      await page.route("**/payment-methods", (route) =>
        route.fulfill({ status: 503, body: "down" }),
      );
      await page.goto(`/?key=${account.key}&deposit=cancelled`);
      await expect(billing.warning).toBeVisible();
      await expect(billing.section("Payment methods").getByRole("alert")).toContainText("(503)");
      await expect(billing.notice).toContainText("Payment cancelled.");
      expect(await violations(page)).toEqual([]);
    });
  });
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: typeof import("axe-core") }).axe;
    const results = await axe.run();
    return results.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html}`),
    );
  });
}
