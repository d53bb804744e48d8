export const meEn = {
  appearance: 'Appearance', oldPassword: 'Current password', newPassword: 'New password', passwordHint: 'Your other sessions end.', changePassword: 'Change password', passwordChanged: 'Your password was changed.',
  sessions: 'Sessions', browser: 'Browser', from: 'Address', begun: 'Created', used: 'Last used', current: 'this one', end: 'End', endOthers: 'End all others',
  endTitle: 'End sessions?', endText: 'The browser that has it must log in again.', endOthersText: 'All your sessions but this one end.',
  keys: 'API keys', keyName: 'Name', role: 'Role', until: 'Valid until', never: 'no end', unused: 'never', createKey: 'Create key', noKeys: 'No API keys', keyOnce: 'This is the key. It is shown this once:',
  deleteKey: (name: string): string => `Delete the key ${name}?`, deleteKeyText: 'What uses it can’t log in any more.',
};

export const usersEn = {
  tabs: { users: 'Users', grants: 'Grants', sessions: 'Sessions' },
  add: 'Add user', role: 'Role', created: 'Created', disabled: 'disabled', you: 'you', enable: 'Enable', disable: 'Disable',
  roles: { none: 'only what is granted', viewer: 'sees everything, masked', operator: 'also starts and stops', admin: 'everything' },
  delete: (name: string): string => `Delete ${name}?`, deleteText: 'Sessions and keys of this user end at once. The audit log keeps what was done.',
  grant: 'Grant', labels: 'Labels', allContainers: 'all containers', by: 'Granted by', noGrants: 'No grants', revoke: 'Take the grant back?',
  revokeText: (user: string, hosts: string): string => `${user} loses these rights on ${hosts} at once.`,
};

export const auditEn = {
  user: 'Username', at: 'Time', who: 'User', action: 'Action', target: 'Target', outcome: 'Outcome', from: 'Address', allOutcomes: 'All outcomes', none: 'Nothing was recorded that fits the filters.',
  outcomes: { ok: 'OK', failed: 'Failed', refused: 'Refused', pending: 'Under way', unknown: 'Unknown' },
};
