// The mock's address as the frame sees it, which may be that of a proxy.

const ORIGIN = location.href.split("/_mock/stripe/")[0];
