// The page's texts in Korean.
import { auditKo, meKo, usersKo } from './accounts.ko';
import { containersKo } from './containers.ko';
import type { Texts } from './en';
import { eventsKo } from './events.ko';
import { fleetKo } from './fleet.ko';
import { logsKo } from './logs.ko';
import { shellKo } from './shell.ko';
import { terminalKo } from './terminal.ko';

export const ko: Texts = { ...shellKo, fleet: fleetKo, containers: containersKo, events: eventsKo, me: meKo, users: usersKo, audit: auditKo, logs: logsKo, terminal: terminalKo };
