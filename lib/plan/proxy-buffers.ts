import { nginxMebibytes } from './seconds';

/** For the headers of an answer: the 32 KiB that an Application Load Balancer lets through, and a page. */
export const PROXY_BUFFER_SIZE = '36k';

/** For its body. */
export const PROXY_BUFFERS = '7 16k';

/**
 * Why nginx would not start with buffers of the user's beside ours: what is busy with sending has to hold the largest buffer, and to leave
 * one of those for the body (ngx_http_proxy_module.c, ngx_http_proxy_merge_loc_conf). What is no size is left to nginx.
 */
export function proxyBuffersProblem(given: Readonly<Record<string, string>>): string | undefined {
  const size = given.proxy_buffer_size ?? PROXY_BUFFER_SIZE;
  const buffers = given.proxy_buffers ?? PROXY_BUFFERS;
  const [number = '', one = ''] = buffers.trim().split(/\s+/);
  const [first, other] = [kibibytes(size), kibibytes(one)];
  const largest = Math.max(first, other);
  const busy = given.proxy_busy_buffers_size ? kibibytes(given.proxy_busy_buffers_size) : 2 * largest;
  const left = (Number(number) - 1) * other;
  const named = `proxy_buffers ${buffers} and proxy_buffer_size ${size}`;
  if (busy < largest) return `proxy_busy_buffers_size (${busy} KiB) must be ${largest} KiB or more: ${named}`;
  return busy > left
    ? `${named} do not fit: ${busy} KiB may be busy (proxy_busy_buffers_size), and all buffers but one are ${left} KiB: raise proxy_buffers, or give proxy_busy_buffers_size, ${largest}k at least`
    : undefined;
}

const kibibytes = (text: string): number => (nginxMebibytes(text) ?? NaN) * 1024;
