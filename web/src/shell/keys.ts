// Keys that work everywhere: Ctrl-K opens the palette, / focuses the page's search.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export const paletteOpen = signal(false);

export function useKeys(): void {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function onKey(event: KeyboardEvent): void {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    paletteOpen.value = true;
    return;
  }
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const search = document.querySelector<HTMLInputElement>('main input[name="find"]');
  if (!search || document.querySelector('dialog[open]')) return;
  event.preventDefault();
  search.focus();
  search.select();
}

const typing = (target: EventTarget | null): boolean => target instanceof Element && target.matches('input:not([type="checkbox"]), textarea, select');
