/** Where the load balancer asks whether a machine serves. */
export interface HealthCheckProps {
  /**
   * A path that the application itself answers with 200 when it can serve; `/` is one too. A busy application stays in service either way.
   * Only health checks of the load balancer are treated as such: clients that ask for the same path get what the application answers.
   *
   * @default - `/health`, answered inside every worker for the application
   */
  readonly healthCheckPath?: string;
}

/** The path where none is given: answered inside the workers. */
export const DEFAULT_HEALTH_CHECK_PATH = '/health';
