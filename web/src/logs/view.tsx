// The lines as they arrive: the newest at the bottom, with their colours, and with gaps at their times.
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { clock, count, lasting } from '../logic/format';
import { locale, t } from '../state/preferences';
import { Icon } from '../ui/icon';
import { Empty, Notice } from '../ui/parts';
import { Rows } from '../ui/rows';
import { Colored } from './ansi';
import { Picked } from './picked';
import { LogReader, type Row, type Wanted } from './reader';

// rowHeight is the height of a line, in pixels. near is the distance from the end within which the view keeps following.
const rowHeight = 20;
const near = 40;

export function LogView({ wanted, mark }: { wanted: Wanted; mark?: number }) {
  const key = JSON.stringify(wanted);
  const reader = useMemo(() => new LogReader(wanted), [key]);
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useSignal(wanted.follow);
  const picked = useSignal<Row | undefined>(undefined);
  useEffect(() => {
    atEnd.value = wanted.follow;
    return () => reader.stop();
  }, [reader]);
  const revision = reader.revision.value;
  useLayoutEffect(() => {
    if (atEnd.peek()) scroller.current?.scrollTo(0, scroller.current.scrollHeight);
  }, [revision]);
  const texts = t().logs;
  const several = (reader.about.value?.containers.length ?? 0) > 1;
  const { rows } = reader;
  const toEnd = (): void => {
    atEnd.value = true;
    scroller.current?.scrollTo(0, scroller.current.scrollHeight);
  };
  return (
    <div class="log-view">
      <About reader={reader} />
      <div
        ref={scroller} class="scroller log" tabIndex={0} role="log" aria-label={texts.title} aria-live="off"
        onScroll={(event) => {
          const box = event.currentTarget;
          atEnd.value = wanted.follow && box.scrollTop + box.clientHeight >= box.scrollHeight - near;
        }}
      >
        {rows.length === 0 && (reader.state.value === 'ended' || reader.state.value === 'following') && <Empty title={texts.none} hint={wanted.follow ? texts.noneYet : texts.noneHint} />}
        <Rows items={rows} height={rowHeight} plain render={(row) => <LogRow key={row.key} row={row} several={several} marked={row.kind === 'line' && row.at === mark} pick={() => (picked.value = row)} />} />
      </div>
      {wanted.follow && !atEnd.value && rows.length > 0 && (
        <button class="button primary to-end" onClick={toEnd}>
          <Icon name="down" />
          {texts.toEnd}
        </button>
      )}
      {picked.value?.kind === 'line' && <Picked line={picked.value.line} onClose={() => (picked.value = undefined)} />}
      <div class="log-foot tab" role="status">
        <Foot reader={reader} shown={rows.length} />
      </div>
    </div>
  );
}

// Foot shows the progress of the reader.
function Foot({ reader, shown }: { reader: LogReader; shown: number }) {
  const texts = t().logs;
  const progress = reader.progress.value;
  const state = reader.state.value;
  return (
    <>
      <span>{texts.lines(count(shown + reader.dropped.value, locale.value))}</span>
      {reader.dropped.value > 0 && <span class="warn">{texts.dropped(count(reader.dropped.value, locale.value))}</span>}
      <span>{state === 'following' ? texts.following : state === 'ended' ? (reader.complete.value ? texts.complete : texts.incomplete) : state === 'reading' ? texts.reading : ''}</span>
      {progress && state === 'reading' && <span>{texts.progress(count(progress.lines, locale.value), String(progress.searched), String(progress.containers))}</span>}
    </>
  );
}

// About shows what is missing from the answer.
function About({ reader }: { reader: LogReader }) {
  const texts = t().logs;
  const about = reader.about.value;
  const silent = (about?.hosts ?? []).filter((h) => !h.ok).map((h) => h.host);
  const broken = (about?.containers ?? []).filter((c) => c.error).map((c) => `${c.name}: ${c.error ?? ''}`);
  return (
    <>
      {reader.fault.value !== '' && <Notice bad>{reader.fault.value}</Notice>}
      {silent.length > 0 && <Notice icon="offline">{texts.silent(silent.join(', '))}</Notice>}
      {(about?.omitted.length ?? 0) > 0 && <Notice>{texts.omitted(String(about?.omitted.length), about?.omitted[0]?.reason ?? '')}</Notice>}
      {broken.length > 0 && <Notice>{broken.slice(0, 3).join(' · ')}</Notice>}
    </>
  );
}

const letters: Record<string, string> = { fatal: 'F', error: 'E', warn: 'W', info: 'I', debug: 'D', trace: 'T' };

function LogRow({ row, several, marked, pick }: { row: Row; several: boolean; marked: boolean; pick: () => void }) {
  const texts = t().logs;
  if (row.kind === 'gap') {
    const length = lasting(Date.parse(row.gap.to) - Date.parse(row.gap.from), locale.value);
    return (
      <div class="log-row log-gap">
        <Icon name="gap" /> {texts.gap(row.gap.name, length)} <span>{row.gap.reason}</span>
      </div>
    );
  }
  if (row.kind === 'event') {
    return (
      <div class="log-row log-event">
        <span class="tab">{clock(row.event.timestamp * 1000, locale.value)}</span> {row.event.actor_name} · {row.event.action}
      </div>
    );
  }
  const { line, at } = row;
  return (
    <div class={`log-row level-${line.level} ${marked ? 'marked' : ''}`} onClick={pick} title={several ? `${line.name} · ${line.host}` : undefined}>
      <time class="tab" dateTime={line.at}>
        {clock(at, locale.value)}
      </time>
      {several && <bdi class="log-name cut">{line.name}</bdi>}
      <span class="log-level" aria-label={line.level || undefined}>{letters[line.level] ?? ''}</span>
      <span class={line.stream === 'stderr' ? 'log-text stderr' : 'log-text'}>
        <Colored text={line.text} />
      </span>
    </div>
  );
}
