/** The zone that every machine has, whatever its packages. */
const UTC = 'UTC';
const SHORTHANDS = [
  'minutely',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'quarterly',
  'semiannually',
  'yearly',
  'annually',
];
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** The parts of a date and of a time, each with its least and greatest value. */
const DATE: readonly Part[] = [
  { name: 'year', from: 1970, to: 2199 },
  { name: 'month', from: 1, to: 12 },
  { name: 'day', from: 1, to: 31 },
];
const FROM_THE_END: Part = { name: 'day from the end', from: 1, to: 28, plain: true };
const TIME: readonly Part[] = [
  { name: 'hour', from: 0, to: 23 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'second', from: 0, to: 59 },
];

interface Part {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Whether it takes numbers alone. */
  readonly plain?: boolean;
}

const EXAMPLE = 'for example *-*-* 03:00:00 UTC, Mon..Fri *-*-* 06:30:00 Europe/Berlin or daily UTC';

/**
 * What is wrong with a calendar event of systemd.time(7), as the end of a sentence that begins with it; undefined where nothing is. The
 * zone is part of it: a time without one is that of the machine, which says nothing in a program text.
 */
export function calendarProblem(text: string): string | undefined {
  const words = text.split(' ');
  const zone = words.pop() ?? '';
  if (words.length === 0 || !isZone(zone))
    return `must end with its time zone, UTC or one like Europe/Berlin: ${EXAMPLE}`;
  if (words.length === 1 && SHORTHANDS.includes(words[0]!)) return undefined;
  const weekdays = /^[A-Za-z]/.test(words[0]!) ? words.shift() : undefined;
  if (weekdays !== undefined && !areWeekdays(weekdays))
    return `must begin with weekdays like Mon..Fri or Sat,Sun: ${EXAMPLE}`;
  const time = words.pop();
  const date = words.pop() ?? '*-*-*';
  if (time === undefined || words.length > 0 || !/:/.test(time))
    return `must be weekdays, a date, a time and a zone: ${EXAMPLE}`;
  return dateProblem(date) ?? timeProblem(time);
}

/** Whether it is at most once in a minute. */
export function isAtMostMinutely(text: string): boolean {
  const time = text.split(' ').find((word) => word.includes(':'));
  return time === undefined || /^[^:]*:[^:]*(:\d+)?$/.test(time);
}

function isZone(zone: string): boolean {
  if (zone === UTC) return true;
  try {
    // those of the time zone database, as every operating system has them; not an abbreviation, nor an offset
    return /^[A-Z]\w+(\/[A-Z][\w+-]*)+$/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

function areWeekdays(text: string): boolean {
  return text.split(',').every((range) => {
    const days = range
      .split('..')
      .map((day) => WEEKDAYS.findIndex((name) => new RegExp(`^${name}`, 'i').test(day) && day.length === 3));
    return days.length <= 2 && !days.includes(-1) && days[0]! <= days.at(-1)!;
  });
}

function dateProblem(date: string): string | undefined {
  // `~` counts days from the end of the month, in which the shortest one ends the count
  const [, year, month, mark, day] = /^(?:([^~-]+)-)?([^~-]+)([~-])([^~-]+)$/.exec(date) ?? [];
  if (month === undefined) return `must have a date like *-*-*, *-*-01 or *-12-24, not ${date}: ${EXAMPLE}`;
  const problem = partProblem([year, month, day], mark === '~' ? [...DATE.slice(0, 2), FROM_THE_END] : DATE);
  return problem ?? (isNever(month, day!) ? `is never, since there is no day ${date}: ${EXAMPLE}` : undefined);
}

/** A day that its month has in no year. */
function isNever(month: string, day: string): boolean {
  const isNumber = /^\d+$/;
  return (
    isNumber.test(month) && isNumber.test(day) && Number(day) > new Date(Date.UTC(2024, Number(month), 0)).getUTCDate()
  );
}

function timeProblem(time: string): string | undefined {
  const parts = time.split(':');
  if (parts.length > 3) return `must have a time like 03:00 or 03:00:00, not ${time}: ${EXAMPLE}`;
  return partProblem(parts, TIME);
}

function partProblem(values: readonly (string | undefined)[], parts: readonly Part[]): string | undefined {
  const wrong = parts.find((part, index) => values[index] !== undefined && !isPart(values[index], part));
  if (!wrong) return undefined;
  return `must have ${wrong.name === 'hour' ? 'an' : 'a'} ${wrong.name} from ${wrong.from} to ${wrong.to}, * for each, or lists (1,15), ranges (1..5) and steps (0/15) of them`;
}

function isPart(text: string, { from, to, plain = false }: Part): boolean {
  return text.split(',').every((item) => {
    if (item === '*') return !plain;
    const [, first, last, step] = /^(\d{1,4})(?:\.\.(\d{1,4}))?(?:\/(\d{1,4}))?$/.exec(item) ?? [];
    if (first === undefined || (plain && first !== item)) return false;
    const begin = Number(first);
    const end = Number(last ?? first);
    const next = begin + Number(step ?? 0);
    // a step that leads nowhere is an error of systemd too
    return begin >= from && begin <= end && end <= to && (step === undefined || (next > begin && next <= to));
  });
}
