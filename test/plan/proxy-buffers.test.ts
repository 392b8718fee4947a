import { proxyBuffersProblem } from '../../lib/plan/proxy-buffers';

// nginx 1.22.1 starts with the first of each pair, and not with the second
test.each<[Record<string, string>, Record<string, string>]>([
  [{}, { proxy_buffers: '8 8k' }],
  [{ proxy_buffers: '10 8k' }, { proxy_buffers: '9 8k', proxy_busy_buffers_size: '65k' }],
  [
    { proxy_buffers: '8 8k', proxy_busy_buffers_size: '36k' },
    { proxy_buffers: '8 8k', proxy_busy_buffers_size: '35k' },
  ],
  [{ proxy_buffer_size: '48k' }, { proxy_buffer_size: '49k' }],
  [
    { proxy_buffer_size: '16k', proxy_buffers: '8 8k' },
    { proxy_buffer_size: '16k', proxy_buffers: '4 8k' },
  ],
  [{ proxy_buffers: '3 64k' }, { proxy_buffers: '2 64k' }],
  [{ proxy_busy_buffers_size: '96k' }, { proxy_busy_buffers_size: '97k' }],
])('buffers are refused where nginx would not start: %j may be, %j may not', (fits, fails) => {
  expect(proxyBuffersProblem(fits)).toBeUndefined();
  expect(proxyBuffersProblem(fails)).toContain('proxy_buffer_size');
});

test('the message has both sizes and what to change', () => {
  expect(proxyBuffersProblem({ proxy_buffers: '8 8k' })).toBe(
    'proxy_buffers 8 8k and proxy_buffer_size 36k do not fit: 72 KiB may be busy (proxy_busy_buffers_size), and all buffers but one are 56 KiB: raise proxy_buffers, or give proxy_busy_buffers_size, 36k at least',
  );
  expect(proxyBuffersProblem({ proxy_busy_buffers_size: '8k' })).toBe(
    'proxy_busy_buffers_size (8 KiB) must be 36 KiB or more: proxy_buffers 7 16k and proxy_buffer_size 36k',
  );
});

test('what is no size is left to nginx', () => {
  expect(proxyBuffersProblem({ proxy_buffers: 'many' })).toBeUndefined();
});

// nginx 1.22.1 starts with the first of each pair, and not with the second
test.each<[Record<string, string>, Record<string, string>, string]>([
  [
    { proxy_max_temp_file_size: '36k' },
    { proxy_max_temp_file_size: '35k' },
    'proxy_max_temp_file_size (35 KiB) must be 0, or 36 KiB or more: proxy_buffers 7 16k and proxy_buffer_size 36k',
  ],
  [
    { proxy_max_temp_file_size: '0', proxy_buffers: '4 64k' },
    { proxy_max_temp_file_size: '63k', proxy_buffers: '4 64k' },
    'proxy_max_temp_file_size (63 KiB) must be 0, or 64 KiB or more: proxy_buffers 4 64k and proxy_buffer_size 36k',
  ],
  [
    { proxy_temp_file_write_size: '36k' },
    { proxy_temp_file_write_size: '35k' },
    'proxy_temp_file_write_size (35 KiB) must be 36 KiB or more: proxy_buffers 7 16k and proxy_buffer_size 36k',
  ],
])('files are refused where nginx would not start: %j may be, %j may not', (fits, fails, message) => {
  expect(proxyBuffersProblem(fits)).toBeUndefined();
  expect(proxyBuffersProblem(fails)).toBe(message);
});
