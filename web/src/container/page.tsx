// One container: its usage, its events, its configuration, and the actions on it.
import { useComputed } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Ago, For } from '../ui/time';
import { allActions, ask, operations } from '../containers/operations';
import { selectable } from '../containers/selection';
import { EventList } from '../events/timeline';
import type { Container } from '../logic/container';
import { LogView } from '../logs/view';
import { ago, shortID } from '../logic/format';
import { mayExec } from '../logic/rights';
import type { PageProps } from '../shell/pages';
import { now } from '../state/clock';
import { containers, down, loaded } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { address, path, query } from '../state/route';
import { me } from '../state/session';
import { Icon } from '../ui/icon';
import { Mark, stateOf } from '../ui/mark';
import { Empty, Notice } from '../ui/parts';
import { useTitle } from '../ui/title';
import { Changes } from './changes';
import { Inspect } from './inspect';
import { UsageCharts } from './usage';

const tabs = ['overview', 'logs', 'terminal', 'events', 'inspect'] as const;

export default function ContainerPage({ params: [host = '', id = ''] }: PageProps) {
  const found = useComputed(() => containers.value.find((c) => c.host === host && (c.id === id || c.name === id)));
  const container = found.value;
  const tab = tabs.find((one) => one === query.value.get('tab')) ?? 'overview';
  useTitle(container?.name ?? shortID(id));
  if (!loaded.value && !container) return null;
  return (
    <div class={tab === 'logs' ? 'fill' : ''}>
      <div class="sticky">
        <Head container={container} host={host} id={id} />
        <nav class="tabs" aria-label={t().containers.tabs.label}>
          {tabs.filter((one) => one !== 'terminal' || (container?.state === 'running' && mayExec(me.value, container))).map((one) => (
            <a key={one} href={one === 'overview' ? path.value : `${path.value}?tab=${one}`} aria-current={one === tab ? 'page' : undefined}>
              {t().containers.tabs[one]}
            </a>
          ))}
        </nav>
      </div>
      {container && down.value.has(host) && <Old container={container} />}
      {tab === 'events' ? (
        <EventList wanted={{ host, type: '', container: container?.id ?? id, since: '', unexpected: false }} />
      ) : !container ? (
        <Empty title={t().containers.gone} hint={t().containers.goneHint}>
          <a class="button" href={`${path.value}?tab=events`}>
            {t().containers.tabs.events}
          </a>
        </Empty>
      ) : tab === 'logs' ? (
        <Logs container={container} />
      ) : tab === 'terminal' ? (
        <Terminal container={container} />
      ) : tab === 'inspect' ? (
        <Inspect container={container} />
      ) : (
        <UsageCharts container={container} />
      )}
    </div>
  );
}

// Logs shows the container's latest lines, and new ones as they are written.
function Logs({ container: c }: { container: Container }) {
  const path = `/v1/hosts/${encodeURIComponent(c.host)}/containers/${c.id}/logs`;
  return (
    <>
      <div class="toolbar">
        <a class="button" href={`/ui/logs?container=${encodeURIComponent(c.key)}`}>
          <Icon name="search" />
          {t().logs.search}
        </a>
      </div>
      <LogView wanted={{ path, query: { tail: 500, follow: true, events: true }, follow: true }} />
    </>
  );
}

// Terminal is loaded when it is first opened: xterm.js is larger than the rest of the page.
function Terminal({ container }: { container: Container }) {
  const [Tab, setTab] = useState<ComponentType<{ container: Container }>>();
  useEffect(() => {
    void import('../terminal/page').then((module) => setTab(() => module.TerminalTab));
  }, []);
  return Tab ? <Tab container={container} /> : null;
}

function Head({ container: c, host, id }: { container: Container | undefined; host: string; id: string }) {
  return (
    <header class="top">
      <a class="button quiet only" href="/ui/containers" aria-label={t().containers.back}>
        <Icon name="left" />
      </a>
      <h1 class="cut" title={c?.name}>
        <bdi>{c?.name ?? shortID(id)}</bdi>
      </h1>
      {c && (
        <span class="soft">
          <Mark state={stateOf(c)} /> {c.state !== 'running' && c.exitCode !== undefined && <span class={`badge ${c.exitCode === 0 ? '' : 'bad'}`}>{t().containers.exited(String(c.exitCode))}</span>}
        </span>
      )}
      <span class="soft cut">
        {c && c.since > 0 && (c.state === 'running' ? <For since={c.since} /> : <Ago at={c.since} />)} · <a href={address.host(host)}>{host}</a>
        {c && ' · '}
        {c && <bdi title={c.image}>{c.image}</bdi>}
      </span>
      <span class="spring" />
      {c && selectable(c) && <Buttons container={c} />}
      {c && selectable(c) && <Changes container={c} />}
    </header>
  );
}

function Buttons({ container: c }: { container: Container }) {
  return (
    <div class="buttons" role="group" aria-label={t().containers.actions}>
      {allActions.filter((action) => operations[action].fits(c)).map((action) => (
        <button key={action} class="button" onClick={() => ask(action, [c])}>
          <Icon name={operations[action].icon} />
          {t().containers[action]}
        </button>
      ))}
    </div>
  );
}

// Old says that the host is unreachable, and how old the shown data is.
function Old({ container: c }: { container: Container }) {
  const since = down.value.get(c.host) ?? 0;
  return (
    <div class="toolbar">
      <Notice icon="offline">{t().containers.stale(c.host, ago(Math.max(0, now.value - since), locale.value))}</Notice>
    </div>
  );
}
