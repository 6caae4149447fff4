// The address element and the email of the link authentication element.

function requiredProblem(text) {
  return text.trim() === "" ? "incomplete_address" : null;
}

function emailProblem(text) {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim()) ? null : "incomplete_email";
}

class ContactFrameElement extends FrameElement {
  build() {
    this.fields = this.kinds.map(
      ([kind, problem, isWide]) =>
        new Field(kind, {
          problem,
          changed: () => this.changed(),
          form: "payment",
          isWide,
          language: this.language,
        }),
    );
    const { root, select } = countrySelect(this.language, () => this.changed());
    this._country = select;
    this._countryRoot = root;
    this._countryRoot.hidden = this.type !== "address";
    const roots = this.fields.map((field) => field.root);
    this.root.append(node("div", { class: "form" }, ...roots, this._countryRoot));
    this.fillIn(this.options.defaultValues ?? {});
    this.applyOptions();
    return this.fields;
  }

  get kinds() {
    if (this.type === "linkAuthentication") return [["email", emailProblem, true]];
    return [
      ["name", requiredProblem, true],
      ["line1", requiredProblem, true],
      ["line2", () => null, true],
      ["city", requiredProblem],
      ["state", (text) => (this._country.value === "US" ? requiredProblem(text) : null)],
      ["postal", (text) => postalProblem(text, this._country.value)],
    ];
  }

  fillIn({ name, email, address = {} }) {
    const { line1, line2, city, state, postal_code: postal, country } = address;
    const known = { name, email, line1, line2, city, state, postal };
    for (const field of this.fields)
      if (typeof known[field.kind] === "string") field.value = known[field.kind];
    if (COUNTRIES.split(" ").includes(country)) this._country.value = country;
  }

  applyOptions() {
    const appearance = sheetOfAppearance(this.settings.appearance);
    document.adoptedStyleSheets = [sheetOf(BASE_CSS + PAYMENT_CSS), appearance];
  }

  payload() {
    const { elementType, complete } = super.payload();
    const text = (kind) => this.fields.find((field) => field.kind === kind)?.value ?? "";
    const empty = this.fields.every((field) => field.isEmpty);
    if (this.type === "linkAuthentication")
      return { elementType, empty, complete, value: { email: text("email") } };
    const address = {
      line1: text("line1"),
      line2: text("line2") || null,
      city: text("city"),
      state: text("state"),
      postal_code: text("postal"),
      country: this._country.value,
    };
    const elementMode = this.options.mode ?? "shipping";
    const value = { name: text("name"), address };
    return { elementType, elementMode, empty, complete, isNewAddress: true, value };
  }
}
