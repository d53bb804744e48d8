// A list of any length that renders only the rows in view. It scrolls with the page.
import { useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { windowOf, type Range } from '../logic/window';

interface Props<T> {
  items: readonly T[];
  height: number; // of each row, in pixels
  render: (item: T, index: number) => ComponentChildren;
  // inView holds the items whose rows are rendered.
  inView?: Signal<readonly T[]>;
  plain?: boolean; // rows that don't belong to a table
}

const empty: Range = { first: 0, last: 40, above: 0, below: 0 };

export function Rows<T>({ items, height, render, inView, plain = false }: Props<T>) {
  const list = useRef<HTMLDivElement>(null);
  const range = useSignal<Range>(empty);
  const measure = useRef(() => {});
  measure.current = () => {
    const scroller = list.current?.closest('.scroller, main');
    if (!list.current || !scroller) return;
    const scrolled = scroller.getBoundingClientRect().top - list.current.getBoundingClientRect().top;
    const next = windowOf(items.length, height, scrolled, scroller.clientHeight);
    const { first, last, below } = range.peek();
    if (next.first !== first || next.last !== last || next.below !== below) range.value = next;
  };
  useEffect(() => {
    const scroller = list.current?.closest('.scroller, main');
    if (!scroller) return;
    const again = (): void => measure.current();
    scroller.addEventListener('scroll', again, { passive: true });
    const sizes = new ResizeObserver(again);
    sizes.observe(scroller);
    return () => {
      scroller.removeEventListener('scroll', again);
      sizes.disconnect();
    };
  }, []);
  useEffect(() => measure.current(), [items.length, height]);

  const { first, last, above } = range.value;
  const shown = items.slice(first, last);
  useEffect(() => {
    if (inView) inView.value = shown;
  }, [items, first, last]);
  return (
    <div ref={list} role={plain ? undefined : 'rowgroup'} style={{ height: `${items.length * height}px`, paddingTop: `${Math.min(above, items.length * height)}px`, overflow: 'clip' }}>
      {shown.map((item, i) => render(item, first + i))}
    </div>
  );
}

