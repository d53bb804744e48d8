// Containers whose tags refer to newer images in their registries. They are only checked on a click, because registries limit
// requests. wharf caches the answers for an hour.
import { signal } from '@preact/signals';
import { get } from '../api/client';
import { keyOf } from '../logic/container';
import type { ContainerPage } from '../api';

// available has the keys of containers with an update; undefined: not checked yet.
export const available = signal<ReadonlySet<string> | undefined>(undefined);
export const checking = signal(false);

// rounds limits how often the check is repeated for slow registries; each round takes at most five seconds.
const rounds = 12;

// checkUpdates checks all containers, and again while registries haven't answered. Results are shown as they arrive.
export async function checkUpdates(): Promise<void> {
  if (checking.value) return;
  checking.value = true;
  try {
    for (let round = 0; round < rounds; round++) if (!(await ask())) return;
  } finally {
    checking.value = false;
  }
}

// ask returns whether a registry hasn't answered yet.
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
