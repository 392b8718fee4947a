/**
 * Prints gunicorn.conf.py and the environment that gunicorn.service sets, as the library renders them, as JSON.
 *
 *     npx tsx bench/memory/rendered.ts '{"workerClass": "sync", "workers": 3, "preloadApp": true}' module:attribute
 */
import { planRequestPath, type PlanInput } from '../../lib/plan';
import { renderGunicornConf, renderGunicornService } from '../../lib/render';

const input = JSON.parse(process.argv[2]!) as Partial<PlanInput>;
// Large enough that no number of workers breaks a rule.
const { plan } = planRequestPath({ instanceType: 't3.2xlarge', ...input });
const environment = [...renderGunicornService(plan, { units: [], secrets: false }).matchAll(/^Environment=(.*)$/gm)]
  .flatMap(([, assignments]) => assignments!.split(' '))
  .map((assignment) => assignment.split('='));
console.log(
  JSON.stringify({
    conf: renderGunicornConf({ plan, wsgi: process.argv[3]!, answerHealth: true }),
    environment: Object.fromEntries(environment) as Record<string, string>,
    slots: plan.appServer.slots,
  }),
);
