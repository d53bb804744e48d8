// The containers of all hosts: search, filters, groups, actions.
import { computed, signal, useComputed } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { count } from '../logic/format';
import { grouped, ordered, picked, readChoice, type Choice, type Line } from '../logic/filter';
import { containers, hosts, loaded, unseen } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { query, setQuery } from '../state/route';
import { readingsOf } from '../state/usage';
import { Empty, Notice, SearchBox, Top } from '../ui/parts';
import { Rows } from '../ui/rows';
import { narrow } from '../ui/viewport';
import { Head, Row, GroupRow } from './table';
import { Filters } from './filters';
import { chosen, prune, SelectionBar } from './selection';

const choice = computed<Choice>(() => readChoice(query.value));
const inOrder = computed(() => ordered(containers.value, choice.value.sort));
const shown = computed(() => picked(inOrder.value, choice.value));
const lines = computed(() => grouped(shown.value, choice.value.group));
const linesInView = signal<readonly Line[]>([]);

export default function ContainersPage() {
  const texts = t().containers;
  const { text } = choice.value;
  const inView = useComputed(() => linesInView.value.flatMap((line) => (line.kind === 'container' ? [line.container] : [])));
  const usage = useMemo(() => readingsOf(inView), []);
  useEffect(() => usage.stop, []);
  useEffect(() => prune(containers.value), [containers.value]);
  useEffect(() => () => chosen.value.size > 0 && prune([]), []);
  const height = narrow.value ? 52 : 36;
  return (
    <>
      <div class="sticky">
        <Top title={texts.title} note={loaded.value ? texts.shown(count(shown.value.length, locale.value), count(containers.value.length, locale.value)) : t().common.loading}>
          <SearchBox value={text} label={texts.search} onInput={(q) => setQuery({ q })} />
        </Top>
        <Filters choice={choice.value} />
        {!narrow.value && lines.value.length > 0 && <Head shown={shown} sort={choice.value.sort} />}
      </div>
      <Unseen />
      {lines.value.length === 0 && loaded.value ? (
        <Nothing />
      ) : (
        <div class="grid" role="grid" aria-label={texts.title} aria-rowcount={lines.value.length} style={{ '--row': `${height}px` }} onKeyDown={moveByKeys}>
          <Rows
            items={lines.value} height={height} inView={linesInView}
            render={(line, i) =>
              line.kind === 'group' ? (
                <GroupRow key={`group ${line.name}`} line={line} group={choice.value.group} index={i} />
              ) : (
                <Row key={line.container.key} container={line.container} usage={usage.readings} index={i} />
              )
            }
          />
        </div>
      )}
      <SelectionBar />
    </>
  );
}

// moveByKeys moves the focus between rows with the arrow keys.
function moveByKeys(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const row = event.target instanceof Element ? event.target.closest('[role="row"]') : null;
  let next = row;
  do next = (event.key === 'ArrowDown' ? next?.nextElementSibling : next?.previousElementSibling) ?? null;
  while (next && !next.querySelector('a'));
  if (!next) return;
  event.preventDefault();
  next.querySelector<HTMLElement>('a')?.focus();
}

// Unseen names the hosts whose containers are shown in an old state, or can't be shown at all.
function Unseen() {
  const texts = t().containers;
  const old = [...unseen.value].filter(([, host]) => !host.never).map(([name]) => name);
  const never = [...unseen.value].filter(([, host]) => host.never).map(([name]) => name);
  const down = hosts.value.filter((h) => h.status === 'down' && !unseen.value.has(h.host)).map((h) => h.host);
  const known = [...old, ...down];
  if (known.length + never.length === 0) return null;
  return (
    <div class="toolbar">
      {known.length > 0 && <Notice icon="offline">{texts.hostsDown(known.join(', '))}</Notice>}
      {never.length > 0 && <Notice icon="offline">{texts.hostsUnknown(never.join(', '))}</Notice>}
    </div>
  );
}

function Nothing() {
  const texts = t().containers;
  if (containers.value.length === 0) return <Empty title={texts.none} hint={texts.noneHint} />;
  return (
    <Empty title={texts.noMatch} hint={texts.noMatchHint}>
      <button class="button" onClick={() => setQuery({ q: '', state: '', host: '' })}>
        {texts.clear}
      </button>
    </Empty>
  );
}
