import { nginxIncludes, renderNginxConf, type NginxInput } from '../../lib/render';

/** nginx.conf with the files that it includes in its server in their places. */
export function wholeNginxConf(input: NginxInput): string {
  return nginxIncludes(input).reduce(
    (conf, { path, text }) => conf.replace(`include ${path};`, () => text),
    renderNginxConf(input),
  );
}
