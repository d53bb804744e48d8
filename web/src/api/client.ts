// All requests to the API with the page's session go through this module.
import { accessToken, renewed, sessionEnded } from '../state/session';
import { ApiError, data, send, type Method, type Options } from './http';
import { framesOf, type Frame } from './sse';

export { ApiError, Unreachable } from './http';

// call makes a request and returns the answer's `data`.
export async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  return data<T>(await authorized(method, path, options));
}

// get is call for a GET with a query. Undefined and empty values are omitted.
export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return call<T>('GET', path + search(query), signal ? { signal } : {});
}

export type Query = Record<string, string | number | boolean | string[] | undefined>;

export function search(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '') params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

// stream opens a stream of server-sent events. It is open when the promise resolves: all later events are in it.
export async function stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<AsyncGenerator<Frame[]>> {
  const silent = new AbortController();
  const response = await authorized('GET', path, {
    headers: { Accept: 'text/event-stream', ...headers }, signal: AbortSignal.any([signal, silent.signal]),
  });
  if (!response.body) throw new ApiError(response.status, 'the stream has no body', 0);
  return framesOf(response.body, () => silent.abort());
}

// authorized sends a request with the access token. A token that the server refuses is renewed once. If that fails, the session has
// ended, for the whole page.
async function authorized(method: Method, path: string, options: Options): Promise<Response> {
  const token = await accessToken();
  try {
    return await send(method, path, withToken(options, token));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    const next = token === '' ? '' : await renewed(token);
    if (next === '') {
      sessionEnded();
      throw error;
    }
    return send(method, path, withToken(options, next));
  }
}

function withToken(options: Options, token: string): Options {
  return token === '' ? options : { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } };
}
