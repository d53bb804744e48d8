// A container's configuration. Values that wharf masks are shown as masked.
import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { get } from '../api/client';
import type { ContainerDetails } from '../api';
import type { Container } from '../logic/container';
import { moment } from '../logic/format';
import { locale, t } from '../state/preferences';
import { Icon } from '../ui/icon';
import { Notice, reasonOf } from '../ui/parts';

// mask is what wharf puts in place of a value that looks secret.
const mask = '***';

const details = signal<ContainerDetails | undefined>(undefined);

export function Inspect({ container: c }: { container: Container }) {
  const fault = useSignal('');
  useEffect(() => {
    const abort = new AbortController();
    get<ContainerDetails>(`/v1/hosts/${encodeURIComponent(c.host)}/containers/${c.id}`, {}, abort.signal).then(
      (found) => {
        details.value = found;
        fault.value = '';
      },
      (error: unknown) => {
        if (!abort.signal.aborted) fault.value = reasonOf(error);
      },
    );
    return () => abort.abort();
  }, [c.key, c.state, c.name]); // reload after an event has changed the container
  const d = details.value?.id === c.id ? details.value : undefined;
  return (
    <div class="content">
      {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
      {d && (
        <>
          <General details={d} />
          <Networks details={d} />
          <Mounts details={d} />
          <Pairs title={t().containers.inspect.environment} pairs={(d.config.env ?? []).map(cut)} />
          <Pairs title={t().containers.inspect.labels} pairs={Object.entries(d.config.labels ?? {})} />
        </>
      )}
    </div>
  );
}

function cut(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

// Value shows a text of the engine, or that it is masked.
function Value({ text }: { text: string }) {
  const texts = t().containers.inspect;
  if (!text.includes(mask)) return <bdi class="wrap">{text}</bdi>;
  return (
    <span class="wrap">
      {text !== mask && <bdi>{text} </bdi>}
      <span class="badge" title={texts.maskedHint}>
        <Icon name="lock" /> {texts.masked}
      </span>
    </span>
  );
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      {children}
    </section>
  );
}

function General({ details: d }: { details: ContainerDetails }) {
  const texts = t().containers.inspect;
  const facts: [string, ComponentChildren][] = [
    [texts.id, <span class="mono wrap">{d.id}</span>],
    [texts.image, <bdi class="mono wrap">{d.image}</bdi>],
    [texts.platform, d.platform],
    [t().containers.created, time(d.created)],
    [texts.started, time(d.state.started_at)],
    ...(d.state.running ? [] : [[texts.finished, time(d.state.finished_at)], [texts.exitCode, String(d.state.exit_code)]] as [string, ComponentChildren][]),
    [texts.restarts, String(d.restart_count)],
    [texts.entrypoint, <Words words={d.config.entrypoint} />],
    [texts.command, <Words words={d.config.cmd} />],
    [texts.user, d.config.user || texts.none],
    [texts.workdir, <bdi class="mono wrap">{d.config.working_dir || '/'}</bdi>],
    [texts.hostname, <bdi class="wrap">{d.config.hostname}</bdi>],
  ];
  return (
    <Card title={texts.general}>
      <dl class="facts">
        {facts.map(([name, value]) => [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
      </dl>
    </Card>
  );
}

const Words = ({ words }: { words: readonly string[] | null }) =>
  words && words.length > 0 ? <span class="mono"><Value text={words.map((w) => (/[\s"']/.test(w) || w === '' ? JSON.stringify(w) : w)).join(' ')} /></span> : <>{t().containers.inspect.none}</>;

// time formats a time of the engine. The year 1 means none.
function time(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) || at <= 0 ? '–' : moment(at, locale.value);
}

function Pairs({ title, pairs }: { title: string; pairs: readonly (readonly [string, string])[] }) {
  return (
    <Card title={title}>
      {pairs.length === 0 ? <p class="calm">{t().containers.inspect.none}</p> : (
        <ul class="codes">
          {pairs.map(([name, value]) => (
            <li key={name}>
              <bdi class="key">{name}</bdi>
              <Value text={value} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Networks({ details: { network } }: { details: ContainerDetails }) {
  const texts = t().containers.inspect;
  const ports = Object.entries(network.ports ?? {}).map(([port, bindings]): [string, string] => [
    port, bindings.length === 0 ? texts.notPublished : bindings.map((b) => `${b.host_ip}:${b.host_port}`).join(', '),
  ]);
  return (
    <Card title={texts.network}>
      <ul class="codes">
        {Object.entries(network.networks ?? {}).map(([name, n]) => (
          <li key={name}>
            <bdi class="key">{name}</bdi>
            <span class="wrap">{[n.ip_address, n.gateway && `${texts.gateway} ${n.gateway}`, n.mac_address].filter(Boolean).join(' · ') || '–'}</span>
          </li>
        ))}
        {ports.map(([port, where]) => (
          <li key={port}>
            <span class="key">{port}</span>
            <span class="wrap">{where}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Mounts({ details: { mounts } }: { details: ContainerDetails }) {
  const texts = t().containers.inspect;
  if (mounts.length === 0) return null;
  return (
    <Card title={texts.mounts}>
      <ul class="codes">
        {mounts.map((m) => (
          <li key={m.destination}>
            <bdi class="key">{m.destination}</bdi>
            <span class="wrap">
              {m.type} · <bdi>{m.name || m.source || texts.hidden}</bdi> · {m.rw ? texts.readWrite : texts.readOnly}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
