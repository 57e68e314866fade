#!/bin/bash
# Install the browser that the tests of the report open it in, where that is ours to do: Chromium, on Debian, as root.
set -euo pipefail
command -v chromium > /dev/null && command -v chromedriver > /dev/null && exit 0
if [ "$(id --user)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "the tests of the report need chromium and chromedriver; on Debian, as root: apt-get install chromium chromium-driver" >&2
    exit 1
fi
echo "[test] installing chromium and chromium-driver"
apt-get update --quiet=2 || echo "[test] the package lists could not be renewed; using those that are there" >&2
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends -o DPkg::Lock::Timeout=500 \
    chromium chromium-driver
