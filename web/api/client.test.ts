// The typed client: paths, queries, headers, and refusals.
import { describe, expect, it } from 'vitest';
import { ApiError, makeApi } from './client.ts';

function answering(status: number, body: unknown) {
  const sent: { url: string; init: RequestInit }[] = [];
  const send: typeof fetch = async (url, init) => {
    sent.push({ url: String(url), init: init ?? {} });
    return new Response(status === 204 ? null : typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  return { sent, api: makeApi('', send) };
}

describe('client', () => {
  it('fills paths and leaves absent query members out', async () => {
    const { sent, api } = answering(200, { entries: [], next: null, total: 0 });
    await api.get('/v1/entries/{entry_id}', { path: { entry_id: 'b0'.repeat(16) } });
    await api.get('/v1/entries', { query: { limit: 10, after: null } });
    expect(sent.map(({ url }) => url)).toEqual([`/v1/entries/${'b0'.repeat(16)}`, '/v1/entries?limit=10']);
  });

  it('escapes what goes into a path', async () => {
    const { sent, api } = answering(200, {});
    await api.get('/v1/hosted/entries/{entry_id}/fields/{field}', { path: { entry_id: '00', field: 'a/b?c' } });
    expect(sent[0]?.url).toBe('/v1/hosted/entries/00/fields/a%2Fb%3Fc');
  });

  it('marks requests that change something', async () => {
    const { sent, api } = answering(204, undefined);
    expect(await api.delete('/v1/session')).toBeUndefined();
    await api.post('/v1/session/begin', { body: {} });
    expect(sent[0]?.init.headers).toMatchObject({ 'X-Clavitor': '1' });
    expect(sent[1]?.init.headers).toMatchObject({ 'Content-Type': 'application/json' });
    expect(sent[1]?.init.body).toBe('{}');
  });

  it('turns a refusal into an error with its code', async () => {
    const { api } = answering(409, { code: 'version_conflict', message: 'Somebody wrote in between.', current_version: 3 });
    const error = await api.get('/v1/vault').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, code: 'version_conflict', body: { current_version: 3 } });
  });

  it('says so when the answer is not the node’s, or there is none', async () => {
    const proxy = answering(502, '<html>').api;
    await expect(proxy.get('/v1/vault')).rejects.toMatchObject({ status: 502, code: 'internal' });
    const dead = makeApi('', () => Promise.reject(new TypeError('refused')));
    await expect(dead.get('/v1/vault')).rejects.toMatchObject({ status: 0, code: 'unavailable' });
  });
});
