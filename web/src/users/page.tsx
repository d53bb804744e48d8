// Users, their grants, and the sessions of all users.
import { t } from '../state/preferences';
import { path, query } from '../state/route';
import { Sessions } from '../me/sessions';
import { Top } from '../ui/parts';
import { Grants } from './grants';
import { UsersTable } from './users';

const tabs = ['users', 'grants', 'sessions'] as const;

export default function UsersPage() {
  const texts = t().users;
  const tab = tabs.find((one) => one === query.value.get('tab')) ?? 'users';
  return (
    <>
      <div class="sticky">
        <Top title={t().nav.users} />
        <nav class="tabs" aria-label={t().nav.users}>
          {tabs.map((one) => (
            <a key={one} href={one === 'users' ? path.value : `${path.value}?tab=${one}`} aria-current={one === tab ? 'page' : undefined}>
              {texts.tabs[one]}
            </a>
          ))}
        </nav>
      </div>
      <div class="content">
        {tab === 'users' && <UsersTable />}
        {tab === 'grants' && <Grants />}
        {tab === 'sessions' && <Sessions all />}
      </div>
    </>
  );
}
