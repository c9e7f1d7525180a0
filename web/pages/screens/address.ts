// Why an address can never hold a passkey, told from the address alone.

export type AddressTrouble = { what: "bareIp" | "plainHttp" | "otherName"; seen: string; wanted: string };

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** The trouble with this address, or null when the address is not the reason. */
export function addressTrouble(at: { hostname: string; origin: string; protocol: string }, rpId: string | null): AddressTrouble | null {
  const { hostname, origin, protocol } = at;
  const wanted = rpId ?? "";
  if (IPV4.test(hostname) || hostname.startsWith("[")) return { what: "bareIp", seen: hostname, wanted };
  if (protocol === "http:" && hostname !== "localhost" && !hostname.endsWith(".localhost")) return { what: "plainHttp", seen: origin, wanted };
  if (rpId !== null && hostname !== rpId && !hostname.endsWith(`.${rpId}`)) return { what: "otherName", seen: hostname, wanted };
  return null;
}

/** The same server under the one name that needs no certificate. */
export function localAddress(at: { port: string; protocol: string }): string {
  return `http://localhost${at.port === "" ? "" : `:${at.port}`}/`;
}
