// Cleaning up: it first shows what would be removed, then removes exactly that.
import { useSignal } from '@preact/signals';
import type { Pruned, PruneItem } from '../api';
import { call } from '../api/client';
import { stockTexts } from '../i18n/stock';
import { shortID, traffic } from '../logic/format';
import { t } from '../state/preferences';
import { Dialog } from '../ui/dialog';
import { Form } from '../ui/form';
import { Notice, reasonOf } from '../ui/parts';

const kinds = ['containers', 'images', 'volumes', 'networks'] as const;

interface Asked {
  what: string[];
  all: boolean;
}

export function PruneDialog({ onClose }: { onClose: () => void }) {
  const texts = stockTexts();
  const asked = useSignal<Asked>({ what: [], all: false });
  const plan = useSignal<Pruned | undefined>(undefined);
  if (plan.value) return <Plan asked={asked.value} plan={plan.value} onClose={onClose} />;
  return (
    <Dialog title={texts.pruneTitle} onClose={onClose}>
      <Form
        class="inside" submit={texts.look}
        send={async (fields) => {
          asked.value = { what: fields.getAll('what').map(String), all: fields.get('all') !== null };
          plan.value = await call<Pruned>('POST', '/v1/prune', { body: asked.value });
        }}
      >
        <fieldset class="field">
          <legend class="sr">{texts.pruneTitle}</legend>
          {kinds.map((kind) => (
            <label key={kind} class="tick">
              <input type="checkbox" name="what" value={kind} defaultChecked={kind === 'images'} /> {texts.what[kind]}
            </label>
          ))}
          <label class="tick">
            <input type="checkbox" name="all" /> {texts.all}
          </label>
        </fieldset>
      </Form>
    </Dialog>
  );
}

function Plan({ asked, plan, onClose }: { asked: Asked; plan: Pruned; onClose: () => void }) {
  const texts = stockTexts();
  const done = useSignal<Pruned | undefined>(undefined);
  const busy = useSignal(false);
  const fault = useSignal('');
  const run = async (): Promise<void> => {
    busy.value = true;
    try {
      done.value = await call<Pruned>('POST', '/v1/prune', { body: { ...asked, dry_run: false, only: onlyThese(plan.items) } });
    } catch (error) {
      fault.value = reasonOf(error);
    }
    busy.value = false;
  };
  const result = done.value;
  const kept = result?.items.filter((i) => i.state === 'kept') ?? [];
  const shown = result ? kept : plan.items;
  return (
    <Dialog
      title={texts.pruneTitle} onClose={onClose}
      footer={
        <>
          <button class="button" autofocus onClick={onClose}>
            {t().common.close}
          </button>
          {!result && plan.items.length > 0 && (
            <button class="button danger" disabled={busy.value} onClick={() => void run()}>
              {texts.removeThese}
            </button>
          )}
        </>
      }
    >
      <div class="inside">
        {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
        <p role="status">{result ? texts.freed(String(result.items.length - kept.length), traffic(result.freed)) : plan.items.length === 0 ? texts.nothing : texts.frees(String(plan.items.length), traffic(plan.freed))}</p>
        {result && kept.length > 0 && <p>{texts.kept(String(kept.length))}</p>}
        {shown.length > 0 && (
          <ul class="results" tabIndex={0}>
            {shown.map((i) => (
              <li key={`${i.host} ${i.what} ${i.id}`}>
                <span class="cut">
                  <bdi>{i.name.startsWith('sha256:') ? shortID(i.name) : i.name}</bdi> <span class="soft">{i.host}</span>
                </span>
                <span class="soft tab">
                  {texts.what[i.what]} · {traffic(i.bytes)}
                </span>
                {i.detail !== '' && <span class="wrap bad">{i.detail}</span>}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}

// onlyThese selects the shown items, by the first digits of their ids where that is enough.
function onlyThese(items: readonly PruneItem[]): { host: string; what: string; ids: string[] }[] {
  const groups = new Map<string, { host: string; what: string; ids: string[] }>();
  for (const { host, what, id } of items) {
    const key = `${what} ${host}`;
    const group = groups.get(key) ?? { host, what, ids: [] };
    group.ids.push(what === 'volumes' ? id : id.replace(/^sha256:/, '').slice(0, 16));
    groups.set(key, group);
  }
  return [...groups.values()];
}
