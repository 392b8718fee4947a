import { lines } from './text';

/** SHA-256 of nothing, which is the body of a GET. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Functions that call AWS with what every operating system ships, kept in /usr/local/lib/plumbline/aws.sh. These forms
 * of curl sign right in 7.88 to 8.17: forms and JSON by POST, S3 with the hash of the empty body. No credential is in
 * any argument.
 */
export function renderAws(region: string, urlSuffix: string): string {
  return lines(
    `region='${region}' suffix='${urlSuffix}'`,
    'imds() {',
    '  local md=http://169.254.169.254/latest try=(curl -sSf --retry 3 --retry-all-errors --max-time 3) token',
    '  token=$("${try[@]}" -X PUT -H \'X-aws-ec2-metadata-token-ttl-seconds: 300\' $md/api/token) || return',
    '  "${try[@]}" -H "X-aws-ec2-metadata-token: $token" "$md/$1"',
    '}',
    'credentials() {',
    '  local roles=meta-data/iam/security-credentials/ role json',
    '  role=$(imds $roles) && json=$(imds "$roles$role") || return',
    '  field() { sed -En "s/.*\\"$1\\" ?: ?\\"([^\\"]*)\\".*/\\1/p" <<<"$json"; }',
    `  printf 'user = "%s:%s"\\nheader = "x-amz-security-token: %s"\\n' "$(field AccessKeyId)" "$(field SecretAccessKey)" "$(field Token)"`,
    '}',
    'aws() { # service, arguments of curl',
    '  local config',
    '  config=$(credentials) || return',
    '  curl -sS --fail-with-body --retry 2 --connect-timeout 5 --speed-time 30 -K - --aws-sigv4 "aws:amz:$region:$1" "${@:2}" <<<"$config"',
    '}',
    's3() { # file, bucket, key',
    `  aws s3 -H 'x-amz-content-sha256: ${EMPTY}' -o "$1" "https://$2.s3.$region.$suffix/$3" || {`,
    '    sed "s/<[^>]*>/ /g" "$1"',
    '    return 1',
    '  }',
    '}',
  );
}
