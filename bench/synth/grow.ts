/** CPU time of one web service among 10 and among 50 of one stack. usage: npx tsx bench/synth/grow.ts [ROUNDS] */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Application, WebService } from '../../lib';

/** Linear growth is 1, quadratic 5. */
const MAX_RATIO = 1.25;
const FEW = 10;
const MANY = 50;

// CDK's rules are a cost of their own, and not ours.
process.env.CDK_VALIDATION = 'false';

function millisecondsOfEach(services: number): number {
  const outdir = mkdtempSync(join(tmpdir(), 'plumbline-grow-'));
  const start = process.cpuUsage();
  // 50 services are more resources than one stack may deploy; only the time is of interest.
  const app = new App({ outdir, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
  const stack = new Stack(app, 'Many');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
  for (let number = 0; number < services; number++) {
    new WebService(stack, `Site${number}`, { vpc, application: Application.sample() });
  }
  app.synth();
  const { user, system } = process.cpuUsage(start);
  rmSync(outdir, { recursive: true });
  return (user + system) / 1000 / services;
}

const rounds = Number(process.argv[2] ?? 7);
// The first stacks are compiled while they run.
millisecondsOfEach(MANY);
const measured = Array.from({ length: rounds }, () => ({
  few: millisecondsOfEach(FEW),
  many: millisecondsOfEach(MANY),
}));
for (const { few, many } of measured) {
  console.log(
    `each of ${FEW}: ${few.toFixed(1)} ms   each of ${MANY}: ${many.toFixed(1)} ms   ratio ${(many / few).toFixed(2)}`,
  );
}
const median = measured.map(({ few, many }) => many / few).sort((a, b) => a - b)[Math.floor(rounds / 2)]!;
console.log(`median ratio ${median.toFixed(2)}, at most ${MAX_RATIO}`);
process.exitCode = median <= MAX_RATIO ? 0 : 1;
