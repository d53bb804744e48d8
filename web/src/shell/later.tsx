// A component that is loaded when it is first shown.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type Loader = () => Promise<ComponentType>;

const there = new Map<Loader, ComponentType>();

// patience is the pause between two tries, in milliseconds: wharf may be unreachable.
const patience = 2000;

export function Later({ load }: { load: Loader }) {
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (there.has(load)) return undefined;
    let timer = 0;
    load().then(
      (component) => {
        there.set(load, component);
        setTries((n) => n + 1);
      },
      () => {
        timer = window.setTimeout(() => setTries((n) => n + 1), patience);
      },
    );
    return () => clearTimeout(timer);
  }, [load, tries]);
  const Component = there.get(load);
  return Component ? <Component /> : null;
}
