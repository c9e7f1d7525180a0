// How the client reaches a node: one interface, so that tests can put a hostile node behind it, and the real one by the typed client of web/api.
import { type Api, ApiError, makeApi } from "../api/client.ts";
import type { paths } from "../api/schema.d.ts";
import { Refusal } from "./errors.ts";

/** A path of the description with its parameters filled in. */
type Filled<P extends string> = P extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Filled<After>}` : P;
type Path<P extends string> = Filled<P> | `${Filled<P>}?${string}`;
type PathsWith<M extends "get" | "post" | "delete"> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Body<P extends PathsWith<"post">> = paths[P]["post"] extends { requestBody: { content: { "application/json": infer B } } } ? [body: B] : [];
type Posts = { [P in PathsWith<"post">]: ["POST", Filled<P>, ...Body<P>] }[PathsWith<"post">];

/** Method, path and body, as the description of the interface has them. */
export type Asked = ["GET", Path<PathsWith<"get">>] | Posts | ["DELETE", Path<PathsWith<"delete">>];

/** Answers with parsed JSON, or throws `Refusal`. What the description promises of an answer is checked where it is read: the node may be hostile. */
export interface Transport {
  send(...asked: Asked): Promise<unknown>;
}

type Call = (path: string, options: { body?: unknown }) => Promise<unknown>;

/** The real node, of the same origin. Sessions travel in a cookie that scripts cannot read. */
export class FetchTransport implements Transport {
  constructor(private readonly api: Api = makeApi()) {}

  async send(...[method, path, body]: Asked): Promise<unknown> {
    const { get, post, delete: remove } = this.api;
    const call = { GET: get, POST: post, DELETE: remove }[method] as Call;
    try {
      return (await call(path, { body })) ?? {};
    } catch (error) {
      if (error instanceof ApiError) throw new Refusal(error.status, error.body);
      // Not JSON: whoever reads the answer refuses it.
      if (error instanceof SyntaxError) return undefined;
      throw new Refusal(0, { code: "unavailable", message: "The connection to the server broke off." });
    }
  }
}
