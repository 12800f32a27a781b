#!/usr/bin/env bash
# Puts in place what the tests need beyond npm: Debian packages. As root with apt-get it installs them; otherwise it says
# exactly what to install and fails.
set -euo pipefail
packages=(pocketsphinx pocketsphinx-en-us asterisk-core-sounds-en-wav baresip sip-tester kamailio postgresql redis-server)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  # The package starts a server at port 5060, which is the gateway's; the tests start their own.
  if [[ " ${missing[*]} " == *" kamailio "* ]] && [ -d /run/systemd/system ]; then
    systemctl disable --now --quiet kamailio
  fi
  exit 0
fi
echo "The tests need Debian packages that are not installed. Run as root:" >&2
echo "  apt-get update && apt-get install -y ${missing[*]}" >&2
if [[ " ${missing[*]} " == *" kamailio "* ]]; then
  echo "Kamailio's package starts a server at port 5060, the gateway's own: systemctl disable --now kamailio" >&2
fi
exit 1
