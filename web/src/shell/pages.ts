// The pages and their addresses. Each page is a directory, loaded when it is first opened.
import type { ComponentType } from 'preact';
import type { Texts } from '../i18n/en';
import type { IconName } from '../ui/icon';
import { isAdmin } from '../logic/rights';
import type { Me } from '../api';

export interface PageProps {
  params: readonly string[]; // the parameters of the path, decoded
}

export interface PageEntry {
  pattern: RegExp;
  load: () => Promise<{ default: ComponentType<PageProps> }>;
}

// NavItem is a page in the navigation.
export interface NavItem {
  path: string;
  icon: IconName;
  name: (t: Texts) => string;
  allowed?: (me: Me) => boolean;
}

export const pages: readonly PageEntry[] = [
  { pattern: /^\/$/, load: () => import('../fleet/page') },
  { pattern: /^\/ui\/containers$/, load: () => import('../containers/page') },
  { pattern: /^\/ui\/containers\/([^/]+)\/([^/]+)$/, load: () => import('../container/page') },
  { pattern: /^\/ui\/logs$/, load: () => import('../logs/page') },
  { pattern: /^\/ui\/events$/, load: () => import('../events/page') },
  { pattern: /^\/ui\/audit$/, load: () => import('../audit/page') },
  { pattern: /^\/ui\/users$/, load: () => import('../users/page') },
  { pattern: /^\/ui\/me$/, load: () => import('../me/page') },
  { pattern: /^\/ui\/images$/, load: () => import('../stock/page') },
  { pattern: /^\/ui\/operations$/, load: () => import('../operations/page') },
  { pattern: /^\/ui\/operations\/([^/]+)$/, load: () => import('../operations/page') },
  { pattern: /^\/ui\/hosts$/, load: () => import('../hosts/page') },
  { pattern: /^\/ui\/hosts\/([^/]+)$/, load: () => import('../hosts/host') },
];

export const navigation: readonly NavItem[] = [
  { path: '/', icon: 'fleet', name: (t) => t.nav.fleet },
  { path: '/ui/containers', icon: 'containers', name: (t) => t.nav.containers },
  { path: '/ui/logs', icon: 'logs', name: (t) => t.nav.logs },
  { path: '/ui/events', icon: 'events', name: (t) => t.nav.events },
  { path: '/ui/hosts', icon: 'hosts', name: (t) => t.nav.hosts },
  { path: '/ui/images', icon: 'images', name: (t) => t.nav.images },
  { path: '/ui/operations', icon: 'operations', name: (t) => t.nav.operations },
  { path: '/ui/audit', icon: 'audit', name: (t) => t.nav.audit, allowed: isAdmin },
  { path: '/ui/users', icon: 'users', name: (t) => t.nav.users, allowed: isAdmin },
  { path: '/ui/me', icon: 'me', name: (t) => t.nav.me },
];

export const offered = (item: NavItem, me: Me): boolean => item.allowed === undefined || item.allowed(me);

// find returns the page of a path, and its parameters.
export function find(path: string): { page: PageEntry; params: string[] } | undefined {
  for (const page of pages) {
    const match = page.pattern.exec(path);
    if (match) return { page, params: match.slice(1).map(decode) };
  }
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
