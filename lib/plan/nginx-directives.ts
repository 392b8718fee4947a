import { unquoted } from './directive-value';
import { nearest } from './nearest';

const words = (text: string) => text.trim().split(/\s+/);

/** Directives of the main context that can be given besides those of the plan: they stand before the http block. */
export const MAIN_DIRECTIVES = words(`
  env error_log pcre_jit thread_pool timer_resolution worker_cpu_affinity worker_priority
`);

/** Directives of the main context that the configuration has, and that can be given another value. */
const MAIN_SET = words('worker_processes worker_rlimit_nofile worker_shutdown_timeout worker_connections');

/**
 * Directives that may stand in the http block, from the command tables of nginx 1.31 (`NGX_HTTP_MAIN_CONF` in src), without those of
 * what is never spoken here: FastCGI and its like, TLS, HTTP/2 and 3, WebDAV. nginx 1.22 knows all but nine, which are newer (run).
 */
const HTTP = words(`
  absolute_redirect access_log add_after_body add_before_body add_header add_header_inherit add_trailer add_trailer_inherit addition_types
  aio aio_write allow auth_basic auth_basic_user_file auth_delay auth_request auth_request_set autoindex autoindex_exact_size
  autoindex_format autoindex_localtime charset charset_types chunked_transfer_encoding client_body_buffer_size client_body_early_read
  client_body_in_file_only client_body_in_single_buffer client_body_temp_path client_body_timeout client_header_buffer_size
  client_header_timeout client_max_body_size connection_pool_size default_type deny directio directio_alignment disable_symlinks
  early_hints error_page etag expires gunzip gunzip_buffers gzip gzip_buffers gzip_comp_level gzip_disable gzip_hash gzip_http_version
  gzip_min_length gzip_no_buffer gzip_proxied gzip_static gzip_types gzip_vary gzip_window if_modified_since ignore_invalid_headers index
  keepalive_disable keepalive_min_timeout keepalive_requests keepalive_time keepalive_timeout large_client_header_buffers limit_conn
  limit_conn_dry_run limit_conn_log_level limit_conn_status limit_conn_zone limit_rate limit_rate_after limit_req limit_req_dry_run
  limit_req_log_level limit_req_status limit_req_zone lingering_close lingering_time lingering_timeout log_format log_not_found
  log_subrequest map_hash_bucket_size map_hash_max_size max_headers max_ranges merge_slashes mirror mirror_request_body msie_padding
  msie_refresh open_file_cache open_file_cache_errors open_file_cache_events open_file_cache_min_uses open_file_cache_valid
  open_log_file_cache output_buffers override_charset port_in_redirect postpone_gzipping postpone_output proxy_bind proxy_buffer_size
  proxy_buffering proxy_buffers proxy_busy_buffers_size proxy_cache proxy_cache_background_update proxy_cache_bypass
  proxy_cache_convert_head proxy_cache_key proxy_cache_lock proxy_cache_lock_age proxy_cache_lock_timeout proxy_cache_max_range_offset
  proxy_cache_methods proxy_cache_min_uses proxy_cache_path proxy_cache_revalidate proxy_cache_use_stale proxy_cache_valid
  proxy_connect_timeout proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_force_ranges proxy_headers_hash_bucket_size
  proxy_headers_hash_max_size proxy_hide_header proxy_http_version proxy_ignore_client_abort proxy_ignore_headers proxy_intercept_errors
  proxy_limit_rate proxy_max_temp_file_size proxy_method proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries
  proxy_no_cache proxy_pass_header proxy_pass_request_body proxy_pass_request_headers proxy_pass_trailers proxy_read_timeout
  proxy_redirect proxy_request_buffering proxy_send_lowat proxy_send_timeout proxy_set_body proxy_set_header proxy_socket_keepalive
  proxy_socket_rcvbuf proxy_socket_sndbuf proxy_ssl_certificate proxy_ssl_certificate_cache proxy_ssl_certificate_key proxy_ssl_ciphers
  proxy_ssl_conf_command proxy_ssl_crl proxy_ssl_name proxy_ssl_password_file proxy_ssl_protocols proxy_ssl_server_name
  proxy_ssl_session_reuse proxy_ssl_trusted_certificate proxy_ssl_verify proxy_ssl_verify_depth proxy_store proxy_store_access
  proxy_temp_file_write_size proxy_temp_path read_ahead real_ip_header real_ip_recursive recursive_error_pages request_pool_size
  reset_timedout_connection resolver resolver_timeout rewrite_log root satisfy secure_link secure_link_md5 secure_link_secret send_lowat
  send_timeout sendfile sendfile_max_chunk server_name_in_redirect server_names_hash_bucket_size server_names_hash_max_size server_tokens
  set_real_ip_from slice source_charset ssi ssi_ignore_recycled_buffers ssi_last_modified ssi_min_file_chunk ssi_silent_errors ssi_types
  ssi_value_length sub_filter sub_filter_last_modified sub_filter_once sub_filter_types subrequest_output_buffer_size tcp_nodelay
  tcp_nopush types_hash_bucket_size types_hash_max_size underscores_in_headers uninitialized_variable_warn userid userid_domain
  userid_expires userid_flags userid_mark userid_name userid_p3p userid_path userid_service variables_hash_bucket_size
  variables_hash_max_size
`);

/** Those of them that are `on` or `off` and nothing else (`ngx_conf_set_flag_slot`). */
const FLAGS = words(`
  absolute_redirect aio_write autoindex autoindex_exact_size autoindex_localtime chunked_transfer_encoding client_body_in_single_buffer
  etag gunzip gzip gzip_no_buffer gzip_vary limit_conn_dry_run limit_req_dry_run log_not_found log_subrequest mirror_request_body
  msie_padding msie_refresh open_file_cache_errors open_file_cache_events override_charset pcre_jit port_in_redirect proxy_buffering
  proxy_cache_background_update proxy_cache_convert_head proxy_cache_lock proxy_cache_revalidate proxy_force_ranges
  proxy_pass_request_body proxy_pass_trailers proxy_request_buffering proxy_socket_keepalive proxy_ssl_server_name
  proxy_ssl_session_reuse proxy_ssl_verify reset_timedout_connection rewrite_log sendfile server_name_in_redirect ssi
  ssi_ignore_recycled_buffers ssi_last_modified ssi_silent_errors sub_filter_last_modified sub_filter_once tcp_nodelay tcp_nopush
  uninitialized_variable_warn
`);

/** Those that stand deeper. */
const DEEPER = words(`
  alias break empty_gif flv hash internal ip_hash keepalive least_conn least_time listen proxy_pass random random_index return rewrite
  server_name set sticky stub_status try_files valid_referers zone
`);

const EVENTS = words('accept_mutex accept_mutex_delay debug_connection multi_accept use worker_aio_requests');

const BLOCKS = words('charset_map events geo http if limit_except location map server split_clients types upstream');

const NOT_BELIEVED = 'clients could say which address they have: use trustedProxies, whose ranges are checked';

/**
 * Directives that would hold for a part of what is served alone, or for the load balancer's health check too; that would let a client choose
 * what `locations` look at; and that the unit stands on. And what to do instead.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  allow: "use locations: [{ path: '/', allow: [...] }], which lets the health check in",
  deny: "use locations: [{ path: '/', allow: [...] }], which lets the health check in",
  auth_basic: "use locations: [{ path: '/', basicAuth }], which lets the health check in",
  auth_basic_user_file: "use locations: [{ path: '/', basicAuth }], which lets the health check in",
  auth_request: 'it would ask for the health check too; remove it',
  error_page:
    'answers of 502 and 503 with their Retry-After are made here, and it would hold for some of the rest; remove it',
  set_real_ip_from: NOT_BELIEVED,
  real_ip_header: NOT_BELIEVED,
  real_ip_recursive: NOT_BELIEVED,
  merge_slashes: 'a path with two slashes would pass by what locations say of the same with one; remove it',
  user: 'it is that of the package, whom the files that nginx serves are readable for; remove it',
  pid: 'the unit of nginx waits for the file at its place; remove it',
  recursive_error_pages: 'it has no effect without error_page; remove it',
  proxy_intercept_errors: 'it has no effect without error_page; remove it',
};

const KNOWN = [...MAIN_DIRECTIVES, ...MAIN_SET, ...HTTP];

/** Why a directive cannot stand where overrides do, or not with that value; undefined where it can. */
export function directiveProblem(name: string, value: string): string | undefined {
  if (Object.hasOwn(ELSEWHERE, name)) return `cannot be given here: ${ELSEWHERE[name]}`;
  if (FLAGS.includes(name) && !/^(on|off)$/i.test(unquoted(value.trim()))) {
    return `is ${JSON.stringify(value)} and must be on or off`;
  }
  if (KNOWN.includes(name)) return undefined;
  if (DEEPER.includes(name)) {
    return 'belongs to a server, a location or an upstream, and what is given here stands in the http block: remove it';
  }
  if (EVENTS.includes(name)) {
    return 'belongs to the events block, of which only worker_connections can be given here: remove it';
  }
  if (BLOCKS.includes(name)) return 'is a block, and only directives with a value can be given here: remove it';
  const meant = nearestDirective(name);
  return `is no directive of nginx that has an effect here: ${meant ? `the nearest name is ${meant}` : 'remove it, or see https://nginx.org/en/docs/dirindex.html for its name'}`;
}

/** The directive that was probably meant. */
export function nearestDirective(name: string): string | undefined {
  return nearest(name, KNOWN);
}
