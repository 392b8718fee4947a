import { DataServices } from './data-services';
import { MACHINE_TYPES, type MachineProps } from './machine-props';
import { BOOLEAN, instanceOf, needed, strings, type PropTypes } from './prop-types';
import { PLAN, type RequestPathPlan } from './request-path-plan';

/** Props of `WebUserData.forPlan`. */
export interface WebUserDataProps extends MachineProps {
  /**
   * Address ranges that the load balancer speaks from, which are its VPC's: there it is believed about who asks.
   *
   * @default - the private ranges of RFC 1918
   */
  readonly loadBalancerRanges?: string[];

  /** The numbers. */
  readonly plan: RequestPathPlan;

  /**
   * Host names that the application answers to. The health check carries the first.
   */
  readonly allowedHosts: string[];

  /**
   * The database and the cache of the plan.
   *
   * @default - made here, where they need no VPC
   */
  readonly dataServices?: DataServices;

  /**
   * Whether a Network Load Balancer ends TLS: nginx cannot see it.
   *
   * @default false
   */
  readonly tls?: boolean;
}

export const USER_DATA_TYPES: PropTypes<WebUserDataProps> = {
  ...MACHINE_TYPES,
  plan: PLAN,
  allowedHosts: needed(strings('www.example.com')),
  dataServices: instanceOf(DataServices, `a DataServices: new DataServices(this, 'DataServices', { plan, vpc })`),
  tls: BOOLEAN,
  loadBalancerRanges: strings('10.0.0.0/16'),
};
