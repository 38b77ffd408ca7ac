#!/bin/sh
# Installs the Debian packages given as arguments that are missing; says what it would need where it can't.
# ?NAME is a peer for comparisons: installed where this Debian has it, done without where it has not or cannot.
set -eu
missing=""
peers=""
for word in "$@"; do
    package=${word#\?}
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] && continue
    if [ "$package" = "$word" ]; then missing="$missing $package"; else peers="$peers $package"; fi
done
[ -n "$missing$peers" ] || exit 0
command -v apt-get >/dev/null || { echo "This is no Debian. Install the equivalents of:$missing" >&2; exit 1; }
as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Run as root: apt-get install$missing$peers" >&2; exit 1; }
    as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
install() {  # a list of words
    echo "Installing Debian packages: $*"
    $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
# shellcheck disable=SC2086  # a list of words
[ -z "$missing" ] || install $missing
here=""
for package in $peers; do
    if apt-cache show "$package" >/dev/null 2>&1; then here="$here $package"; fi
done
# shellcheck disable=SC2086  # a list of words
[ -z "$here" ] || install $here && exit 0
for package in $here; do  # one that cannot be had must not cost the others
    install "$package" || echo "$package cannot be installed here; what wants it will say so."
done
