// The page's texts in English. Every other language must have the type of this one, so that a missing text fails the type check. Each
// part of the page has its own file.
import { auditEn, meEn, usersEn } from './accounts.en';
import { containersEn } from './containers.en';
import { eventsEn } from './events.en';
import { fleetEn } from './fleet.en';
import { logsEn } from './logs.en';
import { shellEn } from './shell.en';
import { terminalEn } from './terminal.en';

export const en = { ...shellEn, fleet: fleetEn, containers: containersEn, events: eventsEn, me: meEn, users: usersEn, audit: auditEn, logs: logsEn, terminal: terminalEn };

// Widened is the type of a dictionary with its texts: literal texts become string, functions keep their parameters.
type Widened<T> = { [K in keyof T]: T[K] extends string ? string : T[K] extends (...args: infer A) => string ? (...args: A) => string : Widened<T[K]> };

export type Texts = Widened<typeof en>;
