#!/usr/bin/env bash
# The labels of deepgrn-labels, made with bedtools (2.30 or newer), awk and coreutils alone.
# usage: labels_bedtools.sh SIZES BLACKLIST OUTPUT.tsv.gz CELL CONSERVATIVE RELAXED [CELL CONSERVATIVE RELAXED ...]
# SIZES lists the chromosomes to label, in C-locale order.
set -euo pipefail
export LC_ALL=C
sizes=$1 blacklist=$2 output=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sorted_intervals() { gzip -cdf "$1" | cut -f1-3 | sort -k1,1 -k2,2n; }
# Numbers of peaks per bin; further options tell which peaks count.
count_peaks() { bedtools intersect -sorted -c "${@:2}" -a "$work/bins" -b <(sorted_intervals "$1" | bedtools merge) | cut -f4; }

bedtools makewindows -g "$sizes" -w 200 -s 50 | awk '$3 - $2 == 200' |
  bedtools intersect -sorted -v -a - -b <(sorted_intervals "$blacklist") > "$work/bins"
header=$'chr\tstart\tstop'
columns=()
while (($#)); do
  header+=$'\t'$1
  columns+=("$work/$1.letters")
  paste <(count_peaks "$2" -f 0.5 -F 0.5 -e) <(count_peaks "$3") |
    awk '{ print ($1 == 1 && $2 == 1) ? "B" : ($1 == 0 && $2 == 0) ? "U" : "A" }' > "$work/$1.letters"
  shift 3
done
{ echo "$header"; paste "$work/bins" "${columns[@]}"; } | gzip -4 > "$output"
