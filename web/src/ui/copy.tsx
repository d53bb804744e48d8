// A button that copies a text.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../state/preferences';
import { Icon } from './icon';

// shownFor is how long the button shows that it has copied, in milliseconds.
const shownFor = 2000;

export function Copy({ text, label }: { text: string; label?: string }) {
  const done = useSignal(false);
  useEffect(() => {
    if (!done.value) return undefined;
    const timer = setTimeout(() => (done.value = false), shownFor);
    return () => clearTimeout(timer);
  }, [done.value]);
  const copy = async (): Promise<void> => {
    await copyText(text);
    done.value = true;
  };
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      <Icon name={done.value ? 'check' : 'copy'} />
      {done.value ? t().common.copied : (label ?? t().common.copy)}
    </button>
  );
}

// copyText also works without TLS, where browsers give scripts no clipboard: it copies from a selected field.
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
