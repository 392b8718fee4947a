import fc from 'fast-check';
import { planTimeouts } from '../../lib/plan/timeout-plan';

/** Requests of whole and broken seconds. */
const request = fc.double({ min: 5, max: 3000, noNaN: true });
const queue = fc.double({ min: 0.5, max: 10, noNaN: true });

test('behind an Application Load Balancer every hop is a stated time longer than the one within', () => {
  fc.assert(
    fc.property(request, queue, (requestTimeout, queueTimeout) => {
      const plan = planTimeouts({}, requestTimeout, queueTimeout, 'application');
      // to the millisecond
      expect(Math.abs(plan.statementTimeout - (requestTimeout - 3))).toBeLessThanOrEqual(0.0005001);
      expect(plan.statementTimeout).toBe(Number(plan.statementTimeout.toFixed(3)));
      expect(plan.timeout).toBe(Math.ceil(requestTimeout) + 2);
      expect(plan.gracefulTimeout).toBe(plan.timeout + 2);
      expect(plan.timeoutStopSec).toBe(plan.gracefulTimeout + 5);
      expect(plan.proxyReadTimeout).toBe(plan.timeout + 2 + Math.ceil(queueTimeout));
      expect(plan.sendTimeout).toBe(plan.proxyReadTimeout + 5);
      expect(plan.idleTimeout).toBe(plan.proxyReadTimeout + 5);
      expect(plan.deregistrationDelay).toBe(plan.proxyReadTimeout + 5);
      expect(plan.keepaliveTimeout).toBe(plan.idleTimeout + 15);
      expect(plan.nginxTimeoutStopSec).toBe(plan.workerShutdownTimeout + 5);
    }),
  );
});

test('everything but the statement timeout is in whole seconds: neither gunicorn nor Elastic Load Balancing takes others', () => {
  fc.assert(
    fc.property(request, queue, fc.constantFrom('application', 'network'), (requestTimeout, queueTimeout, kind) => {
      const broken = Object.entries(planTimeouts({}, requestTimeout, queueTimeout, kind))
        .filter(([name, value]) => name !== 'statementTimeout' && !Number.isInteger(value))
        .map(([name]) => name);
      expect(broken).toEqual([]);
    }),
  );
});

test('a Network Load Balancer forgets flows later than nginx, and not before its own default', () => {
  for (const requestTimeout of [60, 339, 340, 600]) {
    const { proxyReadTimeout, idleTimeout } = planTimeouts({}, requestTimeout, 2, 'network');
    expect(idleTimeout).toBe(Math.max(350, proxyReadTimeout + 5));
  }
});

test.each([
  [70, 71],
  [71, 71],
  [72, 72],
])('a stated idle timeout of %i s of an ALB stands, and the keep-alives follow %i s', (stated, followed) => {
  const plan = planTimeouts({ loadBalancerIdleTimeout: stated }, 60, 2, 'application');
  expect(plan.idleTimeout).toBe(stated);
  expect(plan.keepaliveTimeout).toBe(followed + 15);
});

test('a stated idle timeout of an NLB stands, and nothing follows it', () => {
  const derived = planTimeouts({}, 60, 2, 'network');
  expect(planTimeouts({ loadBalancerIdleTimeout: 500 }, 60, 2, 'network')).toEqual({ ...derived, idleTimeout: 500 });
});

test('what does not follow from a request is fixed', () => {
  for (const requestTimeout of [5, 3000]) {
    expect(planTimeouts({}, requestTimeout, 1, 'application')).toMatchObject({
      timeoutStartSec: 300,
      clientBodyTimeout: 60,
    });
  }
});
