import { addedHeader, mayStandTwice } from '../plan/add-header';
import type { Plan } from '../plan/plan';
import type { Lines } from './text';

/** A header that a location adds: name, value, `always` where errors have it too, why. */
export type OwnHeader = readonly [name: string, value: string, when?: string, why?: string];

/** Policies of one answer add up (Content Security Policy Level 3): the user's takes nothing from ours. */
const ADDS_UP = 'content-security-policy';

type Directives = Pick<Plan, 'extraNginxDirectives'>;

/** The header of the user, with the value that an answer gets: none where the application has said it itself. */
function ofTheUser({ extraNginxDirectives }: Directives) {
  const header = addedHeader(extraNginxDirectives.add_header);
  if (header === undefined) return undefined;
  const variable = header.name.toLowerCase().replaceAll('-', '_');
  const value = mayStandTwice(header) ? header.value : `$added_${variable}`;
  const map = mayStandTwice(header)
    ? undefined
    : `map $sent_http_${variable} ${value} { default ""; "" ${header.value}; } # what the application says stays`;
  return { ...header, map, line: `${[header.name, value, header.when].filter(Boolean).join(' ')}; # override` };
}

/** What the `http` block says of the user's header, for every location that adds none itself. */
export function addedToAll(plan: Directives): { readonly map?: string; readonly line?: string } {
  const user = ofTheUser(plan);
  return { map: user?.map, line: user && `add_header ${user.line}` };
}

/** The headers of a location, which would cancel the user's for it: so they stand beside, or one is in the place of the same of ours. */
export function headersOf(indent: string, plan: Directives, own: readonly OwnHeader[]): Lines {
  const user = ofTheUser(plan);
  const theirs = user?.name.toLowerCase();
  const ours = own.filter(([name]) => name.toLowerCase() !== theirs || theirs === ADDS_UP);
  if (ours.length === 0) return [];
  return [
    ours.map(
      ([name, value, when, why]) =>
        `${indent}add_header ${[name, value, when].filter(Boolean).join(' ')};${why ? ` # ${why}` : ''}`,
    ),
    user && `${indent}add_header ${user.line}`,
  ];
}
