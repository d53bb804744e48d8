// The timeline of events, the latest first, with gaps and outages at their times.
import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { clock, count, day, lasting } from '../logic/format';
import { isEnd, lines, type Entry, type Line } from '../logic/timeline';
import { containerOf } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { address } from '../state/route';
import { Icon, type IconName } from '../ui/icon';
import { Empty, Notice } from '../ui/parts';
import { Rows } from '../ui/rows';
import { narrow } from '../ui/viewport';
import { Timeline, type Wanted } from './store';

export function EventList({ wanted }: { wanted: Wanted }) {
  const anchor = useRef<HTMLDivElement>(null);
  const key = JSON.stringify(wanted);
  const timeline = useMemo(() => new Timeline(wanted, () => (anchor.current?.closest('main')?.scrollTop ?? 0) < 120), [key]);
  useEffect(() => () => timeline.stop(), [timeline]);
  const rows = useComputed(() => lines(timeline.entries.value));
  const items = rows.value;
  const texts = t().events;
  const height = narrow.value ? 52 : 36;
  const shown = timeline.loaded.value || items.length > 0;
  return (
    <div ref={anchor}>
      {timeline.fault.value !== '' && <Notice bad>{timeline.fault.value}</Notice>}
      {timeline.waiting.value.length > 0 && <Fresh timeline={timeline} anchor={() => anchor.current?.closest('main')} />}
      {shown && items.length === 0 && <Empty title={texts.none} hint={texts.noneHint} />}
      <div class="timeline" role="table" aria-label={texts.title} aria-rowcount={items.length} style={{ '--row': `${height}px` }}>
        <Rows items={items} height={height} render={(line) => <LineRow key={line.kind === 'day' ? `day ${line.at}` : line.entry.key} line={line} timeline={timeline} />} />
      </div>
      {shown && items.length > 0 && <Foot timeline={timeline} />}
    </div>
  );
}

function Fresh({ timeline, anchor }: { timeline: Timeline; anchor: () => Element | null | undefined }) {
  const show = (): void => {
    timeline.show();
    anchor()?.scrollTo(0, 0);
  };
  return (
    <button class="button primary fresh" onClick={show}>
      {t().events.fresh(count(timeline.waiting.value.length, locale.value))}
    </button>
  );
}

function Foot({ timeline }: { timeline: Timeline }) {
  const cursor = timeline.more.value;
  return (
    <div class="empty">
      {cursor === '' ? t().events.end : (
        <button class="button" onClick={() => void timeline.load(cursor)}>
          {t().common.older}
        </button>
      )}
    </div>
  );
}

function LineRow({ line, timeline }: { line: Line; timeline: Timeline }) {
  if (line.kind === 'day') {
    return (
      <div class="day" role="row">
        <span role="cell">{day(line.at, locale.value)}</span>
      </div>
    );
  }
  const { entry, outage } = line;
  if (entry.type === 'gap') return <GapRow entry={entry} />;
  const unasked = timeline.unexpected.value.has(entry.id);
  const tone = unasked ? 'unasked' : entry.type === 'host' && entry.action === 'disconnected' ? 'outage' : '';
  return (
    <div class={`event ${tone}`} role="row">
      <Time at={entry.at} />
      <span role="cell">
        <Icon name={iconOf(entry)} class={unasked ? 'bad' : outage > 0 ? 'warn' : 'faint'} />
      </span>
      <Subject entry={entry} />
      <span role="cell" class="cut">
        <b>{entry.type === 'host' ? hostWords(entry) : entry.action}</b> <Details entry={entry} unasked={unasked} outage={outage} />
      </span>
      <span role="cell" class="cut soft">{entry.host}</span>
    </div>
  );
}

const Time = ({ at }: { at: number }) => (
  <span role="cell" class="tab soft">
    <time dateTime={new Date(at).toISOString()}>{clock(at, locale.value)}</time>
  </span>
);

// A gap is a line across the row: events may be missing there.
function GapRow({ entry }: { entry: Entry }) {
  const texts = t().events;
  return (
    <div class="event gap" role="row">
      <Time at={entry.at} />
      <span role="cell">
        <Icon name="gap" />
      </span>
      <span role="cell" class="cut wide-cell">
        {texts.gap(lasting(entry.at - entry.from, locale.value))} <span class="soft">{entry.reason}</span>
      </span>
      <span role="cell" class="cut soft">{entry.host || texts.gapAll}</span>
    </div>
  );
}

function Subject({ entry }: { entry: Entry }) {
  const there = entry.type === 'container' && containerOf(entry.host, entry.actorID) !== undefined;
  const name = <bdi>{entry.name || entry.actorID.slice(0, 12)}</bdi>;
  const to = entry.type === 'host' ? address.host(entry.host) : there ? address.container(entry.host, entry.actorID) : '';
  return (
    <span role="cell" class="cut" title={entry.name}>
      {to === '' ? name : <a href={to}>{name}</a>} {entry.type !== 'container' && entry.type !== 'host' && <span class="soft">{entry.type}</span>}
    </span>
  );
}

function Details({ entry, unasked, outage }: { entry: Entry; unasked: boolean; outage: number }) {
  const texts = t().events;
  const code = entry.attrs['exitCode'] ?? entry.attrs['containerExitCode'];
  const user = entry.attrs['wharf.actor'];
  return (
    <span class="soft">
      {isEnd(entry) && code !== undefined && <span class={code === '0' ? '' : 'bad'}>{texts.exitCode(code)} </span>}
      {unasked && <span class="bad">· {texts.endedItself} </span>}
      {user && <bdi>· {texts.by(user)} </bdi>}
      {entry.attrs['signal'] && `· ${texts.signal(entry.attrs['signal'])} `}
      {outage > 0 && outage < Infinity && `· ${lasting(outage, locale.value)} `}
      {entry.reason !== '' && `· ${t().fleet.reason(entry.reason)} `}
      {entry.inferred && (
        <span class="badge" title={texts.inferredHint}>
          {texts.inferred}
        </span>
      )}
    </span>
  );
}

const hostWords = (entry: Entry): string => (entry.action === 'connected' ? t().events.connected : t().events.disconnected);

const icons: Record<string, IconName> = {
  start: 'start', restart: 'restart', stop: 'stop', kill: 'kill', die: 'stop', died: 'stop', oom: 'alert', pause: 'pause', unpause: 'unpause', create: 'containers', destroy: 'close', connected: 'check', disconnected: 'offline',
};

function iconOf(entry: Entry): IconName {
  if (entry.type === 'container' && entry.action.startsWith('health_status')) return entry.action.endsWith('unhealthy') ? 'alert' : 'check';
  if (entry.type !== 'container' && entry.type !== 'host') return 'events';
  return icons[entry.action] ?? 'events';
}
