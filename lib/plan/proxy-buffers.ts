import { nginxMebibytes } from './seconds';

/** For the headers of an answer: the 32 KiB that an Application Load Balancer lets through, and a page. */
export const PROXY_BUFFER_SIZE = '36k';

/** For its body. */
export const PROXY_BUFFERS = '7 16k';

interface Buffers {
  readonly size: string;
  readonly buffers: string;
  /** How many there are for the body, and of what size, in KiB; NaN is no size. */
  readonly number: number;
  readonly one: number;
  /** The larger of the buffer for the headers and one for the body, in KiB. */
  readonly largest: number;
}

function buffersOf(given: Readonly<Record<string, string>>): Buffers {
  const size = given.proxy_buffer_size ?? PROXY_BUFFER_SIZE;
  const buffers = given.proxy_buffers ?? PROXY_BUFFERS;
  const [number = '', text = ''] = buffers.trim().split(/\s+/);
  const one = kibibytes(text);
  return { size, buffers, number: Number(number), one, largest: Math.max(kibibytes(size), one) };
}

/** The larger of the buffer for the headers and one for the body, in MiB; what is no size is left to nginx. */
export function largestProxyBuffer(given: Readonly<Record<string, string>>): number {
  return (buffersOf(given).largest || 0) / 1024;
}

/**
 * Why nginx would not start with buffers of the user's beside ours: a file takes one at least, what is busy with sending has to hold the largest buffer, and to leave
 * one of those for the body (ngx_http_proxy_module.c, ngx_http_proxy_merge_loc_conf). What is no size is left to nginx.
 */
export function proxyBuffersProblem(given: Readonly<Record<string, string>>): string | undefined {
  const { size, buffers, number, one, largest } = buffersOf(given);
  const { proxy_max_temp_file_size: file = '0', proxy_temp_file_write_size: write = '' } = given;
  if (kibibytes(file) > 0 && kibibytes(file) < largest) {
    return `proxy_max_temp_file_size (${kibibytes(file)} KiB) must be 0, or ${largest} KiB or more: proxy_buffers ${buffers} and proxy_buffer_size ${size}`;
  }
  if (kibibytes(write) < largest) {
    return `proxy_temp_file_write_size (${kibibytes(write)} KiB) must be ${largest} KiB or more: proxy_buffers ${buffers} and proxy_buffer_size ${size}`;
  }
  const busy = given.proxy_busy_buffers_size ? kibibytes(given.proxy_busy_buffers_size) : 2 * largest;
  const left = (number - 1) * one;
  const named = `proxy_buffers ${buffers} and proxy_buffer_size ${size}`;
  if (busy < largest) return `proxy_busy_buffers_size (${busy} KiB) must be ${largest} KiB or more: ${named}`;
  return busy > left
    ? `${named} do not fit: ${busy} KiB may be busy (proxy_busy_buffers_size), and all buffers but one are ${left} KiB: raise proxy_buffers, or give proxy_busy_buffers_size, ${largest}k at least`
    : undefined;
}

const kibibytes = (text: string): number => (nginxMebibytes(text) ?? NaN) * 1024;
