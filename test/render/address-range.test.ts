import { isAddressRange } from '../../lib/render/address-range';

test.each([
  '10.0.0.0/8',
  '0.0.0.0/0',
  '192.0.2.255',
  '255.255.255.255/32',
  '2001:db8::/32',
  '::1',
  '::',
  '1:2:3:4:5:6:7:8/128',
])('%s is one', (text) => expect(isAddressRange(text)).toBe(true));

test.each([
  '',
  '10.0.0/8',
  '10.0.0.256',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '1:2:3:4:5:6:7',
  '1::2::3',
  '1:2:3:4:5:6:7::8',
  '::1/129',
  'g::1',
  'example.com',
])('%j is none', (text) => expect(isAddressRange(text)).toBe(false));
