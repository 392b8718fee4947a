/**
 * Prints nginx.conf as the library renders it, what it includes in its place.
 *
 *     npx tsx test/support/rendered-nginx.ts '{"plan": {"loadBalancer": "network"}, "trustedProxies": ["10.0.0.0/16"]}'
 */
import type { PlanInput } from '../../lib/plan';
import { OPERATING_SYSTEMS, type NginxInput } from '../../lib/render';
import { planOf } from './plan';
import { wholeNginxConf } from './whole-nginx';

const { plan, ...rest } = JSON.parse(process.argv[2] ?? '{}') as Partial<Omit<NginxInput, 'plan'>> & {
  plan?: Partial<PlanInput>;
};
const input: NginxInput = {
  plan: planOf(plan),
  operatingSystem: OPERATING_SYSTEMS['debian-13'],
  allowedHosts: ['site.example'],
  healthCheckPath: '/health',
  trustedProxies: [],
  ...rest,
};
process.stdout.write(wholeNginxConf(input));
