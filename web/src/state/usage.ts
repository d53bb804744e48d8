// The current usage of the containers in view, requested repeatedly while the page is visible, since no event has it.
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { get } from '../api/client';
import type { TopUsage, Usage } from '../api';
import { visible } from './clock';
import { keyOf, type Container } from '../logic/container';
import { link } from './live';

// every is the time between two requests, in milliseconds.
const every = 5000;

// Readings are the newest usage by container.
export type Readings = ReadonlyMap<string, Usage>;

// repeat calls ask at an interval while the page is visible and wharf is reachable, until the returned function is called.
export function repeat(ask: (signal: AbortSignal) => Promise<void>, period = every): () => void {
  return effect(() => {
    if (!visible.value || link.value.state !== 'live') return;
    const abort = new AbortController();
    let timer = 0;
    const turn = async (): Promise<void> => {
      await ask(abort.signal).catch(() => undefined); // the last figures stay, and show their age
      if (!abort.signal.aborted) timer = window.setTimeout(() => void turn(), period);
    };
    untracked(() => void turn());
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  });
}

// rest is how long the rows in view must stay the same before their usage is requested, in milliseconds.
const rest = 200;

// most is the maximum number of containers in one request.
const most = 100;

// readingsOf follows the usage of the containers in view.
export function readingsOf(inView: ReadonlySignal<readonly Container[]>): { readings: ReadonlySignal<Readings>; stop: () => void } {
  const readings = signal<Readings>(new Map());
  const read = async (abort: AbortSignal): Promise<void> => {
    const running = inView.value.filter((c) => c.state === 'running' || c.state === 'paused').slice(0, most);
    if (running.length === 0) return;
    const host = [...new Set(running.map((c) => c.host))];
    const answer = await get<TopUsage>('/v1/stats', { host, id: running.map((c) => c.id.slice(0, 12)) }, abort);
    readings.value = new Map(answer.containers.map((u) => [keyOf(u.host ?? '', u.id), u]));
  };
  // After scrolling, the new rows are requested as soon as the rows in view stay the same.
  const moved = signal(0);
  const keys = computed(() => inView.value.map((c) => c.key).join());
  let timer = 0;
  const unwatch = effect(() => {
    void keys.value;
    clearTimeout(timer);
    timer = window.setTimeout(() => moved.value++, rest);
  });
  const restart = effect(() => {
    if (moved.value > 0) return repeat(read);
    return undefined;
  });
  const stop = (): void => {
    clearTimeout(timer);
    unwatch();
    restart();
  };
  return { readings, stop };
}
