// Line icons on a grid of 16.
const paths = {
  fleet: 'M2 4.5h12M2 8h12M2 11.5h12M4.5 3v3M9 6.5v3M6.5 10v3',
  containers: 'M8 1.8 13.8 5v6L8 14.2 2.2 11V5zM2.4 5.1 8 8.2l5.6-3.1M8 8.2v5.9',
  logs: 'M3 3.5h10M3 6.5h7M3 9.5h10M3 12.5h5',
  events: 'M1.8 8.5h2.7l2-5.5 3 10 2-4.5h2.7',
  hosts: 'M2.5 2.8h11v4h-11zM2.5 9.2h11v4h-11zM5 4.8h.01M5 11.2h.01',
  images: 'M2.5 5.5 8 2.5l5.5 3L8 8.5zM2.5 8 8 11l5.5-3M2.5 10.5 8 13.5l5.5-3',
  operations: 'M2.5 4l1.2 1.2L6 3M8.5 4h5M2.5 8l1.2 1.2L6 7M8.5 8h5M2.5 12l1.2 1.2L6 11M8.5 12h5',
  audit: 'M4 1.8h6L13 5v9.2H4zM10 1.8V5h3M6.3 8h4.4M6.3 11h4.4',
  users: 'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 2.8a2.5 2.5 0 0 1 0 4.5M12.3 9.8c1.4.6 2.2 1.9 2.2 3.7',
  me: 'M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.5 14c0-2.8 2.4-4.3 5.5-4.3s5.5 1.5 5.5 4.3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5 14 14',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  close: 'm3.8 3.8 8.4 8.4M12.2 3.8l-8.4 8.4',
  check: 'm3 8.5 3.3 3.3L13 4.8',
  alert: 'M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5h.01',
  gap: 'M2 8h3M11 8h3M6.5 4.5 5 11.5M11 4.5 9.5 11.5',
  start: 'M5 3v10l7.5-5z', stop: 'M4 4h8v8H4z', restart: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8', pause: 'M5.5 3.5v9M10.5 3.5v9', unpause: 'M5 3v10l7.5-5z',
  kill: 'M4.5 4.5l7 7M11.5 4.5l-7 7M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4z',
  left: 'M9.5 3.5 5 8l4.5 4.5', down: 'M4 6.2 8 10l4-3.8', copy: 'M5.5 5.5h8v8h-8zM2.5 10.5v-8h8',
  download: 'M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.8 13.2h10.4',
  logout: 'M6 2.5H2.8v11H6M10 5l3 3-3 3M13 8H6', lock: 'M4 7.2h8v6.3H4zM5.7 7V5a2.3 2.3 0 0 1 4.6 0v2',
  offline: 'M2 2l12 12M4.5 7.5A5 5 0 0 1 7 6.2M9.5 6.3c.8.2 1.5.7 2 1.2M2.3 5.3A8 8 0 0 1 4.4 4M7.5 3.2a8 8 0 0 1 6.2 2.1M6.8 9.8a1.8 1.8 0 0 1 2.4 0M8 12.4h.01',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

// Logo is the mark before the product's name.
export function Logo() {
  return (
    <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="4" fill="var(--accent-fill)" />
      <path d="M4 5v3.5a4 4 0 0 0 8 0V5M8 4v8.4" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" />
    </svg>
  );
}
