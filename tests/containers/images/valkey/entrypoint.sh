#!/bin/sh
set -eu
if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
    chown -R valkey /data
    exec setpriv --reuid=valkey --regid=valkey --clear-groups "$@"
fi
exec "$@"
