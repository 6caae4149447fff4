import { expect, test } from "./support";

test("an app without any knowledge of the mock can be tested", async ({
  account,
  cardForm,
  mock,
  page,
  request,
}) => {
  await account.startAs("new");
  // Remove what this screen has for the mock: the script tag and the key in the URL.
  await page.route("**/_mock/stripe.js", (route) => route.abort());

  await page.route("**/api/v1/billing/**", (route) =>
    route.continue({ headers: { ...route.request().headers(), "x-api-key": account.key } }),
  );
  await page.route("https://js.stripe.com/**", async (route) =>
    route.fulfill({ response: await request.get(`${mock.url}/_mock/stripe.js`) }),
  );

  await page.goto("/");
  await expect(page.getByTestId("balance")).toHaveText("$1.00");
  await cardForm.open();
  await cardForm.save("4242 4242 4242 4242");
  await expect(page.getByTestId("card")).toContainText("Visa ending in 4242");
});
