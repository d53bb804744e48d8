// A chart over time, drawn by uPlot, which is loaded when the first chart is shown.
import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { clock } from '../logic/format';
import { locale, t, theme } from '../state/preferences';
import { shownTime, type Series } from './series';

export interface Line {
  name: string; // empty if the chart's title names it
  color: string; // a variable of style.css
  values: keyof Series;
}

interface Props {
  title: string;
  note?: string;
  series: ReadonlySignal<Series>;
  lines: readonly Line[];
  format: (value: number) => string;
  axis?: (value: number) => string; // for the axis, if it is shorter than format
  least: number; // the smallest maximum of the axis
  binary?: boolean; // the steps of the axis are powers of two
}

export function Chart(props: Props) {
  const { title, note, series, lines, format } = props;
  const box = useRef<HTMLDivElement>(null);
  const at = useSignal<number | undefined>(undefined); // index under the pointer
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let plot: uPlot | undefined;
    let over = false;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const build = async (): Promise<void> => {
      const { default: Plot } = await import('uplot');
      if (over) return;
      plot?.destroy();
      const options = optionsOf(element, props, (index) => (at.value = index));
      plot = new Plot(options, dataOf(series.peek(), lines), element);
    };
    const rebuild = (): void => void build();
    rebuild();
    dark.addEventListener('change', rebuild);
    const unwatch = [
      series.subscribe((value) => plot?.setData(dataOf(value, lines))),
      theme.subscribe(() => plot && requestAnimationFrame(rebuild)),
    ];
    const sizes = new ResizeObserver(() => plot?.setSize(sizeOf(element)));
    sizes.observe(element);
    return () => {
      over = true;
      dark.removeEventListener('change', rebuild);
      for (const stop of unwatch) stop();
      sizes.disconnect();
      plot?.destroy();
    };
  }, []);
  const { times } = series.value;
  const index = at.value !== undefined && at.value < times.length ? at.value : times.length - 1;
  const when = times[index];
  const valueOf = (line: Line): string => {
    const value = series.value[line.values][index];
    return value === undefined || value === null ? '–' : format(value);
  };
  return (
    <section class="card chart" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {note && <span class="soft">{note}</span>}
        <span class="spring" />
        {at.value !== undefined && when !== undefined && <span class="soft tab">{clock(when * 1000, locale.value)}</span>}
        {lines.map((line) => (
          <span key={line.values} class={line.name === '' ? 'now' : 'legend'} style={{ '--key': `var(${line.color})` }}>
            {line.name} <span class="now">{valueOf(line)}</span>
          </span>
        ))}
      </header>
      <div class="canvas" ref={box} role="img" aria-label={`${title}: ${lines.map((line) => `${line.name} ${valueOf(line)}`).join(', ')}. ${t().containers.chart.window}`} />
    </section>
  );
}

const dataOf = (series: Series, lines: readonly Line[]): uPlot.AlignedData => [series.times, ...lines.map((line) => series[line.values])] as uPlot.AlignedData;

const sizeOf = (element: HTMLElement): { width: number; height: number } => ({ width: element.clientWidth - 8, height: element.clientHeight - 8 });

// colorOf returns the value of a CSS variable, which a canvas can't resolve.
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

// Steps of an axis in bytes.
const powersOfTwo = Array.from({ length: 44 }, (_, i) => 2 ** i);

function optionsOf(element: HTMLElement, { lines, format, axis = format, least, binary = false }: Props, onIndex: (index: number | undefined) => void): uPlot.Options {
  const text = colorOf(element, '--faint');
  const grid = { stroke: colorOf(element, '--line'), width: 1 };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  return {
    ...sizeOf(element),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true, range: () => [Date.now() / 1000 - shownTime, Date.now() / 1000] }, y: { range: (_, __, max) => [0, Math.max(least, (max ?? 0) * 1.1)] } },
    axes: [
      { stroke: text, font, grid: { show: false }, ticks: { show: false }, size: 24, space: 72, values: (_, times) => times.map((s) => clock(s * 1000, locale.peek()).slice(0, 5)) },
      { stroke: text, font, grid, ticks: { show: false }, size: 62, space: 32, values: (_, values) => values.map(axis), ...(binary ? { incrs: powersOfTwo } : {}) },
    ],
    series: [{}, ...lines.map((line) => ({ stroke: colorOf(element, line.color), width: 1.5, points: { show: false }, spanGaps: false }))],
    hooks: { setCursor: [(plot) => onIndex(plot.cursor.idx ?? undefined)] },
  };
}
