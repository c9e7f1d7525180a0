// Which addresses can hold a passkey.
import { expect, test } from "vitest";
import { addressTrouble, localAddress } from "./address.ts";

const at = (url: string): URL => new URL(url);

test("localhost needs nothing", () => {
  expect(addressTrouble(at("http://localhost:1984/"), "localhost")).toBeNull();
  expect(addressTrouble(at("http://vault.localhost:1984/"), "localhost")).toBeNull();
});

test("an IP address never works, with or without a certificate", () => {
  expect(addressTrouble(at("http://127.0.0.1:1984/"), "localhost")?.what).toBe("bareIp");
  expect(addressTrouble(at("https://192.168.1.20/"), null)?.what).toBe("bareIp");
  expect(addressTrouble(at("https://[::1]:8443/"), null)?.what).toBe("bareIp");
});

test("plain http on a network does not work", () => {
  expect(addressTrouble(at("http://nas.lan:1984/"), "nas.lan")?.what).toBe("plainHttp");
});

test("another name than the one the passkeys belong to does not work", () => {
  expect(addressTrouble(at("https://old.example.org/"), "vault.example.org")).toEqual({
    what: "otherName",
    seen: "old.example.org",
    wanted: "vault.example.org",
  });
  expect(addressTrouble(at("https://a.vault.example.org/"), "vault.example.org")).toBeNull();
});

test("the local address keeps the port", () => {
  expect(localAddress(at("http://192.168.1.20:1984/"))).toBe("http://localhost:1984/");
  expect(localAddress(at("http://192.168.1.20/"))).toBe("http://localhost/");
});
