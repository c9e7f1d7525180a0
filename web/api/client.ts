// The REST interface, typed from the description: one function for each method, and the error that every refusal becomes.
import type { components, paths } from './schema.d.ts';

export type Schemas = components['schemas'];
export type ErrorBody = Schemas['ErrorBody'];
export type ErrorCode = ErrorBody['code'];

type Method = 'get' | 'post' | 'delete';
type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Operation<M extends Method, P extends keyof paths> = NonNullable<paths[P][M]>;

type PathOf<O> = O extends { parameters: { path: infer V extends object } } ? { path: V } : { path?: never };
type QueryOf<O> = O extends { parameters: { query?: infer V } } ? ([NonNullable<V>] extends [never] ? { query?: never } : { query?: NonNullable<V> }) : { query?: never };
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer V } } } ? { body: V } : { body?: never };
type Options<O> = PathOf<O> & QueryOf<O> & BodyOf<O> & { signal?: AbortSignal };
type Arguments<O> = object extends Options<O> ? [options?: Options<O>] : [options: Options<O>];
type Answer<O> = O extends { responses: { 200: { content: { 'application/json': infer V } } } } ? V : undefined;

/** A refusal of the node, or no answer at all. */
export class ApiError extends Error {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
  }

  get code(): ErrorCode {
    return this.body.code;
  }
}

export interface Api {
  get<P extends PathsWith<'get'>>(path: P, ...options: Arguments<Operation<'get', P>>): Promise<Answer<Operation<'get', P>>>;
  post<P extends PathsWith<'post'>>(path: P, ...options: Arguments<Operation<'post', P>>): Promise<Answer<Operation<'post', P>>>;
  delete<P extends PathsWith<'delete'>>(path: P, ...options: Arguments<Operation<'delete', P>>): Promise<Answer<Operation<'delete', P>>>;
}

interface AnyOptions {
  path?: object;
  query?: object;
  body?: unknown;
  signal?: AbortSignal;
}

/** Speaks to the node at `origin` ('' for the page's own). `send` is replaced in tests. */
export function makeApi(origin = '', send: typeof fetch = (input, init) => fetch(input, init)): Api {
  const call = (method: string) => async (path: string, options: AnyOptions = {}) => {
    const response = await reach(send, origin + fill(path, options), method, options);
    if (!response.ok) throw new ApiError(response.status, await refusal(response));
    return response.status === 204 ? undefined : await response.json();
  };
  return { get: call('GET'), post: call('POST'), delete: call('DELETE') } as Api;
}

function fill(path: string, { path: parameters = {}, query = {} }: AnyOptions): string {
  const values = new Map(Object.entries(parameters));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
  const present = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(present.map(([name, value]) => [name, String(value)]));
  return search.size > 0 ? `${filled}?${search}` : filled;
}

async function reach(send: typeof fetch, url: string, method: string, { body, signal }: AnyOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Clavitor'] = '1';
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const init: RequestInit = { method, headers, credentials: 'same-origin', redirect: 'error', cache: 'no-store' };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal !== undefined) init.signal = signal;
  try {
    return await send(url, init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, { code: 'unavailable', message: 'The server cannot be reached. Nothing was changed.' });
  }
}

async function refusal(response: Response): Promise<ErrorBody> {
  try {
    const body: unknown = await response.json();
    if (isErrorBody(body)) return body;
  } catch {
    // Not JSON: something between the browser and the node answered.
  }
  return { code: 'internal', message: 'The server gave an answer that is not its own. Is something in between?' };
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string' && 'message' in body && typeof body.message === 'string';
}
