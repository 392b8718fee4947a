import { calendarProblem, isAtMostMinutely } from '../../lib/plan/calendar';

// What systemd-analyze calendar (systemd 257) takes.
test.each([
  '*-*-* 03:00:00 UTC',
  '03:00 UTC',
  'Mon..Fri *-*-* 06:30:00 Europe/Berlin',
  'mon,wed 3:00 America/Argentina/Buenos_Aires',
  'daily UTC',
  'hourly Europe/Berlin',
  '*-*-* *:00/15:00 UTC',
  '*:*:0/10 UTC',
  '*-01,07-01..07/2 20/3:15 UTC',
  '*-*~01 03:00 UTC',
  '02-29 3:00 UTC',
])('%s is a time', (schedule) => {
  expect(calendarProblem(schedule)).toBeUndefined();
});

// What it does not take, what is never, and what says no zone.
test.each([
  ['', 'must end with its time zone'],
  ['0 3 * * *', 'must end with its time zone'],
  ['*-*-* 03:00:00', 'must end with its time zone'],
  ['daily', 'must end with its time zone'],
  ['03:00 CET', 'must end with its time zone'],
  ['03:00 +02:00', 'must end with its time zone'],
  ['03:00 Europe/Atlantis', 'must end with its time zone'],
  ['UTC', 'must end with its time zone'],
  ['*-*-* 24:00:00 UTC', 'must have an hour from 0 to 23'],
  ['*-*-* 03:60 UTC', 'must have a minute from 0 to 59'],
  ['*-*-* 03:00:60 UTC', 'must have a second from 0 to 59'],
  ['*-13-* 03:00 UTC', 'must have a month from 1 to 12'],
  ['*-*-00 03:00 UTC', 'must have a day from 1 to 31'],
  ['*-*~29 03:00 UTC', 'must have a day from the end from 1 to 28'],
  ['24-*-* 03:00 UTC', 'must have a year from 1970 to 2199'],
  ['*-02-30 03:00 UTC', 'is never, since there is no day *-02-30'],
  ['*-*-* */2:00 UTC', 'must have an hour from 0 to 23'],
  ['*-*-* 5..1:00 UTC', 'must have an hour from 0 to 23'],
  ['*:00/60 UTC', 'must have a minute from 0 to 59'],
  ['Sun..Mon 03:00 UTC', 'must begin with weekdays'],
  ['Someday 03:00 UTC', 'must begin with weekdays'],
  ['*-*-* UTC', 'must be weekdays, a date, a time and a zone'],
  ['* 03:00 UTC', 'must have a date'],
  ['*-*-*  03:00 UTC', 'must be weekdays, a date, a time and a zone'],
  ['*-*-* 03:00:00\nOnBootSec=1 UTC', 'must have a second from 0 to 59'],
])('fails: %j %s', (schedule, problem) => {
  expect(calendarProblem(schedule)).toMatch(problem);
});

test.each([
  ['hourly UTC', true],
  ['*-*-* *:*:00 UTC', true],
  ['*-*-* *:* UTC', true],
  ['*-*-* *:*:0/10 UTC', false],
  ['*-*-* *:*:* UTC', false],
  ['*-*-* 03:00:0,30 UTC', false],
])('%s is at most once a minute: %s', (schedule, is) => {
  expect(isAtMostMinutely(schedule)).toBe(is);
});
