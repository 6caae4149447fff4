// The labels of the fields. Sentences of errors are English in every language.

const LABELS = {
  en: {
    number: "Card number",
    expiry: "Expiration date",
    cvc: "Security code",
    postal: "Postal code",
    country: "Country",
    months: "MM / YY",
  },
  de: {
    number: "Kartennummer",
    expiry: "Ablaufdatum",
    cvc: "Sicherheitscode",
    postal: "Postleitzahl",
    country: "Land",
    months: "MM / JJ",
  },
  fr: {
    number: "Numéro de carte",
    expiry: "Date d’expiration",
    cvc: "Code de sécurité",
    postal: "Code postal",
    country: "Pays",
    months: "MM / AA",
  },
  es: {
    number: "Número de tarjeta",
    expiry: "Fecha de caducidad",
    cvc: "Código de seguridad",
    postal: "Código postal",
    country: "País",
    months: "MM / AA",
  },
  ja: {
    number: "カード番号",
    expiry: "有効期限",
    cvc: "セキュリティコード",
    postal: "郵便番号",
    country: "国",
    months: "月 / 年",
  },
  pt: {
    number: "Número do cartão",
    expiry: "Data de validade",
    cvc: "Código de segurança",
    postal: "CEP",
    country: "País",
    months: "MM / AA",
  },
  ar: {
    number: "رقم البطاقة",
    expiry: "تاريخ انتهاء الصلاحية",
    cvc: "رمز الأمان",
    postal: "الرمز البريدي",
    country: "البلد",
    months: "MM / YY",
  },
};
const RIGHT_TO_LEFT = ["ar"];

/** Return the language of the `locale` option that has labels; "auto" is the browser's. */
function languageOf(locale) {
  const wanted = locale === "auto" ? navigator.language : String(locale);
  const language = wanted.split("-")[0].toLowerCase();
  return Object.hasOwn(LABELS, language) ? language : "en";
}
