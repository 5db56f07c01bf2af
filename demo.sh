#!/usr/bin/env bash
# Predict binding in the bundled genome: features, then scores. `make demo` runs this in its own environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p demo

echo "1. Collect everything known about the genome and its three cell types"
deepgrn-features --genome test-data/genome.fa.gz --assembly demo \
    --uniqueness test-data/uniqueness.bw \
    --accessibility alpha=test-data/alpha.bam --effective-genome-size 1080000 \
    --accessibility beta=test-data/beta.accessibility.bw \
    --accessibility gamma=test-data/gamma.accessibility.bw \
    --gtf test-data/genes.gtf --cpg-islands test-data/cpg_islands.bed \
    --expression test-data/expression.tsv --blacklist test-data/blacklist.bed \
    -o demo/features.h5

echo
echo "2. Score the genome for cell type gamma"
deepgrn-predict demo/features.h5 test-data/model.h5 --cell gamma \
    -o demo/scores.bw -o demo/scores.bedGraph.gz -o demo/called.bed --summary demo/summary.tsv

cat <<END

Done in $SECONDS s. In $PWD/demo:
  features.h5         all inputs in one file; look inside: deepgrn-info demo/features.h5
  scores.bw           the score track; open it in IGV (File > Load from File, with test-data/genome.fa.gz as the
                      genome), or put it on a web server and add its address as a UCSC custom track
  scores.bedGraph.gz  the same as text, with its index (.tbi): zless demo/scores.bedGraph.gz
  called.bed          the report of regions scoring at least 0.5, best score and summit in columns 7 and 8
  summary.tsv         the report of counts per chromosome: column -t demo/summary.tsv
END
