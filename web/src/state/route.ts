// The page's address. Only this module changes it, so that back, forward and reload show the same thing.
import { computed, signal } from '@preact/signals';

export interface Address {
  path: string;
  query: URLSearchParams;
}

const current = signal<Address>(read());

export const path = computed(() => current.value.path);
export const query = computed(() => current.value.query);

function read(): Address {
  return { path: location.pathname.replace(/\/+$/, '') || '/', query: new URLSearchParams(location.search) };
}

addEventListener('popstate', () => {
  current.value = read();
});

// go opens another address of the page.
export function go(to: string): void {
  if (to === location.pathname + location.search) return;
  history.pushState(null, '', to);
  current.value = read();
  document.querySelector('main')?.scrollTo(0, 0);
}

// setQuery keeps a choice in the address without a step in the history. Empty values are removed.
export function setQuery(changes: Record<string, string>): void {
  const next = new URLSearchParams(current.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
  current.value = read();
}

// A plain click on a link within the page changes the address; the browser handles every other click.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.pathname !== '/' && !link.pathname.startsWith('/ui/')) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

// Addresses of pages.
export const address = {
  container: (host: string, id: string): string => `/ui/containers/${encodeURIComponent(host)}/${encodeURIComponent(id)}`,
  host: (host: string): string => `/ui/hosts/${encodeURIComponent(host)}`,
};
