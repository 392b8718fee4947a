#!/bin/bash
# Makes a machine with Amazon Linux 2023 serve sample.wsgi:application.
set -euo pipefail
umask 022
export HOME=/root TMPDIR=/var/tmp
# The logs are on a tmpfs, so that a full disk is told too.
step=start lib=/usr/local/lib/plumbline logs=/run/plumbline-bootstrap downloads=/var/lib/plumbline/downloads
# What commands of the application say, and what it is made of, is nobody else's business.
mkdir -p $lib
install -d -m 700 $logs $downloads
package_manager=dnf packages='python3.13 python3.13-pip' python=python3.13
gunicorn='gunicorn==27.0.1' wsgi=sample.wsgi:application settings_module=''
health_path=/health answer_health=true host='${Token[DNSName...........................................................]}'
instance_metadata=true
# memory.swap, disk, appServer
swap=2048 uploads=1393 responses=2791 backlog=4096 start_timeout=300

region='ap-northeast-1' suffix='amazonaws.com'
imds() {
  local md=http://169.254.169.254/latest try=(curl -sSf --retry 3 --retry-all-errors --max-time 3) token
  token=$("${try[@]}" -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' $md/api/token) || return
  "${try[@]}" -H "X-aws-ec2-metadata-token: $token" "$md/$1"
}
credentials() {
  local roles=meta-data/iam/security-credentials/ role json
  role=$(imds $roles) && json=$(imds "$roles$role") || return
  field() { sed -En "s/.*\"$1\" ?: ?\"([^\"]*)\".*/\1/p" <<<"$json"; }
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' "$(field AccessKeyId)" "$(field SecretAccessKey)" "$(field Token)"
}
aws() { # service, arguments of curl
  local config
  config=$(credentials) || return
  curl -sS --fail-with-body --retry 2 --connect-timeout 5 --speed-time 30 -K - --aws-sigv4 "aws:amz:$region:$1" "${@:2}" <<<"$config"
}
s3() { # file, bucket, key
  aws s3 -H 'x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' -o "$1" "https://$2.s3.$region.$suffix/$3" || {
    sed "s/<[^>]*>/ /g" "$1"
    return 1
  }
}

run() { # step, command
  step=$1 began=$EPOCHSECONDS
  echo "== $step after $SECONDS s"
  "${@:2}" 2>&1 | tee "$logs/$step"
}
# A command of the application that runs on is ended while somebody waits for the reason.
export deadline=$((EPOCHSECONDS + 240))
signal() { # status, unique id: the one text that its event shows
  aws cloudformation -o /dev/null --data-urlencode Action=SignalResource --data-urlencode Version=2010-05-15 \
    --data-urlencode 'StackName=ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss' --data-urlencode 'LogicalResourceId=SiteInstance000000000000000000000000' \
    --data-urlencode "Status=$1" --data-urlencode "UniqueId=${2:0:64}" "https://cloudformation.$region.$suffix/"
}
finish() {
  local status=$? reason
  if [ $status = 0 ]; then return; fi
  set +e
  # Where the runtime could not be fetched, all that is known is what curl and AWS have said.
  reason=$(why $status 2>/dev/null) || reason=$(tail -n 1 "$logs/$step" | sed "s/^ *//" | tr -cd "[:print:]")
  echo "== $step failed: $reason" | tee /dev/console
  signal FAILURE "$step: $reason"
  signal FAILURE "$(imds meta-data/instance-id)"
  exit $status
}
trap finish EXIT

fetch() {
  { declare -p region suffix; declare -f imds credentials aws; } >$lib/aws.sh
  s3 $downloads/runtime.zip 'cdk-hnb659fds-assets-111122223333-ap-northeast-1' 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.zip'
  rm -rf $lib/files
  mkdir -m 700 $lib/files
  python3 -I -m zipfile -e $downloads/runtime.zip $lib
  s3 $downloads/app.zip 'cdk-hnb659fds-assets-111122223333-ap-northeast-1' 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.zip'
}

configuration() {
  cd $lib/files
  mkdir -p etc/nginx
cat >etc/nginx/nginx.conf <<'EOF'
# Comments name values of nginx in the plan.
user nginx nginx;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log warn;
worker_processes 1; # workerProcesses
worker_rlimit_nofile 16384; # 2 x workerConnections
worker_shutdown_timeout 321s; # workerShutdownTimeout
events { worker_connections 8192; } # workerConnections
http {
  log_format main escape=json '{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr","request":"$request","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'
    '"upstream":"$upstream_addr","upstream_status":"$upstream_status","upstream_seconds":"$upstream_response_time","shed":"$full$upstream_http_x_shed","agent":"$http_user_agent","trace":"$http_x_amzn_trace_id"}';
  # Where max_conns is reached, the address is the name of the upstream.
  map $upstream_addr $full { default ""; app full; health full; }
  map $full $retry_after { default ""; full 1; }
  map $status $unhealthy { default 1; 200 0; }
  map $http_host $host_port { default ""; "~(?<given>:[0-9]+)$" $given; }
  map "$forwarded_proto$host_port" $forwarded_port { default 80; https 443; "~:(?<port>[0-9]+)$" $port; }
  map $http_x_forwarded_proto $proto { default http; https https; }
  map $http_x_forwarded_for $balancer { default ""; "" 1; }
  # A name that holds a hash never changes its content.
  map $uri $cache { default "public, max-age=300"; "~[.-][0-9a-f]{8,64}[.][a-z0-9.]+$" "public, max-age=31536000, immutable"; }
  include /etc/nginx/mime.types;
  include /etc/nginx/plumbline_types.conf; # what that one lacks
  default_type application/octet-stream;
  types_hash_max_size 4096;
  sendfile on;
  tcp_nopush on;
  server_tokens off;
  access_log /var/log/nginx/access.log main buffer=32k flush=1s;
  client_header_timeout 316s; # clientHeaderTimeout
  client_body_timeout 60s; # clientBodyTimeout
  send_timeout 311s; # sendTimeout
  keepalive_timeout 326s; # keepaliveTimeout
  keepalive_min_timeout 316s; # keepaliveMinTimeout, since nginx 1.27.4
  client_max_body_size 10m; # clientMaxBodySize
  client_body_temp_path /var/spool/nginx/uploads;
  large_client_header_buffers 4 16k; # what an ALB lets through
  set_real_ip_from ${Token[CidrBlock]};
  real_ip_header X-Forwarded-For;
  proxy_http_version 1.1;
  proxy_buffer_size 36k; # headers: the 32k that an ALB lets through, and a page
  proxy_buffers 7 16k;
  proxy_max_temp_file_size 16m; # proxyMaxTempFileSize
  proxy_temp_path /var/spool/nginx/responses;
  proxy_read_timeout 306s; # proxyReadTimeout
  proxy_send_timeout 306s; # proxySendTimeout
  proxy_ignore_client_abort off; # proxyIgnoreClientAbort
  proxy_hide_header X-Shed;
  proxy_set_header Host $forwarded_host;
  proxy_set_header Connection close;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Real-Port $remote_port; # where the load balancer says it
  proxy_set_header X-Forwarded-For $remote_addr; # what a client wrote before it is not handed on
  proxy_set_header X-Forwarded-Proto $forwarded_proto;
  proxy_set_header X-Forwarded-Host $forwarded_host;
  proxy_set_header X-Forwarded-Port $forwarded_port;
  proxy_set_header X-Request-Start "t=${msec}"; # the request guard measures the wait from here
  proxy_set_header X-Request-Id $request_id; # the id of the access log and of the journal; no client chooses it
  proxy_set_header X-Plumbline-Health $health;
  proxy_set_header X-Plumbline-Deadline "";
  proxy_set_header Proxy ""; # CVE-2016-5385
  proxy_set_header Cf-Connecting-Ip "";
  proxy_set_header Client-Ip "";
  proxy_set_header Fastly-Client-Ip "";
  proxy_set_header Forwarded "";
  proxy_set_header Forwarded-For "";
  proxy_set_header Front-End-Https "";
  proxy_set_header Remote-User "";
  proxy_set_header True-Client-Ip "";
  proxy_set_header X-Client-Ip "";
  proxy_set_header X-Cluster-Client-Ip "";
  proxy_set_header X-Forwarded "";
  proxy_set_header X-Forwarded-By "";
  proxy_set_header X-Forwarded-Client-Cert "";
  proxy_set_header X-Forwarded-Email "";
  proxy_set_header X-Forwarded-Method "";
  proxy_set_header X-Forwarded-Path "";
  proxy_set_header X-Forwarded-Prefix "";
  proxy_set_header X-Forwarded-Protocol "";
  proxy_set_header X-Forwarded-Scheme "";
  proxy_set_header X-Forwarded-Server "";
  proxy_set_header X-Forwarded-Ssl "";
  proxy_set_header X-Forwarded-Uri "";
  proxy_set_header X-Forwarded-User "";
  proxy_set_header X-Host "";
  proxy_set_header X-Http-Host-Override "";
  proxy_set_header X-Original-Host "";
  proxy_set_header X-Original-Uri "";
  proxy_set_header X-Original-Url "";
  proxy_set_header X-Queue-Start "";
  proxy_set_header X-Remote-Addr "";
  proxy_set_header X-Remote-User "";
  proxy_set_header X-Rewrite-Url "";
  proxy_set_header X-Scheme "";
  proxy_set_header X-Script-Name "";
  proxy_set_header X-Url-Scheme "";
  upstream app {
    server unix:/run/gunicorn/app.sock fail_timeout=0 max_conns=170; # maxConns: slots and queue
    keepalive 0; # upstreamKeepalive, since nginx 1.29.7
  }
  upstream health { server unix:/run/gunicorn/health.sock fail_timeout=0 max_conns=16; }
  server {
    listen 80 default_server;
    listen [::]:80 default_server;
    server_name _;
    error_page 500 @full; # no room for a body
    error_page 502 @refused;
    # What differs for a health check; all headers of requests to the application are set above, for every location.
    set $health "";
    set $forwarded_host $host$host_port;
    set $forwarded_proto $proto;
    location / { proxy_pass http://app; }
    location @app { proxy_pass http://app; }
    location @refused {
      add_header Retry-After $retry_after always;
      if ($full) { return 503; }
      return 502;
    }
    location @full {
      add_header Retry-After 1 always;
      return 503;
    }
    include /etc/nginx/plumbline_static.conf;
    # A health check of the load balancer goes to a socket of its own; anyone else who asks for its path asks the application.
    location = /health {
      if ($balancer) { rewrite ^ /.plumbline/health last; }
      proxy_pass http://app;
    }
    location = /.plumbline/health {
      internal;
      set $health 1;
      set $forwarded_host ${Token[DNSName...........................................................]};
      set $forwarded_proto https;
      access_log /var/log/nginx/access.log main buffer=32k flush=1s if=$unhealthy;
      proxy_pass http://health/health;
      proxy_read_timeout 2s; # healthReadTimeout
      error_page 502 @refused;
      error_page 504 = @busy;
    }
    # No slot was free for a moment: busy, unless the application serves nobody.
    location @busy {
      add_header X-Plumbline busy; # the bootstrap waits for the application
      default_type text/plain;
      if (-f /run/plumbline/serving) { return 200 "busy\n"; }
      return 503;
    }
  }
}
EOF
  mkdir -p etc/gunicorn
cat >etc/gunicorn/environment <<'EOF'
PLUMBLINE_ALLOWED_HOSTS='${Token[DNSName...........................................................]}'
EOF
  mkdir -p etc/gunicorn
cat >etc/gunicorn/secrets <<'EOF'
SECRET_KEY secretsmanager ${Token[SecretKey...............................................................................................................................................................................................................................................]}
EOF
  install_files
}

run fetch fetch
. $lib/plumbline_machine.sh
. $lib/plumbline_release.sh
. $lib/plumbline_service.sh
run system system
run packages packages
run tools tools
run dependencies dependencies
run configuration configuration
run secrets bash $lib/plumbline_secrets.sh write
run django django
run check check
run serve serve
step=signal
signal SUCCESS "$(imds meta-data/instance-id)"
echo "== served after $SECONDS s"
