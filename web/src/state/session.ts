// The page's session: the access token, which is only in memory, and the means to renew it.
import { signal } from '@preact/signals';
import { ApiError, data, send } from '../api/http';
import type { Me, PageSession, PageStart } from '../api';

// Phase is the state of the login.
export type Phase = 'starting' | 'setup' | 'login' | 'ready';

export const phase = signal<Phase>('starting');
export const start = signal<PageStart>({ setup_needed: false, setup_token: false, anonymous: '' });
export const me = signal<Me>({ username: '', role: 'none', session_id: '', anonymous: true, grants: [] });
// ended is true if there was a session that has ended.
export const ended = signal(false);

interface Token {
  text: string;
  expires: number; // milliseconds
}

let token: Token | undefined;
let renewal: Promise<string> | undefined;

// storageKey is where this origin's storage keeps one half of the refresh credential. The other half is a cookie that scripts can't read.
const storageKey = 'wharf.session';
// early is how long before its expiry a token is renewed, in milliseconds.
const early = 60_000;

// begin finds out whether this browser has a session and, if not, whether a first user is needed.
export async function begin(): Promise<void> {
  start.value = await data<PageStart>(await send('GET', '/v1/session'));
  if (localStorage.getItem(storageKey) !== null && (await renewed('')) !== '') return enter();
  if (start.value.setup_needed) phase.value = 'setup';
  else if (start.value.anonymous !== '') await enter();
  else phase.value = 'login';
}

// login begins a session. It throws ApiError for a wrong password.
export async function login(username: string, password: string): Promise<void> {
  keep(await data<PageSession>(await send('POST', '/v1/session', { body: { username, password } })));
  await enter();
}

// logout ends the session for all tabs of this browser.
export async function logout(): Promise<void> {
  const bearer = await accessToken();
  try {
    await send('DELETE', `/v1/sessions/${me.value.session_id}`, { headers: { Authorization: `Bearer ${bearer}` } });
  } finally {
    sessionEnded();
    ended.value = false;
  }
}

// enter loads the current user; lists and streams begin after that.
export async function enter(): Promise<void> {
  await refreshMe();
  ended.value = false;
  phase.value = 'ready';
}

// refreshMe reloads the user's role and grants, and returns whether they have changed, which may be why a stream ended.
export async function refreshMe(): Promise<boolean> {
  const before = rights(me.peek());
  me.value =
    token === undefined
      ? { username: '', role: start.value.anonymous || 'none', session_id: '', anonymous: true, grants: [] }
      : await data<Me>(await send('GET', '/v1/me', { headers: { Authorization: `Bearer ${await accessToken()}` } }));
  return rights(me.peek()) !== before;
}

const rights = ({ role, grants }: Me): string => JSON.stringify([role, grants]);

// accessToken returns a token that is valid for a while, or "" if the server accepts callers without one.
export async function accessToken(): Promise<string> {
  if (token === undefined) return '';
  if (Date.now() < token.expires - early) return token.text;
  const text = token.text;
  return (await renewed(text)) || text;
}

// renewed returns a newer token than the given one, or "" if there is none. Tabs renew one after another, since each renewal changes
// both halves for all of them.
export function renewed(than: string): Promise<string> {
  if (token !== undefined && token.text !== than) return Promise.resolve(token.text);
  renewal ??= (navigator.locks ? navigator.locks.request('wharf.renew', renew) : renew()).finally(() => {
    renewal = undefined;
  });
  return renewal;
}

async function renew(): Promise<string> {
  const stored = localStorage.getItem(storageKey);
  if (stored === null) return '';
  try {
    const headers = { 'X-Wharf-Stored': stored };
    keep(await data<PageSession>(await send('POST', '/v1/session/renew', { headers })));
    return token?.text ?? '';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (localStorage.getItem(storageKey) !== stored) return renew(); // another tab has renewed it meanwhile
    return '';
  }
}

function keep(session: PageSession): void {
  token = { text: session.access_token, expires: Date.parse(session.access_token_expires_at) };
  localStorage.setItem(storageKey, session.stored);
}

// sessionEnded removes the session and shows the login.
export function sessionEnded(): void {
  if (phase.value === 'ready') ended.value = token !== undefined;
  token = undefined;
  localStorage.removeItem(storageKey);
  phase.value = 'login';
}

// Another tab logged out.
addEventListener('storage', (event) => {
  if (event.key === storageKey && event.newValue === null && phase.value === 'ready' && token !== undefined) sessionEnded();
});
