// Operations on many containers: the list, and one operation with the state of its containers.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { BulkPage, BulkResult, BulkSummary, BulkTarget } from '../api';
import { call, get, stream } from '../api/client';
import { operationsTexts } from '../i18n/stock';
import type { PageProps } from '../shell/pages';
import { count } from '../logic/format';
import { locale, t } from '../state/preferences';
import { address } from '../state/route';
import { me } from '../state/session';
import { repeat } from '../state/usage';
import { ListTable } from '../ui/card';
import { Icon } from '../ui/icon';
import { useListing } from '../ui/listing';
import { Empty, Notice, reasonOf, Top } from '../ui/parts';
import { Ago } from '../ui/time';

const tones: Record<string, string> = { succeeded: 'good', ok: 'good', failed: 'bad', interrupted: 'bad', cancelled: 'warn', skipped: 'soft' };

export default function OperationsPage({ params: [id = ''] }: PageProps) {
  return id === '' ? <List /> : <One key={id} id={id} />;
}

function State({ state }: { state: string }) {
  return <span class={`mark ${tones[state] ?? 'soft'}`}>{operationsTexts().states[state] ?? state}</span>;
}

function List() {
  const texts = operationsTexts();
  const listing = useListing<BulkPage, BulkSummary>('/v1/operations', { limit: 100 }, (page) => page.operations);
  useEffect(() => repeat(async () => {
    if (listing.rows.value.length <= 100) await listing.reload();
  }, 5000), [listing]);
  return (
    <>
      <Top title={texts.title} />
      {listing.loaded.value && listing.rows.value.length === 0 ? <Empty title={texts.none} hint={texts.noneHint} /> : (
        <ListTable
          listing={listing} none={texts.none} heads={[texts.operation, texts.state, texts.containers, texts.by, texts.begun]}
          row={(op) => (
            <tr key={op.id}>
              <td>
                <a href={`/ui/operations/${op.id}`}>{op.operation}</a>
              </td>
              <td>
                <State state={op.state} />
              </td>
              <td class="tab">
                {texts.done(count(op.succeeded + op.failed, locale.value), count(op.targets, locale.value))} {op.failed > 0 && <span class="badge bad">{texts.failed(count(op.failed, locale.value))}</span>}
              </td>
              <td>{op.user}</td>
              <td>
                <Ago at={Date.parse(op.at)} />
              </td>
            </tr>
          )}
        />
      )}
    </>
  );
}

function One({ id }: { id: string }) {
  const texts = operationsTexts();
  const op = useSignal<BulkResult | undefined>(undefined);
  const fault = useSignal('');
  useEffect(() => {
    const abort = new AbortController();
    void follow(id, abort.signal, (next) => (op.value = next(op.value)), (error) => (fault.value = reasonOf(error)));
    return () => abort.abort();
  }, []);
  const now = op.value;
  const cancel = async (): Promise<void> => {
    try {
      op.value = await call<BulkResult>('POST', `/v1/operations/${id}/cancel`);
    } catch (error) {
      fault.value = reasonOf(error);
    }
  };
  const ended = now?.targets.filter((x) => x.state !== 'waiting' && x.state !== 'running').length ?? 0;
  return (
    <>
      <header class="top">
        <a class="button quiet only" href="/ui/operations" aria-label={texts.back}>
          <Icon name="left" />
        </a>
        <h1 class="cut">{now?.operation ?? texts.title}</h1>
        {now && <State state={now.state} />}
        {now && (
          <span class="soft tab" role="status">
            {texts.done(count(ended, locale.value), count(now.targets.length, locale.value))}
          </span>
        )}
        <span class="spring" />
        {now?.state === 'running' && (now.user === me.value.username || me.value.role === 'admin') && (
          <button class="button" onClick={() => void cancel()}>
            {texts.cancel}
          </button>
        )}
      </header>
      {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
      {now && (
        <div class="scroll-x" tabIndex={0} role="group" aria-label={texts.containers}>
          <table class="list-table">
            <thead>
              <tr>
                {[texts.container, texts.host, texts.state, texts.after, texts.why].map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {now.targets.map((x) => (
                <tr key={`${x.host}/${x.id}`}>
                  <td>
                    <a href={address.container(x.host, x.id)}>
                      <bdi>{x.name}</bdi>
                    </a>
                  </td>
                  <td>{x.host}</td>
                  <td>
                    <State state={x.state} />
                  </td>
                  <td>{x.after === '' ? '–' : t().state(x.after)}</td>
                  <td class="wrap">
                    <bdi>{x.detail}</bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

type Change = (before: BulkResult | undefined) => BulkResult | undefined;

// follow updates an operation with each container that ends, until all have.
async function follow(id: string, signal: AbortSignal, change: (next: Change) => void, failed: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      const now = await get<BulkResult>(`/v1/operations/${id}`, {}, signal);
      change(() => now);
      if (now.state !== 'running') return;
      for await (const frames of await stream(`/v1/operations/${id}`, {}, signal)) {
        for (const frame of frames) {
          if (frame.event !== 'target') continue;
          const target = JSON.parse(frame.data) as BulkTarget;
          change((before) => before && { ...before, targets: before.targets.map((x) => (x.host === target.host && x.id === target.id ? target : x)) });
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }
}
