// Grants: roles on some hosts or containers.
import { useSignal } from '@preact/signals';
import { call } from '../api/client';
import type { Grant, GrantPage } from '../api';
import { t } from '../state/preferences';
import { Card, ListTable } from '../ui/card';
import { Confirm } from '../ui/confirm';
import { Choice, Field, Form, textOf } from '../ui/form';
import { useListing } from '../ui/listing';
import { Ago } from '../ui/time';
import { roles } from './users';

export function Grants() {
  const texts = t().users;
  const listing = useListing<GrantPage, Grant>('/v1/grants', {}, (page) => page.grants);
  const deleting = useSignal<Grant | undefined>(undefined);
  const add = async (fields: FormData): Promise<void> => {
    const body = { username: textOf(fields, 'username'), hosts: textOf(fields, 'hosts'), labels: textOf(fields, 'labels'), role: textOf(fields, 'role') };
    await call('POST', '/v1/grants', { body });
    await listing.reload();
  };
  return (
    <Card title={texts.tabs.grants} flush>
      <Form class="form-row" submit={texts.grant} send={add}>
        <Field name="username" label={t().login.username} />
        <Field name="hosts" label={t().nav.hosts} placeholder="prod-*" />
        <Field name="labels" label={texts.labels} placeholder="team=web" optional />
        <Choice name="role" label={texts.role} options={roles.filter((role) => role !== 'none').map((role) => [role, role] as const)} />
      </Form>
      <ListTable
        listing={listing} none={texts.noGrants} heads={[t().login.username, t().nav.hosts, texts.labels, texts.role, texts.by, texts.created, '']}
        row={(g) => (
          <tr key={g.id}>
            <td>
              <b>{g.username}</b>
            </td>
            <td class="mono">{g.hosts}</td>
            <td class="mono">
              <bdi>{g.labels || texts.allContainers}</bdi>
            </td>
            <td>
              {g.role} {g.exec && <span class="badge warn">exec</span>}
            </td>
            <td class="soft">{g.created_by}</td>
            <td>{g.created_at && <Ago at={Date.parse(g.created_at)} />}</td>
            <td class="num">
              <button class="button quiet" onClick={() => (deleting.value = g)}>
                {t().common.remove}
              </button>
            </td>
          </tr>
        )}
      />
      {deleting.value && (
        <Confirm
          title={texts.revoke} text={texts.revokeText(deleting.value.username ?? '', deleting.value.hosts)} action={t().common.remove} onClose={() => (deleting.value = undefined)}
          run={async () => {
            await call('DELETE', `/v1/grants/${deleting.value?.id ?? ''}`);
            await listing.reload();
          }}
        />
      )}
    </Card>
  );
}
