#!/bin/bash
# The steps of the usual tutorials for Django behind nginx and gunicorn on Debian, as user data. The project has been
# copied to the home of the user that one logs in with.
set -eux
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get upgrade -y
apt-get install -y nginx python3-venv python3-pip

cp -r /home/admin/site /srv/site
cd /srv/site
python3 -m venv venv
venv/bin/pip install -r requirements.txt gunicorn gevent
sed -i "s/^ALLOWED_HOSTS = .*/ALLOWED_HOSTS = ['*']/" sample/settings.py
echo "STATIC_ROOT = BASE_DIR / 'static'" >>sample/settings.py
export SECRET_KEY=by-hand
venv/bin/python manage.py collectstatic --noinput
chown -R www-data:www-data /srv/site

cat >/etc/systemd/system/gunicorn.socket <<'END'
[Unit]
Description=gunicorn socket

[Socket]
ListenStream=/run/gunicorn.sock

[Install]
WantedBy=sockets.target
END

cat >/etc/systemd/system/gunicorn.service <<'END'
[Unit]
Description=gunicorn daemon
Requires=gunicorn.socket
After=network.target

[Service]
User=www-data
Group=www-data
Environment=SECRET_KEY=by-hand
WorkingDirectory=/srv/site
ExecStart=/srv/site/venv/bin/gunicorn --access-logfile - --workers 3 --bind unix:/run/gunicorn.sock sample.wsgi:application

[Install]
WantedBy=multi-user.target
END

systemctl daemon-reload
systemctl start gunicorn.socket
systemctl enable gunicorn.socket

cat >/etc/nginx/sites-available/site <<'END'
server {
    listen 80;
    server_name _;

    location = /favicon.ico { access_log off; log_not_found off; }
    location /static/ {
        root /srv/site;
    }

    location / {
        include proxy_params;
        proxy_pass http://unix:/run/gunicorn.sock;
    }
}
END

rm /etc/nginx/sites-enabled/default
ln -s /etc/nginx/sites-available/site /etc/nginx/sites-enabled
nginx -t
systemctl restart nginx
systemctl restart gunicorn
curl --fail --silent --show-error --output /dev/null http://localhost/
