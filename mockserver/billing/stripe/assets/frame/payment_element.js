// The payment element: a complete card form with labels and error messages.

const COUNTRIES =
  "US AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE ES FI FR GB GR HK HR HU ID IE IL IN IS IT " +
  "JP KR LT LU LV MT MX MY NL NO NZ PE PH PL PT RO SE SG SI SK TH TR TW UA VN ZA";
const COUNTRIES_WITH_POSTAL_CODE = ["US", "CA", "GB"];
const TERMS = "By providing your card information, you allow";

/** Return the field of the country, and its list. */
function countrySelect(language, changed) {
  const select = node("select", {
    id: "Field-countryInput",
    name: "country",
    autocomplete: "billing country",
    "data-testid": "stripe-country",
  });
  const names = new Intl.DisplayNames([language], { type: "region" });
  for (const code of COUNTRIES.split(" "))
    select.append(node("option", { value: code }, names.of(code)));
  select.addEventListener("change", changed);
  const label = node("label", { for: "Field-countryInput" }, LABELS[language].country);
  const root = node("div", { class: "field" }, label, secondId("payment-countryInput", select));
  return { root, select };
}

class PaymentFrameElement extends FrameElement {
  build() {
    const make = (kind, problem, isWide) =>
      new Field(kind, {
        problem,
        changed: (field, how) => this.typed(field, how),
        form: "payment",
        isWide,
        language: this.language,
      });
    const fields = [
      make("number", numberProblem, true),
      make("expiry", expiryProblem),
      make("cvc", (text) => cvcProblem(text, this.brand)),
      make("postal", (text) => postalProblem(text, this.country)),
    ];
    this.fields = fields;
    this._brand = node("span", { class: "brand", "aria-hidden": "true" });
    fields[0].box.append(this._brand);
    const { root, select } = countrySelect(this.language, () => this.changed());
    this._country = select;
    this._countryRoot = root;
    this._terms = node("p", { class: "note", dir: "auto", "data-testid": "stripe-terms" });
    this._failure = node("p", {
      class: "error",
      role: "alert",
      "data-testid": "stripe-load-error",
    });
    const [number, expiry, cvc, postal] = fields.map((field) => field.root);
    this._form = node(
      "div",
      { class: "form" },
      number,
      expiry,
      cvc,
      this._countryRoot,
      postal,
      this._terms,
    );
    this.root.append(this._failure, this._form);
    const address = this.options.defaultValues?.billingDetails?.address ?? {};
    if (COUNTRIES.split(" ").includes(address.country)) this._country.value = address.country;
    if (typeof address.postal_code === "string") fields[3].value = address.postal_code;
    this.applyOptions();
    return fields;
  }

  get brand() {
    return brandOf(digitsOf(this.fields[0].value));
  }

  get country() {
    return this._country.value;
  }

  applyOptions() {
    const appearance = sheetOfAppearance(this.settings.appearance);
    document.adoptedStyleSheets = [sheetOf(BASE_CSS + PAYMENT_CSS), appearance];
  }

  /** Show why the form cannot be used, in its place. */
  fail(message) {
    this._failure.textContent = message;
    this.refresh();
  }

  refresh() {
    super.refresh();
    const { brand } = this.brand;
    this._brand.textContent = brand.toUpperCase();
    this._brand.hidden = brand === "unknown";
    const requested = this.options.fields?.billingDetails;
    const collectsNothing = requested === "never" || requested?.address === "never";
    const hidesCountry = collectsNothing || requested?.address?.country === "never";
    const hidesPostal = collectsNothing || requested?.address?.postalCode === "never";
    this._countryRoot.hidden = hidesCountry;
    this._country.disabled = Boolean(this.options.readOnly);
    this.fields[3].root.hidden = hidesPostal || !COUNTRIES_WITH_POSTAL_CODE.includes(this.country);
    if (this.language === "en")
      this.fields[3].label.textContent = this.country === "US" ? "ZIP code" : "Postal code";
    this._terms.hidden = this.options.terms?.card === "never" || !this.settings.isSetup;
    const business = this.options.business?.name ?? "this shop";
    this._terms.textContent =
      `${TERMS} ${business} to charge your card for future payments in accordance with ` +
      "their terms. Test mode: this is the mock's stand-in for Stripe.js, use test cards only.";
    // Light text on the default ground of a frame, which is white, could not be read.
    const isOnDark = isLight(getComputedStyle(this._form).color);
    document.body.style.background = isOnDark ? this.settings.page.background : "";
    const failed = this._failure.textContent !== "";
    this._failure.hidden = !failed;
    this._form.hidden = failed;
  }

  payload() {
    const { elementType, empty, complete } = super.payload();
    return { elementType, empty, complete, collapsed: false, value: { type: "card" } };
  }

  validate() {
    const error = super.validate();
    this.shownFields.find((field) => field.problem !== null)?.input.focus();
    return error;
  }
}
