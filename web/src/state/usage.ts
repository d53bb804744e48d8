// What containers use now, asked for what is in view and while somebody looks: no event tells it.
import { effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { get } from '../api/client';
import type { TopUsage, Usage } from '../types';
import { visible } from './clock';
import { keyOf, type Container } from '../logic/container';
import { link } from './live';

// every is the time between two questions, in milliseconds.
const every = 5000;

// Readings are the newest numbers by container.
export type Readings = ReadonlyMap<string, Usage>;

// repeat calls ask now and then while the page is visible and wharf is there, until the returned function is called.
export function repeat(ask: (signal: AbortSignal) => Promise<void>, period = every): () => void {
  return effect(() => {
    if (!visible.value || link.value.state !== 'live') return;
    const abort = new AbortController();
    let timer = 0;
    const turn = async (): Promise<void> => {
      await ask(abort.signal).catch(() => undefined); // the numbers stay, and their age shows
      if (!abort.signal.aborted) timer = window.setTimeout(() => void turn(), period);
    };
    untracked(() => void turn());
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  });
}

// most is how many containers one question may name.
const most = 100;

// readingsOf follows the usage of the containers in view.
export function readingsOf(inView: ReadonlySignal<readonly Container[]>): { readings: ReadonlySignal<Readings>; stop: () => void } {
  const readings = signal<Readings>(new Map());
  const stop = repeat(async (abort) => {
    const running = inView.value.filter((c) => c.state === 'running' || c.state === 'paused').slice(0, most);
    if (running.length === 0) return;
    const host = [...new Set(running.map((c) => c.host))];
    const answer = await get<TopUsage>('/v1/stats', { host, id: running.map((c) => c.id.slice(0, 12)) }, abort);
    readings.value = new Map(answer.containers.map((u) => [keyOf(u.host ?? '', u.id), u]));
  });
  return { readings, stop };
}
