// Which containers' tags mean another image in their registries by now. Only a click asks: registries count questions. wharf
// remembers their answers for an hour.
import { signal } from '@preact/signals';
import { get } from '../api/client';
import { keyOf } from '../logic/container';
import type { ContainerPage } from '../api';

// available has the keys of containers with an update; undefined: not asked for yet.
export const available = signal<ReadonlySet<string> | undefined>(undefined);
export const checking = signal(false);

// rounds bound how often slow registries are asked for again; each lasts five seconds at most.
const rounds = 12;

// checkUpdates asks for all containers, and again while registries haven't answered. What is known by then shows at once.
export async function checkUpdates(): Promise<void> {
  if (checking.value) return;
  checking.value = true;
  try {
    for (let round = 0; round < rounds; round++) if (!(await ask())) return;
  } finally {
    checking.value = false;
  }
}

// ask reports whether a registry hasn't answered yet.
async function ask(): Promise<boolean> {
  const found = new Set<string>();
  let late = false;
  for (let cursor: string | undefined; cursor !== ''; ) {
    const page: ContainerPage = await get('/v1/containers', { update: true, limit: 1000, cursor });
    for (const c of page.containers) {
      if (c.update?.state === 'available') found.add(keyOf(c.host, c.id));
      late ||= c.update?.state === 'checking';
    }
    cursor = page.cursor;
  }
  available.value = found;
  return late;
}

export function forgetUpdates(): void {
  available.value = undefined;
}
