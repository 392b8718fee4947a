import { directiveWords, unquoted } from './directive-value';

/** A header of answers: nginx `add_header`. */
export interface AddedHeader {
  readonly name: string;
  /** As it is written, in quotes or without. */
  readonly value: string;
  /** `always`, or nothing where it is not for answers of errors. */
  readonly when: string;
}

/** What nginx writes itself, or the bootstrap waits for: a second one would be added. */
const OURS = [
  ...['Connection', 'Content-Encoding', 'Content-Length', 'Content-Type', 'Date', 'Keep-Alive', 'Location', 'Server'],
  ...['Transfer-Encoding', 'WWW-Authenticate', 'X-Plumbline', 'X-Shed'],
];

/** Headers of which an answer may have several that are all meant (RFC 9110, RFC 6265). */
const MAY_STAND_TWICE = ['link', 'server-timing', 'set-cookie', 'vary'];

/** The header of a value of `add_header`; undefined where it is none. */
export function addedHeader(text: string | undefined): AddedHeader | undefined {
  const [name = '', value, when = '', ...rest] = directiveWords(text ?? '');
  const isName = /^[A-Za-z0-9_-]+$/.test(unquoted(name));
  if (!isName || value === undefined || !['', 'always'].includes(when) || rest.length > 0) return undefined;
  return { name: unquoted(name), value, when };
}

/** Whether an answer may have two of it. */
export function mayStandTwice({ name }: AddedHeader): boolean {
  return MAY_STAND_TWICE.includes(name.toLowerCase());
}

/** Why a value of `add_header` cannot be given; undefined where it can. */
export function addHeaderProblem(text: string): string | undefined {
  const header = addedHeader(text);
  if (header === undefined) {
    return `${JSON.stringify(text)} is no header: write its name, its value, in quotes where that has spaces, and always where errors have it too, for example X-Frame-Options DENY always`;
  }
  const ours = OURS.find((name) => name.toLowerCase() === header.name.toLowerCase());
  return ours && `${JSON.stringify(text)} would be a second ${ours}, which is written here: remove it`;
}
