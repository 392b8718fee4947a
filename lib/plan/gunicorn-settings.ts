import { nearest } from './nearest';

const words = (text: string) => text.trim().split(/\s+/);

/** Settings of gunicorn 27.0.1 by what their validators take (gunicorn/config.py). */
const SETTINGS = {
  text: words(`
    access_log_format accesslog ca_certs certfile chdir ciphers config control_socket default_proc_name dogstatsd_tags errorlog keyfile
    logconfig logconfig_json logger_class loglevel paste pidfile proc_name protocol pythonpath root_path statsd_host statsd_prefix
    syslog_addr syslog_facility syslog_prefix tmp_upload_dir worker_class worker_tmp_dir wsgi_app
  `),
  number: words(`
    asgi_disconnect_grace_period backlog cert_reqs control_socket_mode dirty_graceful_timeout dirty_threads dirty_timeout dirty_workers
    graceful_timeout http2_max_header_list_size keepalive limit_request_field_size limit_request_fields limit_request_line max_requests
    max_requests_jitter threads timeout umask websocket_max_message_size worker_connections workers
  `),
  boolean: words(`
    capture_output casefold_http_method check_config control_socket_disable daemon disable_redirect_access_to_syslog
    do_handshake_on_connect enable_backlog_metric enable_stdio_inheritance initgroups permit_obsolete_folding
    permit_unconventional_http_method permit_unconventional_http_version preload_app print_config reload reuse_port sendfile spew
    strip_header_spaces suppress_ragged_eofs syslog
  `),
  function: words(`
    child_exit dirty_post_fork dirty_worker_exit dirty_worker_init nworkers_changed on_dirty_starting on_exit on_reload on_starting
    post_fork post_request post_worker_init pre_exec pre_fork pre_request ssl_context when_ready worker_abort worker_exit worker_int
  `),
  other: words(`
    asgi_lifespan asgi_loop bind dirty_apps forwarded_allow_ips forwarder_headers group header_map http2_cleartext
    http2_initial_window_size http2_max_concurrent_streams http2_max_frame_size http_parser http_protocols logconfig_dict
    proxy_allow_ips proxy_protocol raw_env raw_paste_global_conf reload_engine reload_extra_files secure_scheme_headers ssl_version user
    uwsgi_allow_ips
  `),
} as const;

type Kind = keyof typeof SETTINGS;

const KINDS: ReadonlyArray<[Kind, readonly string[]]> = Object.entries(SETTINGS) as Array<[Kind, readonly string[]]>;

/** Why a setting cannot be given, or not with that value; undefined where it can. */
export function settingProblem(name: string, value: unknown): string | undefined {
  const kind = KINDS.find(([, names]) => names.includes(name))?.[0];
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
  switch (kind) {
    case undefined: {
      const meant = nearestSetting(name);
      return `${JSON.stringify(name)} is no setting of gunicorn: ${meant ? `the nearest name is ${meant}` : 'remove it, or see https://docs.gunicorn.org/en/stable/settings.html for its name'}`;
    }
    case 'function':
      return `${name} is a function of Python, which cannot be given here: remove it`;
    case 'text':
      return typeof value === 'string' || value === null ? undefined : `${name} (${shown}) must be a string`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${name} (${shown}) must be true or false`;
    case 'number':
      return Number.isInteger(value) && Number(value) >= 0
        ? undefined
        : `${name} (${shown}) must be a whole number of 0 or more`;
    case 'other':
      return isWritable(value)
        ? undefined
        : `${name} (${shown}) must be a number, a string, a boolean, a list or an object`;
  }
}

/** Whether it is the name of a setting. */
export function isSetting(name: string): boolean {
  return KINDS.some(([, names]) => names.includes(name));
}

/** The setting that was probably meant. */
export function nearestSetting(name: string): string | undefined {
  const names = KINDS.flatMap(([kind, ofKind]) => (kind === 'function' ? [] : ofKind));
  return nearest(name, names);
}

/** Whether a value has a literal in Python. */
function isWritable(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return ['string', 'boolean', 'object'].includes(typeof value);
  return Object.values(value).every(isWritable);
}
