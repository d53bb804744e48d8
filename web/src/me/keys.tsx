// API keys, for machines. A key is shown only once.
import { useSignal } from '@preact/signals';
import { call } from '../api/client';
import type { APIKey, APIKeyPage, Role } from '../api';
import { moment } from '../logic/format';
import { now } from '../state/clock';
import { locale, t } from '../state/preferences';
import { me } from '../state/session';
import { Card, ListTable } from '../ui/card';
import { Confirm } from '../ui/confirm';
import { Copy } from '../ui/copy';
import { Choice, Field, Form, textOf } from '../ui/form';
import { useListing } from '../ui/listing';
import { Notice } from '../ui/parts';
import { Ago } from '../ui/time';

const roles: readonly Role[] = ['viewer', 'operator', 'admin'];

export function Keys() {
  const texts = t().me;
  const listing = useListing<APIKeyPage, APIKey>('/v1/keys', {}, (page) => page.keys);
  const made = useSignal<APIKey | undefined>(undefined);
  const deleting = useSignal<APIKey | undefined>(undefined);
  const create = async (fields: FormData): Promise<void> => {
    const until = textOf(fields, 'until');
    const body = { name: textOf(fields, 'name'), role: textOf(fields, 'role'), ...(until === '' ? {} : { expires_at: new Date(`${until}T23:59:59`).toISOString() }) };
    made.value = await call<APIKey>('POST', '/v1/keys', { body });
    await listing.reload();
  };
  const may = roles.slice(0, me.value.role === 'none' ? roles.length : roles.indexOf(me.value.role) + 1);
  return (
    <Card title={texts.keys} flush>
      <Form class="form-row" submit={texts.createKey} send={create}>
        <Field name="name" label={texts.keyName} placeholder="ci" />
        <Choice name="role" label={texts.role} options={may.map((role) => [role, role] as const)} />
        <Field name="until" type="date" label={texts.until} optional />
      </Form>
      {made.value?.key && (
        <Notice icon="check">
          {texts.keyOnce} <code class="mono wrap">{made.value.key}</code> <Copy text={made.value.key} />
        </Notice>
      )}
      <ListTable
        listing={listing} heads={[texts.keyName, texts.role, texts.begun, texts.until, texts.used, '']} none={texts.noKeys}
        row={(key) => (
          <tr key={key.id}>
            <td>
              <bdi>{key.name}</bdi>
            </td>
            <td>{key.role}</td>
            <td>
              <Ago at={Date.parse(key.created_at)} />
            </td>
            <td class={key.expires_at && Date.parse(key.expires_at) < now.value ? 'bad' : ''}>{key.expires_at ? moment(Date.parse(key.expires_at), locale.value) : texts.never}</td>
            <td>{key.last_used_at ? <Ago at={Date.parse(key.last_used_at)} /> : texts.unused}</td>
            <td class="num">
              <button class="button quiet" onClick={() => (deleting.value = key)}>
                {t().common.remove}
              </button>
            </td>
          </tr>
        )}
      />
      {deleting.value && (
        <Confirm
          title={texts.deleteKey(deleting.value.name)} text={texts.deleteKeyText} action={t().common.remove} onClose={() => (deleting.value = undefined)}
          run={async () => {
            await call('DELETE', `/v1/keys/${deleting.value?.id ?? ''}`);
            made.value = undefined;
            await listing.reload();
          }}
        />
      )}
    </Card>
  );
}
