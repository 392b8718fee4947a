import { OPERATING_SYSTEMS, renderNginxConf, type NginxInput } from '../../lib/render';
import { refusalsOfFiles } from '../../lib/render/refusals';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

const CDN = {
  trustedProxies: ['10.0.0.0/16', '203.0.113.0/24', '2001:db8:1::/48'],
  beforeLoadBalancer: ['203.0.113.0/24', '2001:db8:1::/48'],
  schemeHeader: 'CloudFront-Forwarded-Proto',
};

const conf = (overrides: Partial<NginxInput> = {}) =>
  renderNginxConf({
    plan: planOf(),
    operatingSystem: OPERATING_SYSTEMS['debian-13'],
    allowedHosts: ['example.com'],
    healthCheckPath: '/health',
    trustedProxies: ['10.0.0.0/16'],
    ...overrides,
  });

/** What a CDN before the load balancer adds to nginx.conf, and takes away. */
function difference(plan: NginxInput['plan'], cdn: Partial<NginxInput>): string {
  const without = conf({ plan }).split('\n');
  const lines = conf({ plan, ...cdn }).split('\n');
  return [
    ...without.filter((line) => !lines.includes(line)).map((line) => `- ${line}`),
    ...lines.filter((line) => !without.includes(line)).map((line) => `+ ${line}`),
    '',
  ].join('\n');
}

test('a CDN before an Application Load Balancer', () => {
  expectGolden('nginx-cdn.diff', difference(planOf(), CDN));
});

test('a CDN before a Network Load Balancer', () => {
  expectGolden('nginx-cdn-network.diff', difference(planOf({ loadBalancer: 'network' }), CDN));
});

test('a CDN that does not say the scheme changes nothing in how it is known', () => {
  expect(difference(planOf(), { ...CDN, schemeHeader: undefined })).not.toContain('scheme');
});

test('a header that says the scheme goes on to the application with what nginx knows', () => {
  const headers = (schemeHeader: string) =>
    conf({ plan: planOf({ loadBalancer: 'network' }), ...CDN, schemeHeader }).match(
      new RegExp(`proxy_set_header ${schemeHeader} .*`, 'gi'),
    );
  expect(headers('CloudFront-Forwarded-Proto')).toEqual([
    'proxy_set_header CloudFront-Forwarded-Proto $forwarded_proto; # trustedSchemeHeader',
  ]);
  // one of those that are taken away otherwise, and one that is set anyway
  expect(headers('X-Scheme')).toEqual(['proxy_set_header X-Scheme $forwarded_proto; # trustedSchemeHeader']);
  expect(headers('X-Forwarded-Proto')).toEqual(['proxy_set_header X-Forwarded-Proto $forwarded_proto;']);
});

describe('fails', () => {
  const refused = (input: Partial<Parameters<typeof refusalsOfFiles>[0]>) =>
    refusalsOfFiles(bootstrapInput({ ...CDN, ...input }));

  test('where everybody is a trusted proxy', () => {
    const everybody = (range: string) =>
      `trustedProxies "${range}" is everybody, who could then name any address as the client's: give the addresses of the proxies`;
    expect(refused({ trustedProxies: ['0.0.0.0/0', '::/0', '10.0.0.0/00'] })).toEqual(
      ['0.0.0.0/0', '::/0', '10.0.0.0/00'].map(everybody),
    );
  });

  test.each(['', 'X Scheme', 'x_scheme', '1', 'X-Scheme:', '$host'])(
    'where %j is the header with the scheme',
    (schemeHeader) => {
      expect(refused({ schemeHeader })).toEqual([
        `trustedSchemeHeader ${JSON.stringify(schemeHeader)} must be the name of a header of letters, digits and hyphens, for example CloudFront-Forwarded-Proto`,
      ]);
    },
  );

  test.each(['X-Forwarded-Proto', 'host', 'X-Real-IP', 'Content-Length'])(
    'where %s, which others write, says the scheme',
    (schemeHeader) => {
      expect(refused({ schemeHeader })).toEqual([
        `trustedSchemeHeader "${schemeHeader}" is written by the load balancer or nginx, whatever a proxy says in it: give another header`,
      ]);
    },
  );

  test('where a header of nginx says the scheme behind a Network Load Balancer, which writes none', () => {
    const plan = planOf({ loadBalancer: 'network' });
    expect(refused({ plan, schemeHeader: 'X-Forwarded-Proto' })).toEqual([]);
    expect(refused({ plan, schemeHeader: 'X-Forwarded-Host' })).toEqual([
      'trustedSchemeHeader "X-Forwarded-Host" is written by nginx, whatever a proxy says in it: give another header',
    ]);
  });

  test('where a header says the scheme and nobody is believed', () => {
    expect(refused({ beforeLoadBalancer: undefined })).toEqual([
      'trustedSchemeHeader "CloudFront-Forwarded-Proto" is believed from trustedProxies alone, and there are none: give the address ranges of the CDN',
    ]);
  });
});
