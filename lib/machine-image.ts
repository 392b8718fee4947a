import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { OperatingSystem } from './operating-system';

/** What is known of an image, by what it is found by: an SSM parameter of its vendor, or the name of a lookup. */
interface ImageFacts {
  /** As `OperatingSystem` names it, or one that is not among these. */
  readonly operatingSystem?: string;
  readonly architecture?: string;
  readonly foundBy: string;
}

/** Parameters are the vendors' own below this path; whoever made another one may have put anything into it. */
const VENDORS = '/aws/service/';

/** Names of images, as their vendors give them. Others are somebody's own, and say nothing for certain. */
const NAMES =
  /^(ubuntu\/images|ubuntu-minimal\/images|debian-\d|al2023-ami|amzn2-ami|amzn-ami|windows_server|rhel-|suse-)/i;

const UBUNTU_CODENAMES: Readonly<Record<string, string>> = {
  focal: '20.04',
  jammy: '22.04',
  noble: '24.04',
  resolute: '26.04',
};
const DEBIAN_CODENAMES: Readonly<Record<string, string>> = { bullseye: '11', bookworm: '12', trixie: '13' };

/** Why a machine would not start with an image, as far as the image says what it is. */
export function imageProblems(
  image: ec2.IMachineImage | undefined,
  {
    operatingSystem,
    architecture,
    instanceType,
  }: { operatingSystem: string; architecture: string; instanceType: string },
): string[] {
  const facts = image && factsOf(image);
  if (!facts) return [];
  const found = facts.foundBy === '' ? '' : ` (${facts.foundBy})`;
  const problems: string[] = [];
  if (facts.operatingSystem !== undefined && facts.operatingSystem !== operatingSystem) {
    problems.push(
      `machineImage${found} has ${facts.operatingSystem}, and operatingSystem is ${operatingSystem}: leave out machineImage, or give an image of ${operatingSystem}${isOurs(facts.operatingSystem) ? ', or the operatingSystem that the image has' : ''}`,
    );
  }
  if (facts.architecture !== undefined && facts.architecture !== architecture) {
    problems.push(
      `machineImage${found} is for ${facts.architecture}, and instanceType ${instanceType} is ${architecture}: leave out machineImage, or give an image for ${architecture}, or an instanceType that is ${facts.architecture}`,
    );
  }
  return problems;
}

/** What images keep of their props. */
type Known = ec2.LookupMachineImageProps & { readonly parameterName: string };

const isOurs = (name: string) => OperatingSystem.all().some((one) => one.name === name);

function factsOf(image: ec2.IMachineImage): ImageFacts | undefined {
  if (image instanceof ec2.GenericWindowsImage) return { operatingSystem: 'windows', foundBy: '' };
  // members that are not public, and nothing else tells before the CLI has asked
  const { props, ...members } = image as { parameterName?: unknown; props?: Partial<Known> };
  const parameterName = members.parameterName ?? props?.parameterName;
  if (typeof parameterName === 'string') {
    if (Token.isUnresolved(parameterName) || !parameterName.startsWith(VENDORS)) return undefined;
    return { ...operatingSystemAndArchitecture(parameterName), foundBy: parameterName };
  }
  if (!(image instanceof ec2.LookupMachineImage) || props?.name === undefined) return undefined;
  const { name, windows, filters = {} } = props;
  const said = NAMES.test(name) ? operatingSystemAndArchitecture(name) : {};
  const [architecture, ...others] = filters.architecture ?? [];
  return {
    operatingSystem: windows || filters.platform?.includes('windows') ? 'windows' : said.operatingSystem,
    architecture: architecture !== undefined && others.length === 0 ? architecture : said.architecture,
    foundBy: name,
  };
}

/** What the path of a parameter or the name of an image says. */
function operatingSystemAndArchitecture(text: string): Omit<ImageFacts, 'foundBy'> {
  const words = text.toLowerCase();
  const arm = /arm64|aarch64/.test(words);
  const intel = /x86_64|amd64/.test(words);
  return {
    operatingSystem: operatingSystemIn(words),
    architecture: arm && !intel ? 'arm64' : intel && !arm ? 'x86_64' : undefined,
  };
}

function operatingSystemIn(words: string): string | undefined {
  if (words.includes('windows')) return 'windows';
  if (/al2023|amazon-linux-2023/.test(words)) return 'amazon-linux-2023';
  if (words.includes('al2022')) return 'amazon-linux-2022';
  if (/amzn2|amazon-linux-2\b/.test(words)) return 'amazon-linux-2';
  if (words.includes('amzn-ami')) return 'amazon-linux-1';
  if (words.includes('ubuntu'))
    return versioned('ubuntu', /\b(\d\d\.\d\d)\b/.exec(words)?.[1], UBUNTU_CODENAMES, words);
  // /aws/service/debian/release/13/latest/amd64, debian-13-amd64-20251006-2257
  if (words.includes('debian')) {
    return versioned('debian', /debian(?:\/\w+)?[-/](\d+)\b/.exec(words)?.[1], DEBIAN_CODENAMES, words);
  }
  return /bottlerocket|rhel|suse/.exec(words)?.[0];
}

function versioned(
  name: string,
  version: string | undefined,
  codenames: Readonly<Record<string, string>>,
  words: string,
): string | undefined {
  const [, byName] = Object.entries(codenames).find(([codename]) => words.includes(codename)) ?? [];
  const found = version ?? byName;
  return found === undefined ? undefined : `${name}-${found}`;
}
