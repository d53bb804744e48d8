// Pulls an image on hosts, and shows the progress on each.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { HostPull, Pull } from '../api';
import { call, get, stream } from '../api/client';
import { stockTexts } from '../i18n/stock';
import { traffic } from '../logic/format';
import { mayChangeHost } from '../logic/rights';
import { hosts } from '../state/fleet';
import { t } from '../state/preferences';
import { me } from '../state/session';
import { Dialog } from '../ui/dialog';
import { Field, Form, textOf } from '../ui/form';

export function PullDialog({ onClose }: { onClose: () => void }) {
  const texts = stockTexts();
  const pull = useSignal<Pull | undefined>(undefined);
  if (pull.value) return <Progress begun={pull.value} onClose={onClose} />;
  const offered = hosts.value.filter((h) => mayChangeHost(me.value, h.host));
  return (
    <Dialog title={texts.pull} onClose={onClose}>
      <Form
        class="inside" submit={texts.pull}
        send={async (fields) => {
          pull.value = await call<Pull>('POST', '/v1/images/pull', { body: { image: textOf(fields, 'image'), hosts: fields.getAll('host').map(String) } });
        }}
      >
        <Field name="image" label={texts.pullImage} hint={texts.pullHint} focus />
        <fieldset class="field">
          <legend>{texts.onHosts}</legend>
          {offered.map((h) => (
            <label key={h.host} class="tick">
              <input type="checkbox" name="host" value={h.host} defaultChecked={offered.length === 1} /> {h.host}
            </label>
          ))}
        </fieldset>
      </Form>
    </Dialog>
  );
}

// Progress follows a pull. The pull continues when the dialog is closed.
function Progress({ begun, onClose }: { begun: Pull; onClose: () => void }) {
  const texts = stockTexts();
  const rows = useSignal<readonly HostPull[]>(begun.hosts);
  const state = useSignal(begun.state);
  useEffect(() => {
    const abort = new AbortController();
    void follow(begun.id, abort.signal, (row) => (rows.value = rows.value.map((r) => (r.host === row.host ? row : r)))).then((end) => {
      if (end !== '') state.value = end;
    });
    return () => abort.abort();
  }, []);
  return (
    <Dialog
      title={texts.pulling(begun.image)} onClose={onClose}
      footer={
        <>
          {state.value === 'running' && (
            <button class="button" onClick={() => void call('DELETE', `/v1/images/pulls/${begun.id}`)}>
              {texts.stop}
            </button>
          )}
          <button class="button" autofocus onClick={onClose}>
            {t().common.close}
          </button>
        </>
      }
    >
      <div class="inside">
        <ul class="results" tabIndex={0} aria-live="polite">
          {rows.value.map((row) => (
            <li key={row.host}>
              <span class="cut">{row.host}</span>
              <span class={`mark ${row.state === 'failed' ? 'bad' : row.state === 'succeeded' ? 'good' : 'soft'}`}>{wordOf(row)}</span>
              {row.state === 'running' && row.layers > 0 && (
                <span class="wrap soft tab">
                  {texts.layers(String(row.layers_done), String(row.layers))} · {traffic(row.bytes)} / {traffic(row.total)}
                </span>
              )}
              {row.detail !== '' && <span class="wrap bad">{row.detail}</span>}
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function wordOf(row: HostPull): string {
  const texts = stockTexts();
  if (row.state === 'succeeded') return row.changed ? texts.pulled : texts.upToDate;
  if (row.state === 'failed') return texts.failed;
  if (row.state === 'cancelled') return texts.cancelled;
  return texts.step[row.step] ?? row.step;
}

// follow reads a pull's stream to its end, across breaks, and returns the final state, or '' after an abort.
async function follow(id: string, signal: AbortSignal, see: (row: HostPull) => void): Promise<string> {
  while (!signal.aborted) {
    try {
      for await (const frames of await stream(`/v1/images/pulls/${id}`, {}, signal)) {
        for (const frame of frames) {
          if (frame.event === 'host') see(JSON.parse(frame.data) as HostPull);
          if (frame.event === 'end') return (JSON.parse(frame.data) as { state: string }).state;
        }
      }
    } catch {
      if (signal.aborted) return '';
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const now = await get<Pull>(`/v1/images/pulls/${id}`).catch(() => undefined);
    now?.hosts.forEach(see);
    if (now && now.state !== 'running') return now.state;
  }
  return '';
}
