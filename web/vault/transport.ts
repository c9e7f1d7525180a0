// How the client reaches a node: one interface, so that tests can put a hostile node behind it, and the real one over fetch.
import { Refusal } from "./errors.ts";
import type { ErrorBody } from "./wire.ts";

/** Answers with parsed JSON, or throws `Refusal`. */
export interface Transport {
  send(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
}

/** The real node, of the same origin. Sessions travel in a cookie that scripts cannot read. */
export class FetchTransport implements Transport {
  async send(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (method !== "GET") headers["x-clavitor"] = "1";
    const request: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store", redirect: "error" };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await fetch(path, request);
    } catch {
      throw new Refusal(0, { code: "unavailable", message: "The server cannot be reached. Nothing was changed." });
    }
    const text = await response.text();
    if (response.ok) return text === "" ? {} : parse(text);
    throw new Refusal(response.status, errorBody(parse(text)));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorBody(value: unknown): ErrorBody {
  if (typeof value === "object" && value !== null && "code" in value && "message" in value) return value as ErrorBody;
  return { code: "internal", message: "The server gave an answer that is not its own. Is something in between?" };
}
