import { DataServices } from './data-services';
import { MACHINE_TYPES } from './machine-types';
import { BOOLEAN, instanceOf, needed, strings, type PropTypes } from './prop-types';
import { PLAN } from './request-path-plan';
import type { WebUserDataProps } from './web-user-data';

export const USER_DATA_TYPES: PropTypes<WebUserDataProps> = {
  ...MACHINE_TYPES,
  plan: PLAN,
  allowedHosts: needed(strings('www.example.com')),
  dataServices: instanceOf(DataServices, `a DataServices: new DataServices(this, 'DataServices', { plan, vpc })`),
  tls: BOOLEAN,
  loadBalancerRanges: strings('10.0.0.0/16'),
};
