// The title of the tab.
import { useEffect } from 'preact/hooks';

export function useTitle(name: string): void {
  useEffect(() => {
    document.title = name === '' ? 'wharf' : `${name} · wharf`;
  }, [name]);
}
