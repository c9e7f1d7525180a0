// The real transport: what it asks by the typed client, and what each kind of answer becomes.
import { describe, expect, it } from "vitest";
import { makeApi } from "../api/client.ts";
import { Refusal } from "./errors.ts";
import { FetchTransport } from "./transport.ts";

/** A transport whose server answers every request with this. */
function answered(response: () => Response | Promise<Response>) {
  const sent: { url: string; init: RequestInit | undefined }[] = [];
  const api = makeApi("", async (url, init) => {
    sent.push({ url: String(url), init });
    return response();
  });
  return { sent, transport: new FetchTransport(api) };
}

describe("the real transport", () => {
  it("asks what the description has, with the mark of this page on everything that is not a read", async () => {
    const { sent, transport } = answered(() => Response.json({ seq: 1 }));
    expect(await transport.send("POST", "/v1/changes", { names: "AA" })).toEqual({ seq: 1 });
    await transport.send("GET", `/v1/entries/${"b0".repeat(16)}/history`);
    await transport.send("GET", "/v1/entries?limit=100");
    expect(sent.map(({ url }) => url)).toEqual(["/v1/changes", `/v1/entries/${"b0".repeat(16)}/history`, "/v1/entries?limit=100"]);
    expect(sent[0]?.init).toMatchObject({ method: "POST", credentials: "same-origin", redirect: "error", cache: "no-store", body: '{"names":"AA"}' });
    expect(sent[0]?.init?.headers).toMatchObject({ "X-Clavitor": "1", "Content-Type": "application/json" });
    expect(sent[1]?.init?.headers).not.toHaveProperty("X-Clavitor");
  });

  it("takes paths and bodies of the description only", () => {
    const { transport } = answered(() => Response.json({}));
    const calls = (): unknown[] => [
      // @ts-expect-error there is no such path
      transport.send("GET", "/v1/secrets"),
      // @ts-expect-error this path is not for posts
      transport.send("POST", "/v1/vault"),
      // @ts-expect-error a change has no such member
      transport.send("POST", "/v1/changes", { manifest: 7 }),
    ];
    expect(calls).toBeTypeOf("function");
  });

  it("turns refusals into refusals, and what is no JSON into nothing", async () => {
    const conflict = answered(() => Response.json({ code: "version_conflict", message: "m", current_version: 3 }, { status: 409 })).transport;
    const error: unknown = await conflict.send("GET", "/v1/vault").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({ status: 409, body: { code: "version_conflict", current_version: 3 } });
    expect(await answered(() => new Response(null, { status: 204 })).transport.send("DELETE", "/v1/session")).toEqual({});
    expect(await answered(() => new Response("<html>")).transport.send("GET", "/v1/vault")).toBeUndefined();
    await expect(answered(() => new Response("<html>", { status: 502 })).transport.send("GET", "/v1/vault")).rejects.toMatchObject({ status: 502, body: { code: "internal" } });
  });

  it("a connection that breaks off, before or within the answer, is a refusal and no alarm", async () => {
    const cut = new ReadableStream({ start: (controller) => controller.error(new TypeError("cut")) });
    for (const broken of [() => Promise.reject(new TypeError("refused")), () => new Response(cut)]) {
      await expect(answered(broken).transport.send("GET", "/v1/vault")).rejects.toMatchObject({ name: "Refusal", status: 0, body: { code: "unavailable" } });
    }
  });
});
