const states: Record<string, string> = {
  running: 'Running', exited: 'Exited', paused: 'Paused', restarting: 'Restarting', created: 'Created', dead: 'Dead', removing: 'Removing',
  healthy: 'Healthy', unhealthy: 'Unhealthy', starting: 'Starting', up: 'Up', down: 'Down', degraded: 'Degraded', unknown: 'Unknown',
};

export const shellEn = {
  // names of pages
  nav: {
    label: 'Pages', fleet: 'Fleet', containers: 'Containers', logs: 'Logs', events: 'Events', hosts: 'Hosts', images: 'Images', operations: 'Operations', audit: 'Audit log', users: 'Users',
    me: 'My account', open: 'Open the menu', close: 'Close the menu', skip: 'Skip to content',
  },
  state: (name: string): string => states[name] ?? name,
  common: {
    close: 'Close', cancel: 'Cancel', retry: 'Try again', copy: 'Copy', copied: 'Copied', none: 'None', yes: 'Yes', no: 'No', loading: 'Loading…',
    clear: 'Clear', more: 'More', notFound: 'There is no such page.', home: 'Go to the fleet', search: 'Search', save: 'Save', remove: 'Remove',
    failed: 'This didn’t work:', unreachable: 'wharf doesn’t answer.', forbidden: (why: string): string => `You may not do this: ${why}`,
    unknown: 'unknown', older: 'Show older', broken: 'This page broke. Your data is safe; reloading usually helps.', reload: 'Reload',
  },
  link: {
    denied: 'Nothing was granted to you yet', deniedHint: 'An administrator can grant you rights on hosts and containers. This page follows when that happens.',
    refused: (why: string, age: string): string => `wharf refused: ${why}. What you see is from ${age}. Trying again…`,
    live: 'Live', connecting: 'Connecting…', resting: 'Paused while hidden',
    lost: (age: string): string => `wharf doesn’t answer. What you see is from ${age}. Trying again…`,
  },
  palette: {
    open: 'Search everything', label: 'Go to a page, host or container', empty: 'Nothing by that name.', page: 'Page', host: 'Host', container: 'Container',
  },
  login: {
    title: 'Log in', username: 'Username', password: 'Password', submit: 'Log in', ended: 'Your session has ended. Log in to go on where you were.',
    anonymous: 'Go on without logging in', starting: 'Starting…', unreachable: 'wharf doesn’t answer. Trying again…',
  },
  setup: {
    title: 'Welcome to wharf', intro: 'There is no user yet. Create the first one: the administrator.', token: 'Setup token',
    tokenHint: 'Printed in wharf’s log at its start.', fullName: 'Full name', email: 'Email', passwordHint: 'At least 6 characters; longer is better.',
    submit: 'Create administrator',
  },
  theme: { label: 'Theme', auto: 'System', light: 'Light', dark: 'Dark' },
  language: { label: 'Language', en: 'English', ko: '한국어' },
  user: { menu: 'Account', logout: 'Log out', anonymous: 'Not logged in', login: 'Log in', role: (role: string): string => `Role: ${role}` },
  time: {
    since: (text: string): string => `since ${text}`, lastSeen: (age: string): string => `last seen ${age}`,
  },
};
