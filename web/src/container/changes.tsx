// Changes of a container other than of its state: its name, its limits, its image, its removal.
import { useSignal } from '@preact/signals';
import { call } from '../api/client';
import { changesTexts } from '../i18n/stock';
import type { Container } from '../logic/container';
import { t } from '../state/preferences';
import { go } from '../state/route';
import { Dialog } from '../ui/dialog';
import { Choice, Field, Form, textOf } from '../ui/form';

const changes = ['rename', 'update', 'recreate', 'remove'] as const;
type Change = (typeof changes)[number];

export function Changes({ container: c }: { container: Container }) {
  const asked = useSignal<Change | undefined>(undefined);
  const texts = changesTexts();
  const path = `/v1/hosts/${encodeURIComponent(c.host)}/containers/${c.id}`;
  const close = (): void => {
    asked.value = undefined;
  };
  return (
    <>
      <div class="buttons" role="group" aria-label={texts.more}>
        {changes.map((change) => (
          <button key={change} class="button quiet" onClick={() => (asked.value = change)}>
            {texts[change]}
          </button>
        ))}
      </div>
      {asked.value === 'rename' && (
        <Ask title={texts.rename} onClose={close} send={(fields) => call('POST', `${path}/rename`, { body: { name: textOf(fields, 'name') } })}>
          <Field name="name" label={texts.newName} placeholder={c.name} focus />
        </Ask>
      )}
      {asked.value === 'update' && (
        <Ask title={texts.update} onClose={close} send={(fields) => call('POST', `${path}/update`, { body: limitsOf(fields) })}>
          <Field name="memory" label={texts.memory} optional focus />
          <Field name="cpus" label={texts.cpus} optional />
          <Field name="pids" label={texts.pids} optional hint={texts.updateHint} />
          <Choice name="restart" label={texts.restart} options={[['', texts.unchanged], ...['no', 'on-failure', 'unless-stopped', 'always'].map((one) => [one, one] as const)]} />
        </Ask>
      )}
      {asked.value === 'recreate' && (
        <Ask
          title={texts.recreate} onClose={close}
          send={async (fields) => {
            const image = textOf(fields, 'image');
            await call('POST', `${path}/recreate`, { body: { ...(image === '' ? {} : { image }), pull: fields.get('pull') !== null } });
            go(`/ui/containers/${encodeURIComponent(c.host)}/${encodeURIComponent(c.name)}`);
          }}
        >
          <p class="soft">{texts.recreateHint}</p>
          <Field name="image" label={texts.image} placeholder={c.image} hint={texts.imageHint} optional focus />
          <Check name="pull" label={texts.pull} />
        </Ask>
      )}
      {asked.value === 'remove' && (
        <Ask
          title={texts.removeTitle(c.name)} action={t().common.remove} onClose={close}
          send={async (fields) => {
            await call('DELETE', `${path}?force=${fields.get('force') !== null}&volumes=${fields.get('volumes') !== null}`);
            go('/ui/containers');
          }}
        >
          <p>{texts.removeHint}</p>
          {c.state === 'running' && <Check name="force" label={texts.force} />}
          <Check name="volumes" label={texts.volumes} />
        </Ask>
      )}
    </>
  );
}

interface AskProps {
  title: string;
  action?: string;
  onClose: () => void;
  send: (fields: FormData) => Promise<unknown>;
  children: preact.ComponentChildren;
}

function Ask({ title, action, onClose, send, children }: AskProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        class="inside" submit={action ?? title}
        send={async (fields) => {
          await send(fields);
          onClose();
        }}
      >
        {children}
      </Form>
    </Dialog>
  );
}

function Check({ name, label }: { name: string; label: string }) {
  return (
    <label class="tick">
      <input type="checkbox" name={name} /> {label}
    </label>
  );
}

// limitsOf converts the fields that were filled in to limits. wharf validates them.
function limitsOf(fields: FormData): Record<string, number | string> {
  const limits: Record<string, number | string> = {};
  const number = (name: string, key: string, factor: number): void => {
    const text = textOf(fields, name);
    if (text !== '') limits[key] = Number(text.replace(',', '.')) * factor;
  };
  number('memory', 'memory', 1024 * 1024);
  // As much swap again, like docker run: engines refuse a memory limit that is above an older limit of both.
  number('memory', 'memory_swap', 2 * 1024 * 1024);
  number('cpus', 'cpus', 1);
  number('pids', 'pids', 1);
  const restart = textOf(fields, 'restart');
  if (restart !== '') limits['restart_policy'] = restart;
  return limits;
}
