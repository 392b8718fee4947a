import { OPERATING_SYSTEMS, renderBootstrap, renderFiles } from '../../lib/render';
import { renderCacheConf } from '../../lib/render/cache';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

const plan = planOf({ cache: { host: 'instance' } });

test.each(['debian-13', 'amazon-linux-2023', 'ubuntu-24.04'] as const)('on %s, the files of a cache', (os) => {
  const operatingSystem = OPERATING_SYSTEMS[os];
  const text = renderFiles(bootstrapInput({ operatingSystem, plan }))
    .filter(({ path }) => path.includes('cache.conf') || path.includes(operatingSystem.cache.unit))
    .map((file) => `==> ${file.path}\n${file.text}`)
    .join('\n');
  expectGolden(`cache-${os}.txt`, text);
});

test('each value of the plan stands in its setting', () => {
  const cache = { host: 'instance', maxMemory: 801, maxmemoryPolicy: 'volatile-lru', broker: true, memory: 803 };
  const conf = (appendonly: boolean) =>
    renderCacheConf({ ...cache, appendonly }, OPERATING_SYSTEMS['ubuntu-24.04'].cache);
  expect(conf(true)).toContain('\nmaxmemory 801mb\nmaxmemory-policy volatile-lru\nappendonly yes\n');
  expect(conf(false)).toContain('\nappendonly no\n');
  expect(conf(true)).toContain('\ndir /var/lib/redis\n');
});

test('the server is installed, started when its files are there, and started again when they change', () => {
  const script = renderBootstrap(bootstrapInput({ plan }));
  expect(script).toContain("packages='python3.13 python3.13-pip valkey' ");
  expect(script).toContain('\ncache_unit=valkey\n');
  expect(script).toContain('\nrun cache start_again $cache_unit /etc/plumbline/cache.conf\n');
});

test('a cache elsewhere brings its client, and no server', () => {
  const elsewhere = planOf({ cache: { host: 'elasticache' } });
  const script = renderBootstrap(bootstrapInput({ plan: elsewhere }));
  expect(script).toContain("\ndrivers='redis==8.1.0:redis'\n");
  expect(script).not.toContain('valkey');
});
