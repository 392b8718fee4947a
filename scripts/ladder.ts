/**
 * Draws the ladder of the README, docs/ladder.svg, from the plan of a t3.small with requests of 300 seconds.
 *
 *     npx tsx scripts/ladder.ts > docs/ladder.svg
 */
import { planRequestPath, type Plan } from '../lib/plan';

interface Rung {
  readonly hop: string;
  readonly setting: string;
  readonly seconds: number;
}

interface Part {
  readonly title: string;
  readonly colour: string;
  readonly rungs: readonly Rung[];
}

const WIDTH = 860;
const LABELS = 318;
const ROW = 26;
const SCALE = { from: 292, to: 330 };

const rung = (hop: string, setting: string, seconds: number): Rung => ({ hop, setting, seconds });

function parts({ statementTimeout, requestTimeout, appServer, nginx, loadBalancer }: Plan): Part[] {
  return [
    {
      title: 'A request: the innermost hop ends first, so the hop that knows most reports',
      colour: '#1f77b4',
      rungs: [
        rung('database', 'statement timeout', statementTimeout),
        rung('request guard', 'deadline = requestTimeout', requestTimeout),
        rung('gunicorn', 'timeout', appServer.timeout),
        rung('nginx', 'proxy_read_timeout', nginx.proxyReadTimeout),
        rung('ALB', 'idle_timeout', loadBalancer.idleTimeout),
      ],
    },
    {
      title: 'An idle connection: whoever sends requests gives it up first',
      colour: '#2ca02c',
      rungs: [
        rung('ALB', 'idle_timeout', loadBalancer.idleTimeout),
        rung('nginx', 'client_header_timeout', nginx.clientHeaderTimeout),
        rung('nginx', 'keepalive_min_timeout', nginx.keepaliveMinTimeout),
        rung('nginx', 'keepalive_timeout', nginx.keepaliveTimeout),
      ],
    },
    {
      title: 'A stop: whoever feeds outlasts whoever works',
      colour: '#d62728',
      rungs: [
        rung('gunicorn', 'graceful_timeout', appServer.gracefulTimeout),
        rung('gunicorn.service', 'TimeoutStopSec', appServer.timeoutStopSec),
        rung('target group', 'deregistration_delay', loadBalancer.deregistrationDelay),
        rung('nginx', 'worker_shutdown_timeout', nginx.workerShutdownTimeout),
        rung('nginx.service', 'TimeoutStopSec', nginx.timeoutStopSec),
      ],
    },
  ];
}

const position = (seconds: number) =>
  LABELS + ((seconds - SCALE.from) / (SCALE.to - SCALE.from)) * (WIDTH - LABELS - 60);

export function drawLadder(plan: Plan): string {
  const text: string[] = [];
  const request = Math.round(position(plan.requestTimeout));
  let y = 34;
  for (const part of parts(plan)) {
    text.push(`<text x="16" y="${y}" class="title">${part.title}</text>`);
    y += 12;
    const top = y;
    for (const { hop, setting, seconds } of part.rungs) {
      const end = Math.round(position(seconds));
      text.push(
        `<text x="16" y="${y + 17}"><tspan class="hop">${hop}</tspan> <tspan class="setting">${setting}</tspan></text>`,
        `<rect x="${LABELS}" y="${y + 4}" width="${end - LABELS}" height="16" rx="2" fill="${part.colour}"/>`,
        `<path d="M${LABELS + 10} ${y + 2} l-4 20 M${LABELS + 15} ${y + 2} l-4 20" stroke="#fff" stroke-width="2"/>`,
        `<text x="${end + 8}" y="${y + 17}" class="value">${seconds} s</text>`,
      );
      y += ROW;
    }
    text.push(`<path d="M${request} ${top} V${y + 2}" stroke="#24292f" stroke-dasharray="3 3"/>`);
    y += 30;
  }
  const height = y;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Every timeout of the request path for requestTimeout ${plan.requestTimeout} s on ${plan.instance.instanceType}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.hop{fill:#57606a}.setting,.value{font-family:ui-monospace,monospace;font-size:12.5px}</style>',
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="#fff"/>`,
    ...text,
    `<text x="${request}" y="${height - 16}" text-anchor="middle">requestTimeout = ${plan.requestTimeout} s</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/** The plan of the picture. */
export const LADDER_PLAN = planRequestPath({ instanceType: 't3.small', requestTimeout: 300 }).plan;

if (require.main === module) process.stdout.write(drawLadder(LADDER_PLAN));
