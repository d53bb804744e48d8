// Requests to wharf without credentials; api/client.ts adds them.

// ApiError is an answer other than a success. Its message is wharf's.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number, // seconds; 0 if the server gave none
  ) {
    super(message);
  }
}

// Unreachable means that there was no answer from wharf.
export class Unreachable extends Error {}

export interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

// send returns a successful answer. It throws ApiError and Unreachable, and the AbortError of the signal.
export async function send(method: Method, path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  const init: RequestInit = { method, headers, credentials: 'same-origin', redirect: 'error' };
  if (options.signal) init.signal = options.signal;
  if (method !== 'GET') {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body ?? {});
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (!response.ok) throw await failure(response);
  return response;
}

// data returns the content of a success's envelope.
export async function data<T>(response: Response): Promise<T> {
  try {
    const envelope = (await response.json()) as { data: T };
    return envelope.data;
  } catch (error) {
    throw new Unreachable(String(error)); // the answer was cut off
  }
}

async function failure(response: Response): Promise<Error> {
  let message = '';
  try {
    message = ((await response.json()) as { message?: string }).message ?? '';
  } catch {
    // The error page of a proxy has no message of wharf.
  }
  if (message === '' && response.status >= 502 && response.status <= 504) return new Unreachable(response.statusText);
  return new ApiError(response.status, message || response.statusText, Number(response.headers.get('Retry-After') ?? 0));
}
