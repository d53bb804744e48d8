// The users: adding them, changing their roles, disabling and deleting them.
import { useSignal } from '@preact/signals';
import { call } from '../api/client';
import type { Role, User, UserPage } from '../api';
import { t } from '../state/preferences';
import { me } from '../state/session';
import { Card, ListTable } from '../ui/card';
import { Confirm } from '../ui/confirm';
import { Dialog } from '../ui/dialog';
import { Choice, Field, Form, textOf } from '../ui/form';
import { useListing } from '../ui/listing';
import { Notice, reasonOf, Select } from '../ui/parts';
import { Ago } from '../ui/time';

export const roles: readonly Role[] = ['none', 'viewer', 'operator', 'admin'];

const pathOf = (user: User): string => `/v1/users/${encodeURIComponent(user.username)}`;

export function UsersTable() {
  const texts = t().users;
  const listing = useListing<UserPage, User>('/v1/users', {}, (page) => page.users);
  const adding = useSignal(false);
  const deleting = useSignal<User | undefined>(undefined);
  const fault = useSignal('');
  const change = async (user: User, body: { role?: string; disabled?: boolean }): Promise<void> => {
    try {
      await call('PATCH', pathOf(user), { body });
      fault.value = '';
    } catch (error) {
      fault.value = reasonOf(error);
    }
    await listing.reload();
  };
  return (
    <Card
      title={texts.tabs.users} flush
      actions={
        <button class="button primary" onClick={() => (adding.value = true)}>
          {texts.add}
        </button>
      }
    >
      {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
      <ListTable
        listing={listing} none={t().common.none} heads={[t().login.username, t().setup.fullName, t().setup.email, texts.role, texts.created, '']}
        row={(user) => (
          <tr key={user.username}>
            <td>
              <b>{user.username}</b> {user.disabled && <span class="badge bad">{texts.disabled}</span>} {user.username === me.value.username && <span class="badge accent">{texts.you}</span>}
            </td>
            <td>
              <bdi class="agent cut" title={user.full_name}>{user.full_name}</bdi>
            </td>
            <td class="soft">
              <bdi class="agent cut" title={user.email}>{user.email}</bdi>
            </td>
            <td>
              <Select label={`${texts.role}: ${user.username}`} value={user.role} options={roles.map((role) => [role, role] as const)} onChange={(role) => void change(user, { role })} />
            </td>
            <td>
              <Ago at={Date.parse(user.created_at)} />
            </td>
            <td class="num">
              <button class="button quiet" onClick={() => void change(user, { disabled: !user.disabled })}>
                {user.disabled ? texts.enable : texts.disable}
              </button>
              <button class="button quiet" onClick={() => (deleting.value = user)}>
                {t().common.remove}
              </button>
            </td>
          </tr>
        )}
      />
      {adding.value && (
        <AddUser
          onClose={() => {
            adding.value = false;
            void listing.reload();
          }}
        />
      )}
      {deleting.value && (
        <Confirm
          title={texts.delete(deleting.value.username)} text={texts.deleteText} action={t().common.remove} onClose={() => (deleting.value = undefined)}
          run={async () => {
            if (deleting.value) await call('DELETE', pathOf(deleting.value));
            await listing.reload();
          }}
        />
      )}
    </Card>
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const texts = t();
  const add = async (fields: FormData): Promise<void> => {
    const body = {
      username: textOf(fields, 'username'), password: String(fields.get('password')), full_name: textOf(fields, 'full_name'), email: textOf(fields, 'email'), role: textOf(fields, 'role'),
    };
    await call('POST', '/v1/users', { body });
    onClose();
  };
  return (
    <Dialog title={texts.users.add} onClose={onClose}>
      <Form class="inside" submit={texts.users.add} send={add}>
        <Field name="username" label={texts.login.username} focus />
        <Field name="full_name" label={texts.setup.fullName} />
        <Field name="email" type="email" label={texts.setup.email} />
        <Field name="password" type="password" label={texts.login.password} hint={texts.setup.passwordHint} complete="new-password" />
        <Choice name="role" label={texts.users.role} options={roles.map((role) => [role, `${role} – ${texts.users.roles[role]}`] as const)} />
      </Form>
    </Dialog>
  );
}
