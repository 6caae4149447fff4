// The card element, with all fields in one row, and the elements for single card fields.

class CardFrameElement extends FrameElement {
  build() {
    this._brand = node("span", { class: "brand", "aria-hidden": "true" });
    const make = (kind, problem) =>
      new Field(kind, {
        problem,
        changed: (field, how) => this.typed(field, how),
        form: "card",
        language: this.language,
      });
    const fields = this.kinds.map((kind) => make(kind, this.problemOf(kind)));
    for (const field of fields) if (fields.length === 1) field.root.classList.add("alone");
    fields.find((field) => field.kind === "number")?.box.append(this._brand);
    this._row = node("div", { class: "row" }, ...fields.map((field) => field.root));
    this.root.append(this._row);
    this.fields = fields;
    if (this.type === "card" && this.language === "en")
      this.field("number").input.placeholder = "Card number";
    this.applyOptions(this.options);
    return fields;
  }

  get kinds() {
    return ["number", "expiry", "cvc", "postal"];
  }

  problemOf(kind) {
    const problems = {
      number: numberProblem,
      expiry: expiryProblem,
      cvc: (text) => cvcProblem(text, this.brandOfNumber),
      postal: (text) => postalProblem(text, "US"),
    };
    return problems[kind];
  }

  field(kind) {
    return this.fields.find((field) => field.kind === kind);
  }

  applyOptions(options) {
    if ("style" in options || document.adoptedStyleSheets.length === 0) {
      document.adoptedStyleSheets = [
        sheetOf(BASE_CSS + ROW_CSS),
        sheetOfPage(this.settings.page),
        sheetOfStyle(this.options.style),
      ];
    }
    const postal = this.field("postal");
    if (postal !== undefined) {
      postal.root.hidden = Boolean(this.options.hidePostalCode);
      if (isObject(options.value) && "postalCode" in options.value)
        postal.value = options.value.postalCode ?? "";
    }
    if (this.fields.length === 1 && typeof options.placeholder === "string") {
      this.fields[0].input.placeholder = options.placeholder;
    }
  }

  get brand() {
    return brandOf(digitsOf(this.field("number")?.value ?? ""));
  }

  /** The brand of the number, which may be in another frame. */
  get brandOfNumber() {
    return this.type === "card" ? this.brand : brandNamed(this.settings.brand);
  }

  get showsBrand() {
    return this.type === "card" ? !this.options.hideIcon : Boolean(this.options.showIcon);
  }

  refresh() {
    super.refresh();
    const { brand } = this.brand;
    this._brand.textContent = brand.toUpperCase();
    this._brand.hidden = brand === "unknown" || !this.showsBrand;
    this._row.classList.toggle("on-dark", isLight(this.settings.page.color));
  }

  payload() {
    const more = this.field("number") ? { brand: this.brand.brand } : {};
    if (this.field("postal")) more.value = { postalCode: this.field("postal").value };
    return { ...super.payload(), ...more };
  }
}

/** An element with one card field: cardNumber, cardExpiry or cardCvc. */
class CardPartFrameElement extends CardFrameElement {
  get kinds() {
    return [{ cardNumber: "number", cardExpiry: "expiry", cardCvc: "cvc" }[this.type]];
  }
}

/** Whether a computed text color is light, which indicates a dark page. */
function isLight(color) {
  const [red, green, blue] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return color.startsWith("rgb") && 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}
