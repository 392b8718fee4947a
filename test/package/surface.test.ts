import * as plumbline from '../../lib';

test('the package exports these classes and enums; one more or less is a decision', () => {
  expect(Object.keys(plumbline).sort()).toEqual([
    'AppServer',
    'Application',
    'ApplicationLoadBalancing',
    'BackgroundWorker',
    'BasicAuth',
    'Cache',
    'DataServices',
    'Database',
    'DatabaseEngine',
    'EnvironmentSecret',
    'LoadBalancerType',
    'Media',
    'NetworkLoadBalancing',
    'OperatingSystem',
    'RequestPathPlan',
    'WebInstance',
    'WebService',
    'WebUserData',
    'WorkerClass',
  ]);
});
