#!/bin/sh
# Makes the data by POSTGRES_PASSWORD and POSTGRES_DB the first time; other commands run as they are.
set -eu
[ "$1" = postgres ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
    chown -R postgres /var/lib/postgresql
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" > /tmp/password
    initdb --pgdata="$PGDATA" --username=postgres --auth=scram-sha-256 --pwfile=/tmp/password \
        --locale=C --encoding=UTF8
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl start --wait --silent -o "-c listen_addresses='' -c unix_socket_directories=/tmp"
    PGPASSWORD="$POSTGRES_PASSWORD" createdb --host=/tmp --username=postgres "$POSTGRES_DB"
    pg_ctl stop --wait --silent
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/tmp
