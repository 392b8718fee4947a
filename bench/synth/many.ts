/** Synthesizes one stack with as many web services as asked for. usage: npx tsx bench/synth/many.ts SERVICES */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Application, WebService } from '../../lib';

// Validation by rules is measured in the comparison; here it would hide what the constructs cost.
process.env.CDK_VALIDATION = 'false';

const services = Number(process.argv[2]);
const outdir = mkdtempSync(join(tmpdir(), 'plumbline-many-'));
// 50 services are more resources than one stack may deploy; only the time is of interest.
const app = new App({ outdir, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
const stack = new Stack(app, 'Many');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
for (let number = 0; number < services; number++) {
  new WebService(stack, `Site${number}`, { vpc, application: Application.sample() });
}
app.synth();
rmSync(outdir, { recursive: true });
