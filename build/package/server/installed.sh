#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart doorward.service
fi
cat <<'TOLD'
Doorward is installed. Write the settings into /etc/doorward.env, then:
  systemctl enable --now doorward
  journalctl -u doorward        shows the setup link for the first Admin
TOLD
