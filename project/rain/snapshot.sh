#!/bin/sh
# Makes weatherAUS.csv.zst, the snapshot that the binary carries, from the CSV
# of the data set:
#
#	./snapshot.sh path/to/weatherAUS.csv
#
# One thread and level 22 of one version give the same bytes each time; the
# committed file is zstd 1.5's. A CSV with another sha256 than rain.yaml names
# is refused. (The pure Go encoder at its best level makes 3.6 MB of it, this
# one 3.2.)
set -eu
cd "$(dirname "$0")"
csv=${1:?usage: snapshot.sh weatherAUS.csv}
want=$(sed -n 's/^ *sha256: *//p' rain.yaml)
have=$(sha256sum "$csv" | cut -d ' ' -f 1)
if [ "$have" != "$want" ]; then
	echo "snapshot.sh: $csv has the sha256 $have; rain.yaml wants $want" >&2
	exit 1
fi
zstd --ultra -22 --single-thread --check -f -q "$csv" -o weatherAUS.csv.zst.tmp
mv weatherAUS.csv.zst.tmp weatherAUS.csv.zst
