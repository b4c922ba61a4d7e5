#!/bin/sh
set -e
# An upgrade goes on with the new program; the data in /var/lib/doorward stays
# in any case.
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now doorward.service || true
	fi
	;;
esac
