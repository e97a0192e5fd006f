#!/bin/sh
# Installs the Debian packages that tests against real peers use. Nothing is started: every test starts its own servers
# on free ports, in temporary folders.
set -eu

packages="
postfix postsrsd
opendkim opendkim-tools opendmarc rspamd
swaks neomutt mutt mblaze s-nail locales
nsd unbound
postgresql
chromium
libsasl2-modules sasl2-bin
openssl strace procps systemd
python3-venv
"
# The interpreter's own tests are a package for each version of it; Debian 12's where there is none yet.
python3=$(readlink -f /usr/bin/python3 || true)
case "${python3##*/}" in
python3.*) packages="$packages lib${python3##*/}-testsuite" ;;
*) packages="$packages libpython3.11-testsuite" ;;
esac
command -v npm >/dev/null 2>&1 || packages="$packages npm"

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "Every package that the tests against real peers use is here."
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "These packages are missing:$missing" >&2
    echo "Run this as root: apt-get install --no-install-recommends$missing" >&2
    exit 77
fi

export DEBIAN_FRONTEND=noninteractive
# A server that is installed must not start (invoke-rc.d asks this script, see its manual page).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
# PostgreSQL's package would make a cluster that nobody uses.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections

apt-get -qq update
# Word splitting is wanted: one argument for each package.
# shellcheck disable=SC2086
apt-get -qq install --yes --no-install-recommends -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 $missing
