// The event stream that keeps the page's data up to date. It runs while the page is visible and a user is logged in, and resumes after
// the last id that it received.
import { effect, signal, untracked } from '@preact/signals';
import { ApiError, stream } from '../api/client';
import type { Frame } from '../api/sse';
import type { ContainerEvent, StreamGap, HostEvent } from '../api';
import { visible } from './clock';
import { applyEvents, applyHostEvent, containers, forgetFleet, loadAll, loadHost } from './fleet';
import { phase, refreshMe } from './session';

// Link is the state of the connection to wharf. `since` is when it last changed, in milliseconds.
export interface Link {
  state: 'connecting' | 'live' | 'lost' | 'resting' | 'denied';
  since: number;
  reason: string; // wharf's message if it refused; empty if it doesn't answer
}

export const link = signal<Link>({ state: 'connecting', since: Date.now(), reason: '' });

// Happening is an item of the stream; listeners get them in order.
export type Happening = { kind: 'event'; id: string; event: ContainerEvent } | { kind: 'gap'; id: string; gap: StreamGap } | { kind: 'host'; id: string; host: HostEvent };

type Listener = (happenings: readonly Happening[]) => void;
const listeners = new Set<Listener>();

// onHappenings calls the listener with all items of the stream, until the returned function is called.
export function onHappenings(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let lastID = '';
// outdated means that rights have changed since the lists were read: events don't add containers that have become visible.
let outdated = false;
let running: AbortController | undefined;

// follow starts and stops the stream with the page's state, from now on.
export function follow(): void {
  effect(() => {
    const wanted = phase.value === 'ready' && visible.value;
    if (!wanted) running?.abort();
    if (phase.value !== 'ready') {
      lastID = '';
      untracked(forgetFleet); // untracked: forgetFleet reads signals that it changes
    }
    if (!wanted) {
      set('resting');
      return;
    }
    running = new AbortController();
    void keep(running.signal);
  });
}

function set(state: Link['state'], reason = ''): void {
  const before = link.peek();
  if (before.state !== state || before.reason !== reason) link.value = { state, since: before.state === state ? before.since : Date.now(), reason };
}

// keep reopens the stream whenever it ends: soon after one that worked, otherwise after a growing pause.
async function keep(signal: AbortSignal): Promise<void> {
  set(lastID === '' ? 'connecting' : link.peek().state);
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await read(signal, () => {
        failures = 0;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) return; // the session has ended, so the login is shown
      if (error instanceof ApiError) {
        set(error.status === 403 ? 'denied' : 'lost', error.message);
        failures = Math.max(failures, 1);
      }
    }
    if (signal.aborted) return;
    if (failures > 0 && link.peek().reason === '') set('lost'); // not after a single break: the stream is reopened before the user needs to know
    await pause(failures === 0 ? 100 : Math.min(500 * 2 ** Math.min(failures, 5), 8000) * (0.75 + Math.random() / 2), signal);
  }
}

async function read(signal: AbortSignal, opened: () => void): Promise<void> {
  const resumed = lastID !== '';
  const own = new AbortController();
  try {
    const frames = await stream('/events', resumed ? { 'Last-Event-ID': lastID } : {}, AbortSignal.any([signal, own.signal]));
    // The stream is open, so it has all events that the lists miss. Rights may have changed since the last stream.
    if (await refreshMe()) outdated = true;
    if (outdated || !resumed) await loadAll();
    outdated = false;
    set('live');
    opened();
    for await (const group of frames) {
      if (signal.aborted) return;
      receive(group);
    }
  } finally {
    own.abort();
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

// Items wait for the next frame of the screen, so that two hundred events a second cause sixty changes. With many containers to sort
// they wait longer.
let waiting: Happening[] = [];
const large = 2000; // containers
const largePause = 250; // milliseconds

function receive(frames: readonly Frame[]): void {
  const idle = waiting.length === 0;
  for (const frame of frames) {
    if (frame.id !== '') lastID = frame.id;
    if (frame.data === '') continue;
    switch (frame.event) {
      case 'container-event':
        waiting.push({ kind: 'event', id: frame.id, event: JSON.parse(frame.data) as ContainerEvent });
        break;
      case 'stream-gap':
        waiting.push({ kind: 'gap', id: frame.id, gap: JSON.parse(frame.data) as StreamGap });
        break;
      case 'host-event':
        waiting.push({ kind: 'host', id: frame.id, host: JSON.parse(frame.data) as HostEvent });
        break;
    }
  }
  if (!idle || waiting.length === 0) return;
  if (containers.peek().length > large) setTimeout(deliver, largePause);
  else requestAnimationFrame(deliver);
}

function deliver(): void {
  const happenings = waiting;
  waiting = [];
  applyEvents(happenings.flatMap((h) => (h.kind === 'event' ? [h.event] : [])));
  const again = new Set<string>();
  for (const h of happenings) {
    if (h.kind === 'gap') again.add(h.gap.host);
    if (h.kind === 'host') void applyHostEvent(h.host).catch(() => undefined); // the state of the connection shows an error
  }
  // After a gap the engine's own list is right. A gap without a host concerns all hosts.
  if (again.has('')) void loadAll().catch(() => undefined);
  else for (const host of again) void loadHost(host).catch(() => undefined);
  for (const listener of listeners) listener(happenings);
}
