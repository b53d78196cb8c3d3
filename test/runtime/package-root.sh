#!/usr/bin/env bash
# A root file system of its own for the process and all that follow it by `nsenter --mount`: the machine's, and what is written goes
# to the folder $1, which is at /mnt in it. Stays there until it is killed.
set -euo pipefail
mount -t tmpfs tmpfs "$1"
mkdir "$1/written" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/written,workdir=$1/work" "$1/root"
for folder in proc sys dev run; do mount --rbind "/$folder" "$1/root/$folder"; done
mount --rbind "$1/written" "$1/root/mnt"
cd "$1/root"
pivot_root . media
umount -l /media
echo furnished
exec sleep infinity
