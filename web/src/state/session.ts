// The page's own session: the access token, in memory alone, and what gives the next one.
import { signal } from '@preact/signals';
import { ApiError, data, send } from '../api/http';
import type { Me, PageSession, PageStart } from '../api';

// Phase is how far the page has come with knowing on whose behalf it acts.
export type Phase = 'starting' | 'setup' | 'login' | 'ready';

export const phase = signal<Phase>('starting');
export const start = signal<PageStart>({ setup_needed: false, setup_token: false, anonymous: '' });
export const me = signal<Me>({ username: '', role: 'none', session_id: '', anonymous: true, grants: [] });
// ended says that a session was there and is no more.
export const ended = signal(false);

interface Token {
  text: string;
  expires: number; // milliseconds
}

let token: Token | undefined;
let renewal: Promise<string> | undefined;

// storageKey names the half that this origin's storage keeps. The other is a cookie that script can't read.
const storageKey = 'wharf.session';
// early is how long before its end a token is renewed, in milliseconds.
const early = 60_000;

// begin finds out whether this browser has a session, and what to do if it has none.
export async function begin(): Promise<void> {
  start.value = await data<PageStart>(await send('GET', '/v1/session'));
  if (localStorage.getItem(storageKey) !== null && (await renewed('')) !== '') return enter();
  if (start.value.setup_needed) phase.value = 'setup';
  else if (start.value.anonymous !== '') await enter();
  else phase.value = 'login';
}

// login opens a session. It throws ApiError for a wrong password.
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

// enter learns which user the page acts for; lists and streams begin after it.
export async function enter(): Promise<void> {
  await refreshMe();
  ended.value = false;
  phase.value = 'ready';
}

// refreshMe learns role and grants anew, and returns whether they have changed: they may have when a stream ends.
export async function refreshMe(): Promise<boolean> {
  const before = rights(me.peek());
  me.value =
    token === undefined
      ? { username: '', role: start.value.anonymous || 'none', session_id: '', anonymous: true, grants: [] }
      : await data<Me>(await send('GET', '/v1/me', { headers: { Authorization: `Bearer ${await accessToken()}` } }));
  return rights(me.peek()) !== before;
}

const rights = ({ role, grants }: Me): string => JSON.stringify([role, grants]);

// accessToken returns a token that is good for a while, or an empty text where callers without one are let in.
export async function accessToken(): Promise<string> {
  if (token === undefined) return '';
  if (Date.now() < token.expires - early) return token.text;
  const text = token.text;
  return (await renewed(text)) || text;
}

// renewed returns a newer token than the one given, empty where there is none to be had. Tabs renew one after
// another, since each renewal changes both halves for all of them.
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
    if (localStorage.getItem(storageKey) !== stored) return renew(); // another tab was faster
    return '';
  }
}

function keep(session: PageSession): void {
  token = { text: session.access_token, expires: Date.parse(session.access_token_expires_at) };
  localStorage.setItem(storageKey, session.stored);
}

// sessionEnded forgets the session and shows the login.
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
