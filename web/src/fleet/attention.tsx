// Problems that need attention, the worst first.
import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get } from '../api/client';
import { concerns, type Concern } from '../logic/concerns';
import { lasting } from '../logic/format';
import { now } from '../state/clock';
import { containers, hosts, loaded } from '../state/fleet';
import { link, onHappenings } from '../state/live';
import { locale, t } from '../state/preferences';
import type { EventPage, LoggedEvent } from '../api';
import { Icon, type IconName } from '../ui/icon';
import { Ago } from '../ui/time';

// recent holds the gaps, and the ends that no action caused, of the last 24 hours.
const recent = signal<readonly LoggedEvent[]>([]);
const list = computed(() => concerns(hosts.value, containers.value, recent.value, now.value));

// most is the number of concerns that are listed; the others are only counted.
const most = 12;

async function readRecent(): Promise<void> {
  recent.value = (await get<EventPage>('/v1/events', { unexpected: true, since: '24h', limit: 200 })).events;
}

export function Attention() {
  const texts = t().fleet;
  const live = link.value.state === 'live';
  useEffect(() => {
    if (live) void readRecent().catch(() => undefined);
  }, [live]);
  useEffect(() => {
    let timer = 0;
    const stop = onHappenings((all) => {
      const matters = all.some((h) => h.kind === 'gap' || (h.kind === 'event' && h.event.type === 'container' && ['die', 'died', 'oom'].includes(h.event.action)));
      if (!matters || timer !== 0) return;
      timer = window.setTimeout(() => {
        timer = 0;
        void readRecent().catch(() => undefined);
      }, 1000); // by then the log knows whether an action caused it
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  if (!loaded.value) return null;
  return (
    <section class="card" aria-labelledby="attention-title">
      <header>
        <h2 id="attention-title">{texts.attention}</h2>
        {list.value.length > 0 && <span class="badge bad tab">{list.value.length}</span>}
      </header>
      {list.value.length === 0 ? <Calm /> : (
        <ul class="attention">
          {list.value.slice(0, most).map((c) => (
            <Line key={`${c.kind} ${c.to} ${c.name}`} concern={c} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Calm() {
  return (
    <p class="calm">
      <Icon name="check" class="good" />
      <span>
        <strong>{t().fleet.calm}</strong>
        {t().fleet.calmHint}
      </span>
    </p>
  );
}

const icons: Record<Concern['kind'], IconName> = {
  down: 'offline', degraded: 'alert', unhealthy: 'alert', looping: 'restart', restarting: 'restart', ended: 'kill', certificate: 'lock', clock: 'alert', gap: 'gap',
};

function Line({ concern: c }: { concern: Concern }) {
  return (
    <li>
      <Icon name={icons[c.kind]} class={c.grave ? 'bad' : 'warn'} />
      <span class="cut">
        <a href={c.to} title={c.name}>
          <b>
            <bdi>{c.name}</bdi>
          </b>
        </a>{' '}
        {c.host !== c.name && <span class="soft">{c.host}</span>}
      </span>
      <span class="why">{words(c)}</span>
      <span class="soft tab">{c.at > 0 && <Ago at={c.at} />}</span>
    </li>
  );
}

// words describes a concern.
function words(c: Concern): string {
  const texts = t().fleet;
  const length = lasting(c.length, locale.value);
  switch (c.kind) {
    case 'down':
      return texts.hostDown(c.detail === '' ? '' : texts.reason(c.detail));
    case 'degraded':
      return texts.hostDegraded(c.detail === '' ? '' : texts.reason(c.detail));
    case 'unhealthy':
      return texts.unhealthy;
    case 'looping':
      return texts.looping(c.times);
    case 'restarting':
      return texts.restarting;
    case 'ended':
      return texts.endedItself(c.detail, c.times);
    case 'certificate':
      return c.length <= 0 ? texts.certificateOver : texts.certificate(length);
    case 'clock':
      return texts.clock(length);
    case 'gap':
      return texts.gap(length);
  }
}
