// Logs of one or many containers, merged by time: followed, searched, downloaded.
import { computed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, search, type Query } from '../api/client';
import type { Ticket } from '../api';
import { containers, hosts } from '../state/fleet';
import { t } from '../state/preferences';
import { query, setQuery } from '../state/route';
import { Icon } from '../ui/icon';
import { Notice, reasonOf, SearchBox, Select, Top } from '../ui/parts';
import { LogView } from './view';
import type { Wanted } from './reader';

const ranges = ['', '15m', '1h', '24h', '168h'] as const;
const levels: Record<string, string[]> = { '': [], error: ['error', 'fatal'], warn: ['warn', 'error', 'fatal'], info: ['info', 'warn', 'error', 'fatal'] };
// delay is the pause in typing after which a search begins, in milliseconds.
const delay = 300;

interface Choice {
  container: string; // host and id or name; empty: all that match the other filters
  host: string;
  project: string;
  since: string;
  level: string;
  grep: string;
  at: string; // time of the line that a link points to
}

const choice = computed<Choice>(() => {
  const of = (name: string): string => query.value.get(name) ?? '';
  const range = ranges.find((r) => r === of('since')) ?? '';
  return { container: of('container'), host: of('host'), project: of('project'), since: range, level: of('level') in levels ? of('level') : '', grep: of('grep'), at: of('at') };
});

const projects = computed(() => [...new Set(containers.value.map((c) => c.project).filter((p) => p !== ''))].sort());

// pathOf returns the path of the log, and the query for the chosen containers.
function pathOf(c: Choice): { path: string; filter: Query } {
  const cut = c.container.indexOf('/');
  if (cut > 0) {
    const [host, id] = [c.container.slice(0, cut), c.container.slice(cut + 1)];
    return { path: `/v1/hosts/${encodeURIComponent(host)}/containers/${encodeURIComponent(id)}/logs`, filter: {} };
  }
  return { path: '/v1/logs', filter: { host: c.host, project: c.project } };
}

function wantedOf(c: Choice): Wanted {
  const { path, filter } = pathOf(c);
  const level = levels[c.level] ?? [];
  if (c.at !== '') return { path, query: { ...filter, since: new Date(Date.parse(c.at) - 5000).toISOString(), tail: 'all', limit: 2000 }, follow: false };
  const searching = c.grep !== '' || level.length > 0;
  const tail = c.since === '' ? (c.container === '' ? 100 : 500) : 'all';
  return searching
    ? { path, query: { ...filter, grep: c.grep, level, since: c.since, tail: 'all', limit: 5000 }, follow: false }
    : { path, query: { ...filter, since: c.since, tail, follow: true, events: true }, follow: true };
}

export default function LogsPage() {
  const texts = t().logs;
  const c = choice.value;
  const name = containers.value.find((one) => `${one.host}/${one.id}` === c.container || `${one.host}/${one.name}` === c.container)?.name ?? c.container;
  return (
    <div class="fill">
      <Top title={texts.title} note={c.container !== '' && <bdi>{name}</bdi>}>
        <Grep value={c.grep} />
      </Top>
      <div class="toolbar">
        {c.container === '' ? (
          <>
            <Select label={t().events.host} value={c.host} onChange={(host) => setQuery({ host })} options={[['', t().events.allHosts] as const, ...hosts.value.map((h) => [h.host, h.host] as const)]} />
            <Select label={t().containers.project} value={c.project} onChange={(project) => setQuery({ project })} options={[['', texts.allProjects] as const, ...projects.value.map((p) => [p, p] as const)]} />
          </>
        ) : (
          <a class="button" href="/ui/logs">
            {texts.all}
          </a>
        )}
        <Select label={texts.range} value={c.since} onChange={(since) => setQuery({ since, at: '' })} options={ranges.map((r) => [r, texts.ranges[r]] as const)} />
        <Select label={texts.level} value={c.level} onChange={(level) => setQuery({ level, at: '' })} options={Object.keys(levels).map((l) => [l, texts.levels[l as keyof typeof texts.levels]] as const)} />
        {c.at !== '' && (
          <button class="button" onClick={() => setQuery({ at: '' })}>
            {texts.follow}
          </button>
        )}
        <span class="spring" />
        <Download choice={c} />
      </div>
      <LogView wanted={wantedOf(c)} {...(c.at === '' ? {} : { mark: Date.parse(c.at) })} />
    </div>
  );
}

// Grep starts a search only after a pause in typing, because each search reads logs on the hosts.
function Grep({ value }: { value: string }) {
  const typed = useSignal(value);
  useEffect(() => {
    if (typed.value === value) return undefined;
    const timer = setTimeout(() => setQuery({ grep: typed.value, at: '' }), delay);
    return () => clearTimeout(timer);
  }, [typed.value]);
  return <SearchBox value={typed.value} label={t().logs.search} onInput={(text) => (typed.value = text)} />;
}

// Download makes the browser download a file. It needs a ticket, since the browser can't send the page's token.
function Download({ choice: c }: { choice: Choice }) {
  const fault = useSignal('');
  const start = async (): Promise<void> => {
    try {
      const { ticket } = await call<Ticket>('POST', '/v1/events/ticket');
      const { path, filter } = pathOf(c);
      const a = document.createElement('a');
      a.href = path + search({ ...filter, since: c.since, tail: 'all', download: true, timestamps: true, ansi: false, ticket });
      a.download = '';
      a.click();
      fault.value = '';
    } catch (error) {
      fault.value = reasonOf(error);
    }
  };
  return (
    <>
      {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
      <button class="button" onClick={() => void start()}>
        <Icon name="download" />
        {t().logs.download}
      </button>
    </>
  );
}
