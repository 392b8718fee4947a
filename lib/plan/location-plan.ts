/** What is asked of nginx for a path and everything below it. Times in seconds, sizes in MiB. */
export interface LocationInput {
  readonly path: string;
  /** 0 is without a limit. */
  readonly clientMaxBodySize?: number;
  readonly requestTimeout?: number;
  /** Address ranges of the clients that are let in. May hold tokens. */
  readonly allow?: readonly string[];
  /** Whether a name and a password are asked for. */
  readonly basicAuth?: boolean;
}

/** What holds for a path and everything below it: what it says itself, and else what the nearest path above it says. */
export interface LocationPlan {
  /** Without a slash at its end; `/` is everything. */
  readonly path: string;
  /** nginx `client_max_body_size` in MiB; 0 is without a limit, undefined that of all paths. */
  readonly clientMaxBodySize?: number;
  /** The longest that the application may work on one request, in seconds; undefined is that of all paths. */
  readonly requestTimeout?: number;
  /** nginx `allow`; undefined is everybody. */
  readonly allow?: readonly string[];
  /** The path whose names and passwords nginx asks for; undefined asks for none. */
  readonly basicAuth?: string;
}
