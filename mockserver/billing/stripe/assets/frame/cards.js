// Validation and formatting of card fields: brand, length, checksum, expiry.

const UNKNOWN_BRAND = { brand: "unknown", pattern: /^/, lengths: [16], cvc: 3 };
const BRANDS = [
  { brand: "visa", pattern: /^4/, lengths: [16], cvc: 3 },
  {
    brand: "mastercard",
    pattern: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/,
    lengths: [16],
    cvc: 3,
  },
  { brand: "amex", pattern: /^3[47]/, lengths: [15], cvc: 4 },
  { brand: "diners", pattern: /^30[0-5]/, lengths: [14, 16], cvc: 3 },
  { brand: "diners", pattern: /^3[689]/, lengths: [14], cvc: 3 },
  { brand: "discover", pattern: /^(6011|64[4-9]|65)/, lengths: [16], cvc: 3 },
  { brand: "jcb", pattern: /^35(2[89]|[3-8])/, lengths: [16], cvc: 3 },
  { brand: "unionpay", pattern: /^(62|81)/, lengths: [16, 17, 18, 19], cvc: 3 },
];

function digitsOf(text) {
  return text.replace(/[^0-9]/g, "");
}

function brandOf(digits) {
  return BRANDS.find((brand) => brand.pattern.test(digits)) ?? UNKNOWN_BRAND;
}

function brandNamed(name) {
  return BRANDS.find((brand) => brand.brand === name) ?? UNKNOWN_BRAND;
}

function passesLuhn(digits) {
  const values = [...digits].reverse().map((digit, place) => Number(digit) * (1 + (place % 2)));
  return values.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0) % 10 === 0;
}

/** Format in groups of four or, as printed on some brands, of four, six and the rest. */
function formatNumber(text) {
  const { brand, lengths } = brandOf(digitsOf(text));
  const digits = digitsOf(text).slice(0, Math.max(...lengths));
  const isShort = brand === "amex" || (brand === "diners" && digits.length <= 14);
  const groups = isShort
    ? /^(.{1,4})(.{1,6})?(.+)?$/.exec(digits)?.slice(1)
    : digits.match(/.{1,4}/g);
  return (groups ?? []).filter(Boolean).join(" ");
}

/** Format typed or pasted text as "MM / YY". */
function formatExpiry(text, isDeleting) {
  const parts = /^\s*(\d{1,2})\s*[/.-]\s*(\d*)/.exec(text);
  let digits = parts ? parts[1].padStart(2, "0") + parts[2] : digitsOf(text);
  if (/^[2-9]/.test(digits) || /^1[3-9]/.test(digits)) digits = `0${digits}`;
  const month = digits.slice(0, 2);
  const year = digits.length === 6 ? digits.slice(4) : digits.slice(2, 4);
  if (month.length < 2 || (isDeleting && year === "")) return month;
  return `${month} / ${year}`;
}

/** Return an error code or null. incomplete_... means that more input can make it valid. */
function numberProblem(text) {
  const digits = digitsOf(text);
  const { lengths } = brandOf(digits);
  if (lengths.includes(digits.length) && passesLuhn(digits)) return null;
  return digits.length < Math.max(...lengths) ? "incomplete_number" : "invalid_number";
}

function expiryOf(text) {
  const digits = digitsOf(text);
  const century = Math.floor(MOCK.year / 100) * 100;
  return { month: Number(digits.slice(0, 2)), year: century + Number(digits.slice(2, 4)) };
}

function expiryProblem(text) {
  if (digitsOf(text).length < 4) return "incomplete_expiry";
  const { month, year } = expiryOf(text);
  if (month < 1 || month > 12) return "invalid_expiry_month";
  if (year < MOCK.year) return "invalid_expiry_year_past";
  if (year === MOCK.year && month < MOCK.month) return "invalid_expiry_month_past";
  return year > MOCK.year + 50 ? "invalid_expiry_year" : null;
}

function cvcProblem(text, brand) {
  return digitsOf(text).length === brand.cvc ? null : "incomplete_cvc";
}

function postalProblem(text, country) {
  const isWhole = country === "US" ? /^\d{5}$/.test(text.trim()) : text.trim().length >= 3;
  return isWhole ? null : "incomplete_zip";
}
