// The page's texts in English. Every other language has the type of this one, so that a missing text fails the
// type check. A file of its own for each part of the page keeps them short.
import { auditEn, meEn, usersEn } from './accounts.en';
import { containersEn } from './containers.en';
import { eventsEn } from './events.en';
import { fleetEn } from './fleet.en';
import { logsEn } from './logs.en';
import { shellEn } from './shell.en';
import { terminalEn } from './terminal.en';

export const en = { ...shellEn, fleet: fleetEn, containers: containersEn, events: eventsEn, me: meEn, users: usersEn, audit: auditEn, logs: logsEn, terminal: terminalEn };

// Widened turns the texts of a dictionary into its type: texts are texts, functions keep their parameters.
type Widened<T> = { [K in keyof T]: T[K] extends string ? string : T[K] extends (...args: infer A) => string ? (...args: A) => string : Widened<T[K]> };

export type Texts = Widened<typeof en>;
