import { textOf } from '../support/repository';

test('the lock file names no registry, so it works with any mirror', () => {
  expect(textOf('package-lock.json')).not.toContain('"resolved"');
});
