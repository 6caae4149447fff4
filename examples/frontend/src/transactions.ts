/** The ledger, in pages. */

import { billing, dataOf, type Schemas } from "./api";
import { el } from "./dom";
import { formatCount, formatTime, label } from "./format";
import { section, type Section } from "./section";

const PER_PAGE = 10;

export function transactionsSection(): Section {
  let offset = 0;
  const goTo = (to: number): void => {
    offset = Math.max(0, to);
    void transactions.refresh();
  };
  const load = (): Promise<Schemas["CreditTransactions"]> =>
    dataOf(
      billing.GET("/api/v1/billing/credit-transactions", {
        params: { query: { limit: PER_PAGE, offset } },
      }),
    );
  const transactions = section("Transactions", {
    id: "transactions",
    load,
    show: (page) =>
      page.total === 0 ? [emptyMessage()] : [table(page.transactions), pager(page, offset, goTo)],
  });
  return transactions;
}

function emptyMessage(): HTMLElement {
  return el("p", {
    className: "quiet",
    textContent: "Nothing yet. What you pay in and use will be listed here.",
  });
}

function table(entries: Schemas["CreditTransaction"][]): HTMLElement {
  const heads = ["Date", "Description", "Amount", "Balance after"];
  return el(
    "div",
    { className: "scroll", tabIndex: 0, role: "group", ariaLabel: "Transactions, scrollable" },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el("tr", {}, ...heads.map((text) => el("th", { scope: "col", textContent: text }))),
      ),
      el("tbody", {}, ...entries.map(row)),
    ),
  );
}

function row(entry: Schemas["CreditTransaction"]): HTMLElement {
  const isIncome = entry.amount_microcents > 0;
  return el(
    "tr",
    { attrs: { "data-testid": "transaction" } },
    el("td", { className: "quiet", textContent: formatTime(entry.created_at) }),
    el(
      "td",
      {},
      entry.description,
      " ",
      el("span", { className: "tag", textContent: label(entry.type) }),
    ),
    el("td", {
      className: isIncome ? "number income" : "number",
      textContent: `${isIncome ? "+" : ""}${entry.amount_display}`,
    }),
    el("td", { className: "number", textContent: entry.balance_after_display }),
  );
}

function pager(
  page: Schemas["CreditTransactions"],
  offset: number,
  goTo: (to: number) => void,
): HTMLElement {
  const last = offset + page.transactions.length;
  const total = formatCount(page.total);
  const range = `${formatCount(offset + 1)}–${formatCount(last)} of ${total}`;
  const button = (id: string, text: string, to: number, isEnabled: boolean): HTMLElement =>
    el("button", {
      type: "button",
      id,
      textContent: text,
      disabled: !isEnabled,
      on: { click: () => goTo(to) },
    });
  return el(
    "nav",
    { className: "pager", ariaLabel: "Pages of transactions" },
    button("newer", "Newer", offset - PER_PAGE, offset > 0),
    el("span", {
      role: "status",
      textContent: range,
    }),
    button("older", "Older", offset + PER_PAGE, page.has_more),
  );
}
