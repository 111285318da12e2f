#!/bin/sh
# Runs as the first process of mount and PID namespaces of its own: lays the files of the folder $1 over the
# machine's, starts xrdp and xrdp-sesman, and ends, and with it every process in here, when its standard input ends.
set -eu
folder=$1

mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/stage /run/home /run/xrdp
mount --bind "$folder" /run/stage
mount --bind "$folder/home" /run/home # the folder is root's alone, the homes are not
for file in passwd group shadow pam.d/xrdp-sesman xrdp; do
    mount --bind "/run/stage/etc/$file" "/etc/$file"
done
mount -t tmpfs -o mode=1777 tmpfs /tmp # from here on the folder is reached by /run/stage only
cd /

xrdp-sesman -n </dev/null >/run/stage/sesman.out 2>&1 &
xrdp -n </dev/null >/run/stage/xrdp.out 2>&1 &
echo ready
exec 1>&- # nobody reads on
cat >/dev/null
