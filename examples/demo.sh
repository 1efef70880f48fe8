#!/bin/sh
# Installs what cnngen needs (Debian and its relatives), builds it, and classifies real handwritten digits.
# As root or with sudo:  sh examples/demo.sh
set -eu
cd "$(dirname "$0")/.."

packages="gcc libc6-dev make pkg-config libyaml-dev"
installed=$(dpkg-query -W -f '${Package} ${Status}\n' $packages 2>/dev/null | grep -c 'install ok installed' || true)
if [ "$installed" -lt "$(echo $packages | wc -w)" ]; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -q
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
fi
make demo
