/**
 * Prints nginx.conf and gunicorn.conf.py as the library renders them, as JSON.
 *
 *     npx tsx bench/overload/rendered.ts '{"instanceType": "t3.small"}'
 */
import { join } from 'node:path';
import { planRequestPath, type PlanInput } from '../../lib/plan';
import { OPERATING_SYSTEMS, renderGunicornConf } from '../../lib/render';
import { wholeNginxConf } from '../../test/support/whole-nginx';

const { plan, violations } = planRequestPath(JSON.parse(process.argv[2] ?? '{}') as PlanInput);
if (violations.some(({ severity }) => severity === 'error')) {
  throw new Error(violations.map(({ message }) => message).join('\n'));
}
const healthCheckPath = '/health';
console.log(
  JSON.stringify({
    nginx: wholeNginxConf({
      plan,
      operatingSystem: OPERATING_SYSTEMS['debian-13'],
      allowedHosts: ['bench.test'],
      healthCheckPath,
      trustedProxies: [],
    }).replace('/etc/nginx/plumbline_types.conf', join(__dirname, '../../runtime/plumbline_types.conf')),
    gunicorn: renderGunicornConf({ plan, wsgi: 'app:application', answerHealth: true }),
    slots: plan.appServer.slots,
  }),
);
